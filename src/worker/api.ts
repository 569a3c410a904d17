import type { CallHooks, Engine } from '../core/engine.js'
import { abortError, DisposedError, toWire } from '../errors.js'
import type { Reply, WorkerApi, WorkerEvent } from '../protocol.js'
import { openWebEngine } from './engine.js'

/** The worker's side of the protocol: one engine, calls that can be cancelled by id, events over the port. */
export function createWorkerApi(): WorkerApi {
  let engine: Engine | undefined
  let post: (event: WorkerEvent) => void = () => undefined
  const calls = new Map<number, AbortController>()

  /** Run a cancellable call; errors go back as data. */
  async function answer<T>(id: number, work: (signal: AbortSignal) => Promise<T>): Promise<Reply<T>> {
    const controller = new AbortController()
    calls.set(id, controller)
    try {
      return { ok: true, value: await work(controller.signal) }
    } catch (error) {
      return { ok: false, error: toWire(error) }
    } finally {
      calls.delete(id)
    }
  }

  function opened(): Engine {
    if (!engine) throw new DisposedError()
    return engine
  }

  function hooks(id: number, signal: AbortSignal, wants: { progress: boolean }): CallHooks {
    return { signal, onProgress: wants.progress ? (progress) => post({ type: 'progress', id, progress }) : undefined }
  }

  return {
    connect: (lockName, events) => {
      post = (event) => events.postMessage(event)
      return holdForever(lockName)
    },
    open: (id, options) =>
      answer(id, async (signal) => {
        engine = await openWebEngine(options, {
          signal,
          onProgress: (event) => post({ type: 'load', event }),
          onInfo: (info) => post({ type: 'info', info }),
        })
        return engine.info
      }),
    rerank: (id, { wants, ...request }) =>
      answer(id, (signal) =>
        opened().rerank({
          ...request,
          ...hooks(id, signal, wants),
          onUpdate: wants.updates ? (ranking, progress) => post({ type: 'update', id, ranking, progress }) : undefined,
        }),
      ),
    computeScore: (id, { wants, ...request }) => answer(id, (signal) => opened().computeScore({ ...request, ...hooks(id, signal, wants) })),
    cancel: async (id) => calls.get(id)?.abort(abortError()),
    dispose: (id) =>
      answer(id, async () => {
        await engine?.dispose()
        return null
      }),
  }
}

/**
 * Hold a lock for as long as this worker lives; nothing else tells a page that its worker was killed. Settles once it
 * is held.
 */
function holdForever(lockName: string): Promise<void> {
  return new Promise((resolve) => {
    const { locks } = navigator
    if (!locks) resolve()
    else {
      locks.request(lockName, () => {
        resolve()
        return new Promise(() => undefined)
      })
    }
  })
}
