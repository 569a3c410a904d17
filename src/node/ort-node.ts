import { Worker } from 'node:worker_threads'
import { batchEnd } from '../core/batching.js'
import type { BatchPolicy, EncodedInput } from '../core/session.js'
import { fromWire } from '../errors.js'
import type { ModelFile } from '../model/download/file-reader.js'
import type { Weights } from '../model/load-model.js'
import { createFailure, inMemory, onnxPolicy } from '../runtime/onnx.js'
import { CandidateError, type OpenedSession, type OpenRequest } from '../runtime/open-session.js'
import type { ThreadReply, ThreadRequest, ThreadState } from './ort-thread.js'

/** Most sessions of one model: each has a copy of its weights. */
const MAX_SESSIONS = 4
/** Bytes of weights that all sessions of a model may have together. */
const MAX_SESSIONS_BYTES = 128 * 2 ** 20

/** Inputs, and tokens in all, that a thread gets in one batch: enough to keep it at work, few enough for an abort to be heard. */
const THREAD_INPUTS = 8
const THREAD_TOKENS = 512

/**
 * Open a model with ONNX Runtime's native CPU provider, in worker threads. onnxruntime-node computes on the thread that calls
 * it, so the caller's would stand still; and a short text's matrices are too small for several threads to share: a thread for
 * each of several texts is about twice as fast on two cores.
 *
 * @throws CandidateError (`unavailable`) where onnxruntime-node is not installed or has no binary for this machine
 */
export async function openOrtNode<Output>(
  { device, dtype, tokens, output, weights }: OpenRequest<Output>,
  threads: number,
): Promise<OpenedSession<Output>> {
  const opened = [await OrtThread.start()]
  try {
    const { file, model, externalData } = await weights()
    const sessions = Math.max(1, Math.min(threads, MAX_SESSIONS, Math.floor(MAX_SESSIONS_BYTES / sizeOf(model, externalData))))
    const intraOpNumThreads = Math.floor(threads / sessions)
    const open: ThreadRequest = {
      type: 'open',
      model: model.path ?? (await model.bytes()),
      externalData: model.path ? [] : await inMemory(externalData),
      intraOpNumThreads,
      tokens: { padTokenId: tokens.padTokenId, answers: tokens.answers },
      output: output.format,
    }
    opened.push(...(await Promise.all(Array.from({ length: sessions - 1 }, () => OrtThread.start()))))
    await Promise.all(opened.map((thread) => thread.ask(open))).catch((cause: unknown) => {
      throw createFailure(cause, file)
    })
    return {
      runtime: 'ort-node',
      threads: sessions * intraOpNumThreads,
      policy: { maxInputs: THREAD_INPUTS * sessions, maxTokens: THREAD_TOKENS * sessions, padding: 'apart', elsewhere: true },
      run: (inputs) => runInThreads<Output>(opened, inputs, onnxPolicy(device, dtype, tokens)),
      release: () => closeAll(opened),
    }
  } catch (error) {
    await closeAll(opened)
    throw error
  }
}

/** Each thread takes the next run as soon as it is done with one. */
async function runInThreads<Output>(
  threads: readonly OrtThread[],
  inputs: readonly EncodedInput[],
  policy: BatchPolicy,
): Promise<Output[]> {
  const outputs = new Array<Output>(inputs.length)
  let next = 0
  const work = async (thread: OrtThread) => {
    while (next < inputs.length) {
      const start = next
      next = batchEnd(inputs, start, policy)
      const some = (await thread.ask({ type: 'run', inputs: inputs.slice(start, next) })) as Output[]
      some.forEach((output, i) => {
        outputs[start + i] = output
      })
    }
  }
  const stop = (error: unknown): never => {
    next = inputs.length
    throw error
  }
  await Promise.all(threads.map((thread) => work(thread).catch(stop)))
  return outputs
}

function sizeOf(model: ModelFile, externalData: Weights['externalData']): number {
  return externalData.reduce((sum, { data }) => sum + data.size, model.size)
}

async function closeAll(threads: readonly OrtThread[]): Promise<void> {
  await Promise.all(threads.map((thread) => thread.close()))
}

/** A worker thread from this side: requests are answered in their order. While none is open it keeps no process alive. */
class OrtThread {
  readonly #worker: Worker
  readonly #state: ThreadState
  readonly #waiting: { resolve: (outputs: unknown[] | undefined) => void; reject: (error: unknown) => void }[] = []
  #failure: CandidateError | undefined

  private constructor() {
    this.#state = { busy: new Int32Array(new SharedArrayBuffer(4)), ending: new Int32Array(new SharedArrayBuffer(4)) }
    // Options of the process's own (`--input-type`) are not for this script.
    this.#worker = new Worker(new URL('./ort-thread.js', import.meta.url), { workerData: this.#state, execArgv: [] })
    this.#worker.on('message', (reply: ThreadReply) => this.#settle(reply))
    this.#worker.on('error', (error) => this.#fail(error.message))
    this.#worker.on('exit', () => this.#fail('it has ended'))
    endInPeace(this.#state, this.#worker)
  }

  /** @throws CandidateError (`unavailable`) where onnxruntime-node cannot be loaded */
  static async start(): Promise<OrtThread> {
    const thread = new OrtThread()
    try {
      await thread.#reply()
      return thread
    } catch (cause) {
      const { message } = cause as Error
      const why = message.includes('Cannot find package') ? 'is not installed' : `could not be loaded (${message})`
      const advice =
        'npm install onnxruntime-node (--ignore-scripts where its install script reaches no network); it is faster than WASM, which does the work without it'
      throw new CandidateError('unavailable', `onnxruntime-node ${why}: ${advice}`, { cause, everyDtype: true })
    }
  }

  /** @throws Error as it was thrown in the thread; CandidateError where the thread is gone */
  ask(request: ThreadRequest): Promise<unknown[] | undefined> {
    if (this.#failure) return Promise.reject(this.#failure)
    this.#worker.postMessage(request)
    return this.#reply()
  }

  /** Never `terminate`: native code that came back after that would crash the process. */
  async close(): Promise<void> {
    await this.ask({ type: 'close' }).catch(() => undefined)
  }

  #reply(): Promise<unknown[] | undefined> {
    this.#worker.ref()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #settle(reply: ThreadReply): void {
    const next = this.#waiting.shift()
    if (this.#waiting.length === 0) this.#worker.unref()
    if (reply.ok) next?.resolve(reply.outputs)
    else next?.reject(fromWire(reply.error))
  }

  #fail(why: string): void {
    this.#failure ??= new CandidateError('session-failed', `a thread of onnxruntime-node failed: ${why}`)
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }
}

/** Milliseconds that the end of the process waits for native code. */
const END_MS = 5000

const states = new Set<ThreadState>()

/** Let the end of the process wait until no native code runs in a thread: it would come back to a thread that is gone, and crash. */
function endInPeace(state: ThreadState, worker: Worker): void {
  if (states.size === 0) process.on('exit', waitForThreads)
  states.add(state)
  worker.once('exit', () => {
    states.delete(state)
    if (states.size === 0) process.off('exit', waitForThreads)
  })
}

function waitForThreads(): void {
  for (const { ending } of states) Atomics.store(ending, 0, 1)
  for (const { busy } of states) Atomics.wait(busy, 0, 1, END_MS)
}
