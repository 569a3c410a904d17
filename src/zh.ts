import config from '../public/models/page-rerank-small-zh/config.json' with { type: 'json' }
import manifest from '../public/models/page-rerank-small-zh/page-rerank.json' with { type: 'json' }
import tokenizerConfig from '../public/models/page-rerank-small-zh/tokenizer_config.json' with { type: 'json' }
import type { ModelFiles } from './types.js'

/**
 * The Chinese model, `page-rerank-small-zh`. It has an entry of its own, so that sites that do not import it carry none of its
 * files: each literal `new URL(…, import.meta.url)` makes a bundler copy one. The small files are compiled in.
 *
 * @example
 * import { createReranker } from 'page-rerank'
 * import { smallZh } from 'page-rerank/zh'
 * const reranker = await createReranker({ model: smallZh })
 */
export const smallZh: ModelFiles = {
  'config.json': bytesOf(config),
  'page-rerank.json': bytesOf(manifest),
  'tokenizer_config.json': bytesOf(tokenizerConfig),
  'tokenizer.json': new URL('../public/models/page-rerank-small-zh/tokenizer.json', import.meta.url),
  'rarity.bin': new URL('../public/models/page-rerank-small-zh/rarity.bin', import.meta.url),
  'onnx/model_quantized.onnx': new URL('../public/models/page-rerank-small-zh/onnx/model_quantized.onnx', import.meta.url),
}

/** The file as it was: the manifest has its hash. */
function bytesOf(json: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`)
}

export type { ModelFiles }
