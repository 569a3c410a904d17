import { whole } from './assets.js'

const FILES = {
  'tokenizer.json': () => new URL('../models/page-rerank-small-en/tokenizer.json', import.meta.url),
  'rarity.bin': () => new URL('../models/page-rerank-small-en/rarity.bin', import.meta.url),
  'onnx/model_quantized.onnx': () => new URL('../models/page-rerank-small-en/onnx/model_quantized.onnx', import.meta.url),
}

/** The bundled model without the weights for WebGPU. */
export const model = (): Record<string, string> => addresses(FILES)

export function addresses(files: Record<string, () => URL>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([file, address]) => [file, whole(address).href]))
}
