import config from '../../public/models/page-rerank-small-en/config.json' with { type: 'json' }
import manifest from '../../public/models/page-rerank-small-en/page-rerank.json' with { type: 'json' }
import tokenizerConfig from '../../public/models/page-rerank-small-en/tokenizer_config.json' with { type: 'json' }

/**
 * Small files of the bundled model, compiled in: three requests less, and hashes that always belong to this version of
 * the library, whatever an old cache holds.
 */
export const bundledFiles: Record<string, unknown> = {
  'config.json': config,
  'page-rerank.json': manifest,
  'tokenizer_config.json': tokenizerConfig,
}
