/**
 * ONNX Runtime as far as the library uses it, without a model: the address of a folder with this in it is what `wasmPaths` takes.
 * A logit says which session gave it and, apart from that, depends on its pair alone; a session can be lost, fail, answer
 * nonsense or hang.
 *
 * Served under the names of ONNX Runtime's own scripts, into the worker that `worker.ts` prepares.
 */
import type { Faults } from './worker.js'

declare const chaos: Faults

/** What the parts of a logit are worth; small enough that a float holds both. */
export const SESSION = 1000

type Data = BigInt64Array | Float32Array

export class Tensor {
  constructor(
    readonly type: string,
    readonly data: Data,
    readonly dims: number[],
  ) {}
  get size(): number {
    return this.data.length
  }
}

let loss = Promise.withResolvers<{ reason: string; message: string }>()

export const env = { wasm: {}, webgpu: { device: Promise.resolve({ lost: loss.promise }) } }

class Session {
  readonly inputMetadata = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({ name, isTensor: true, type: 'int64' }))
  readonly outputNames = ['logits']
  readonly #number = chaos.nextSession()
  readonly #device: string
  #isReleased = false
  #isRunning = false

  constructor(device: string) {
    this.#device = device
  }

  async run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
    if (this.#isReleased) throw new Error('a run on a session that was released')
    if (this.#isRunning) throw new Error('two runs at a time')
    this.#isRunning = true
    try {
      const fault = chaos.nextFault()
      if (fault === 'lose' && this.#device === 'webgpu') {
        loss.resolve({ reason: 'unknown', message: 'chaos' })
        return await new Promise(() => undefined)
      }
      if (fault === 'hang') return await new Promise(() => undefined)
      if (fault === 'fail') throw new Error('chaos: the run failed')
      await new Promise((resolve) => setTimeout(resolve, chaos.runMs))
      const { data, dims } = feeds.input_ids as Tensor
      const mask = feeds.attention_mask as Tensor
      const [rows, length] = dims as [number, number]
      const logits = Float32Array.from({ length: rows }, (_, row) => {
        if (fault === 'nonsense') return Number.NaN
        let hash = 7
        for (let at = row * length; at < (row + 1) * length; at++) if (mask.data[at] === 1n) hash = (hash * 31 + Number(data[at])) % 9973
        return this.#number * SESSION + (hash % SESSION)
      })
      return { logits: new Tensor('float32', logits, [rows, 1]) }
    } finally {
      this.#isRunning = false
    }
  }

  async release(): Promise<void> {
    this.#isReleased = true
  }
}

export const InferenceSession = {
  async create(_: unknown, { executionProviders: [device] }: { executionProviders: [string] }): Promise<Session> {
    loss = Promise.withResolvers()
    env.webgpu.device = Promise.resolve({ lost: loss.promise })
    return new Session(device)
  },
}
