import { expose } from 'comlink'
import type { LocalEngine, Scores } from '../core/engine.js'
import { abortError, DisposedError, toWire } from '../errors.js'
import type { EngineOptions, EventMessage, Reply, WorkerApi, WorkerEvent } from '../protocol.js'
import type { LocalRerankerInfo, ProgressEvent, ScoreProgress } from '../types.js'
import { HeldLocks } from './held-locks.js'
import { ReceivedTexts } from './received-texts.js'

/** Opens the model of one reranker. */
export type OpenEngine = (
  options: EngineOptions,
  hooks: { signal: AbortSignal; onProgress: (event: ProgressEvent) => void; onInfo: (info: LocalRerankerInfo) => void },
) => Promise<LocalEngine>

/** Answer a page's calls for one reranker over a port of its own. */
export function serveReranker(port: MessagePort, openEngine: OpenEngine): void {
  const post = (event: WorkerEvent) => port.postMessage({ event } satisfies EventMessage)
  expose(createWorkerApi(post, openEngine), port)
}

/** The worker's side of the protocol: one engine, and calls that can be cancelled by id. */
export function createWorkerApi(post: (event: WorkerEvent) => void, openEngine: OpenEngine): WorkerApi {
  let engine: LocalEngine | undefined
  const disposal = new AbortController()
  const calls = new Map<number, AbortController>()
  /** Calls that were cancelled before they came. */
  const cancelled = new Set<number>()
  let lastId = -1
  const locks = new HeldLocks()
  const received = new ReceivedTexts()

  /** Run a cancellable call; errors go back as data. */
  async function answer<T>(id: number, work: (engine: LocalEngine, signal: AbortSignal) => Promise<T>): Promise<Reply<T>> {
    lastId = id
    const controller = new AbortController()
    if (cancelled.delete(id)) controller.abort(abortError())
    calls.set(id, controller)
    try {
      if (!engine) throw new DisposedError()
      controller.signal.throwIfAborted()
      return { ok: true, value: await work(engine, controller.signal) }
    } catch (error) {
      return { ok: false, error: toWire(error) }
    } finally {
      calls.delete(id)
    }
  }

  return {
    async open(options) {
      const { signal } = disposal
      try {
        const opened = await openEngine(options, {
          signal,
          onProgress: (event) => post({ type: 'load', event }),
          onInfo: (info) => post({ type: 'info', info }),
        })
        if (signal.aborted) {
          await opened.dispose()
          signal.throwIfAborted()
        }
        engine = opened
        return { ok: true, value: engine.info }
      } catch (error) {
        return { ok: false, error: toWire(error) }
      }
    },
    rerank(id, { reports, texts: references, ...request }) {
      // At once, also for a call that was cancelled: the page counts on it.
      const texts = received.resolve(references)
      const onScored = reports ? (scores: Scores) => post({ type: 'scored', id, scores }) : undefined
      return answer(id, (engine, signal) => engine.rerank({ ...request, texts, signal, onScored }))
    },
    computeScore: (id, { reports, ...request }) =>
      answer(id, (engine, signal) =>
        engine.computeScore({
          ...request,
          signal,
          onProgress: reports ? (progress) => post({ type: 'progress', id, progress }) : undefined,
        }),
      ),
    prepare(id, { reports, texts: references, ...request }) {
      const texts = received.resolve(references)
      const onProgress = reports ? (progress: ScoreProgress) => post({ type: 'progress', id, progress }) : undefined
      return answer(id, (engine, signal) => engine.prepare({ ...request, texts, signal, onProgress }))
    },
    prepareIndex(id, { reports, ...request }) {
      const onProgress = reports ? (progress: ScoreProgress) => post({ type: 'progress', id, progress }) : undefined
      return answer(id, (engine, signal) => engine.prepareIndex({ ...request, signal, onProgress }))
    },
    async cancel(id) {
      if (id > lastId) cancelled.add(id)
      else calls.get(id)?.abort(abortError())
    },
    async dispose() {
      disposal.abort(abortError())
      for (const call of calls.values()) call.abort(abortError())
      locks.releaseAll()
      const disposed = engine
      engine = undefined
      await disposed?.dispose()
    },
    holdLock: (name) => locks.hold(name),
    releaseLock: async (name) => locks.release(name),
    ping: async () => undefined,
  }
}
