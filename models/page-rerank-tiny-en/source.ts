import { bytesOf } from '../bytes-of.js'
import config from './config.json' with { type: 'json' }
import manifest from './page-rerank.json' with { type: 'json' }
import tokenizerConfig from './tokenizer_config.json' with { type: 'json' }

export const tinyEn: Record<string, URL | Uint8Array<ArrayBuffer>> = {
  'config.json': bytesOf(config),
  'page-rerank.json': bytesOf(manifest),
  'tokenizer_config.json': bytesOf(tokenizerConfig),
  'tokenizer.json': new URL('./tokenizer.json', import.meta.url),
  'rarity.bin': new URL('./rarity.bin', import.meta.url),
  'onnx/model_q4.onnx': new URL('./onnx/model_q4.onnx', import.meta.url),
}
