/**
 * A thread that runs a model by onnxruntime-node. It answers once when it has loaded that package, then each request in turn.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { InferenceSession } from 'onnxruntime-common'
import type { EncodedInput } from '../core/session.js'
import { toWire, type WireError } from '../errors.js'
import { type OutputFormat, type OutputReader, readerOf, runOnnx } from '../runtime/onnx.js'
import type { RunTokens } from '../runtime/open-session.js'
import { addsBytesExactly, type OrtNode } from './exact-products.js'

export type ThreadRequest =
  | {
      type: 'open'
      /** The graph: its path, by which ONNX Runtime reads it and what lies beside it itself, or its bytes. */
      model: string | Uint8Array
      externalData: { path: string; data: Uint8Array }[]
      intraOpNumThreads: number
      tokens: RunTokens
      output: OutputFormat
    }
  | { type: 'run'; inputs: readonly EncodedInput[] }
  | { type: 'close' }

export type ThreadReply = { ok: true; outputs?: unknown[] } | { ok: false; error: WireError }

/** What the two threads share: 1 while native code runs here, and 1 from when the process ends. */
export interface ThreadState {
  busy: Int32Array
  ending: Int32Array
}

if (!parentPort) throw new Error('This file is the script of a worker thread.')
const port = parentPort
const { busy, ending } = workerData as ThreadState

/** What ONNX Runtime 1.30 fuses to operators whose CPU kernels are slow: without them a BERT takes a seventh less time. */
const UNFUSED = { optimization: { disable_specified_optimizers: 'SkipLayerNormFusion;BiasGeluFusion' } }

/** Weights of signed bytes become unsigned ones, whose products are exact: on processors that need it a run takes a sixth more time. */
const EXACT = { session: { x64quantprecision: '1' } }

let ort: OrtNode
let session: InferenceSession | undefined
let tokens: RunTokens
let output: OutputReader<unknown>

let last = reply(async () => {
  const module = (await import('onnxruntime-node')) as unknown as OrtNode & { default?: OrtNode }
  ort = module.default ?? module
  return undefined
})
port.on('message', (request: ThreadRequest) => {
  last = last.then(() => reply(() => handle(request)))
})

async function handle(request: ThreadRequest): Promise<unknown[] | undefined> {
  switch (request.type) {
    case 'open': {
      const { model, externalData, intraOpNumThreads } = request
      const options: InferenceSession.SessionOptions = {
        executionProviders: ['cpu'],
        intraOpNumThreads,
        logSeverityLevel: 3,
        extra: (await addsBytesExactly(ort)) ? UNFUSED : { ...UNFUSED, ...EXACT },
      }
      tokens = request.tokens
      output = readerOf(request.output)
      session = await ort.InferenceSession.create(model, typeof model === 'string' ? options : { ...options, externalData })
      return undefined
    }
    case 'run':
      return runOnnx(session as InferenceSession, ort.Tensor, request.inputs, tokens, output)
    case 'close':
      await session?.release()
      port.close()
      return undefined
  }
}

async function reply(work: () => Promise<unknown[] | undefined>): Promise<void> {
  Atomics.store(busy, 0, 1)
  // The process ends, and with it this thread: native code that came back after that would crash it.
  if (Atomics.load(ending, 0) === 1) return idle()
  let outcome: ThreadReply
  try {
    outcome = { ok: true, outputs: await work() }
  } catch (error) {
    outcome = { ok: false, error: toWire(error) }
  }
  idle()
  port.postMessage(outcome)
}

function idle(): void {
  Atomics.store(busy, 0, 0)
  Atomics.notify(busy, 0)
}
