import config from '../../../models/page-rerank-small-en/config.json' with { type: 'json' }
import manifest from '../../../models/page-rerank-small-en/page-rerank.json' with { type: 'json' }
import tokenizerConfig from '../../../models/page-rerank-small-en/tokenizer_config.json' with { type: 'json' }

/**
 * Small files of the bundled model, compiled in: three requests less, and hashes that always belong to this version of
 * the library, whatever an old cache holds.
 */
export const bundledFiles: Record<string, unknown> = {
  'config.json': config,
  'page-rerank.json': manifest,
  'tokenizer_config.json': tokenizerConfig,
}
