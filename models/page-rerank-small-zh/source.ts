import { bytesOf } from '../bytes-of.js'
import config from './config.json' with { type: 'json' }
import manifest from './page-rerank.json' with { type: 'json' }
import tokenizerConfig from './tokenizer_config.json' with { type: 'json' }

export const smallZh: Record<string, URL | Uint8Array<ArrayBuffer>> = {
  'config.json': bytesOf(config),
  'page-rerank.json': bytesOf(manifest),
  'tokenizer_config.json': bytesOf(tokenizerConfig),
  'tokenizer.json': new URL('./tokenizer.json', import.meta.url),
  'rarity.bin': new URL('./rarity.bin', import.meta.url),
  'onnx/model_quantized.onnx': new URL('./onnx/model_quantized.onnx', import.meta.url),
}
