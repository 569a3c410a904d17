import { addresses } from './model.js'

/** The bundled model's weights for WebGPU. */
export const webgpuModel = (): Record<string, string> =>
  addresses({ 'onnx/model_q4.onnx': () => new URL('../models/page-rerank-small-en/onnx/model_q4.onnx', import.meta.url) })
