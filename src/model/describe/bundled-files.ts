import smallConfig from '../../../public/models/page-rerank-small-en/config.json' with { type: 'json' }
import smallManifest from '../../../public/models/page-rerank-small-en/page-rerank.json' with { type: 'json' }
import smallTokenizerConfig from '../../../public/models/page-rerank-small-en/tokenizer_config.json' with { type: 'json' }
import tinyConfig from '../../../public/models/page-rerank-tiny-en/config.json' with { type: 'json' }
import tinyManifest from '../../../public/models/page-rerank-tiny-en/page-rerank.json' with { type: 'json' }
import tinyTokenizerConfig from '../../../public/models/page-rerank-tiny-en/tokenizer_config.json' with { type: 'json' }
import type { BundledModel } from '../location.js'

/**
 * Small files of the bundled models, compiled in: three requests less, and hashes that always belong to this version of
 * the library, whatever an old cache holds.
 */
export const bundledFiles: Record<BundledModel, Record<string, unknown>> = {
  'page-rerank-small-en': {
    'config.json': smallConfig,
    'page-rerank.json': smallManifest,
    'tokenizer_config.json': smallTokenizerConfig,
  },
  'page-rerank-tiny-en': {
    'config.json': tinyConfig,
    'page-rerank.json': tinyManifest,
    'tokenizer_config.json': tinyTokenizerConfig,
  },
}
