// @ts-check
// ONNX Runtime as far as the library uses it, for a late-interaction encoder: token embeddings that look random and depend on the
// token alone. Served under the names of ONNX Runtime's own scripts, so that a corpus of any size is read in no time.
const DIMENSIONS = 384

export class Tensor {
  /**
   * @param {string} type
   * @param {any} data
   * @param {number[]} dims
   */
  constructor(type, data, dims) {
    this.type = type
    this.data = data
    this.dims = dims
  }
  get size() {
    return this.data.length
  }
}

export const env = { wasm: {}, webgpu: {} }

class Session {
  inputMetadata = ['input_ids', 'attention_mask'].map((name) => ({ name, isTensor: true, type: 'int32' }))
  inputNames = ['input_ids', 'attention_mask']
  outputNames = ['token_embeddings']

  /** @param {Record<string, Tensor>} feeds */
  async run({ input_ids }) {
    const { data, dims } = /** @type {Tensor} */ (input_ids)
    const embeddings = new Float32Array(data.length * DIMENSIONS)
    for (let token = 0; token < data.length; token++) {
      let state = (Number(data[token]) * 2654435761) >>> 0
      for (let i = 0; i < DIMENSIONS; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        embeddings[token * DIMENSIONS + i] = state / 2 ** 32 - 0.5
      }
    }
    return { token_embeddings: new Tensor('float32', embeddings, [...dims, DIMENSIONS]) }
  }

  async release() {}
}

export const InferenceSession = { create: async () => new Session() }
