import type { Engine, RerankRequest, ScoreRequest } from '../core/engine.js'
import type { Ranking } from '../core/ordering.js'
import { DisposedError, fromWire, WorkerError } from '../errors.js'
import type { EngineOptions, PlainRequest, Reply, WorkerApi, WorkerEvent } from '../protocol.js'
import type { Fallback, ProgressEvent, RerankerInfo } from '../types.js'
import { Connection } from './connection.js'

export interface ClientOptions {
  engine: EngineOptions
  makeWorker: () => Worker
  /** False for a `Worker` that was handed in: it cannot be made again. */
  restartable: boolean
  /** The engine in this thread, for when no worker can be had. */
  openHere: (hooks: {
    onProgress?: (event: ProgressEvent) => void
    onInfo: (info: RerankerInfo) => void
    signal?: AbortSignal
  }) => Promise<Engine>
  onProgress?: (event: ProgressEvent) => void
  signal?: AbortSignal
}

type Listener = Pick<RerankRequest, 'onProgress' | 'onUpdate'>

/**
 * An engine that lives in a worker. When the worker dies it is started once more and the calls in flight are sent
 * again; when none can be had the engine runs in this thread. Both are told in `info.fallbacks`.
 */
export class RerankerClient implements Engine {
  readonly #options: ClientOptions
  readonly #listeners = new Map<number, Listener>()
  readonly #fallbacks: Fallback[] = []
  readonly #disposal = new AbortController()
  /** What answers calls now. Replaced as a whole when the worker dies. */
  #backend!: Promise<Backend>
  #info!: RerankerInfo
  #nextId = 0
  #restarts = 0

  private constructor(options: ClientOptions) {
    this.#options = options
  }

  /** @throws ModelLoadError, SessionError, WorkerError, AbortError */
  static async open(options: ClientOptions): Promise<RerankerClient> {
    const client = new RerankerClient(options)
    client.#backend = client.#start(options.signal)
    await client.#backend
    return client
  }

  get info(): RerankerInfo {
    return { ...this.#info, fallbacks: [...this.#fallbacks, ...this.#info.fallbacks] }
  }

  rerank({ signal, onProgress, onUpdate, ...request }: RerankRequest): Promise<Ranking> {
    const plain = { ...request, wants: { progress: onProgress !== undefined, updates: onUpdate !== undefined } }
    return this.#call({ onProgress, onUpdate }, signal, {
      remote: (api, id) => api.rerank(id, plain as PlainRequest<RerankRequest>),
      local: (engine) => engine.rerank({ ...request, signal, onProgress, onUpdate }),
    })
  }

  computeScore({ signal, onProgress, ...request }: ScoreRequest): Promise<number[]> {
    const plain = { ...request, wants: { progress: onProgress !== undefined, updates: false } }
    return this.#call({ onProgress }, signal, {
      remote: (api, id) => api.computeScore(id, plain as PlainRequest<ScoreRequest>),
      local: (engine) => engine.computeScore({ ...request, signal, onProgress }),
    })
  }

  async dispose(): Promise<void> {
    this.#disposal.abort(new DisposedError())
    const backend = await this.#backend.catch(() => undefined)
    if (backend instanceof Connection) {
      await backend.call((api) => api.dispose(this.#nextId++)).catch(() => undefined)
      backend.close()
    } else await backend?.dispose()
  }

  /** Send a call to whatever answers now, and again to what comes after if that dies. */
  async #call<T>(
    listener: Listener,
    signal: AbortSignal | undefined,
    { remote, local }: { remote: (api: WorkerApi, id: number) => Promise<Reply<T>>; local: (engine: Engine) => Promise<T> },
  ): Promise<T> {
    for (;;) {
      const current = this.#backend
      const backend = await this.#orStopped(current, signal)
      if (!(backend instanceof Connection)) return local(backend)
      const id = this.#nextId++
      this.#listeners.set(id, listener)
      try {
        const reply = await this.#orStopped(
          backend.call((api) => remote(api, id)),
          signal,
          () => backend.post((api) => api.cancel(id)),
        )
        if (reply.ok) return reply.value
        throw fromWire(reply.error)
      } catch (error) {
        if (!(error instanceof WorkerError)) throw error
        // Of several calls in flight the first one to notice replaces the backend; the others find it replaced.
        if (this.#backend === current) {
          this.#backend = this.#replace(backend, error)
          // Awaited by the next round, unless the caller has left by then.
          this.#backend.catch(() => undefined)
        }
      } finally {
        this.#listeners.delete(id)
      }
    }
  }

  /** Settle with the work, or at once when the caller aborts or the reranker is disposed of. */
  async #orStopped<T>(work: Promise<T>, signal: AbortSignal | undefined, onStop?: () => void): Promise<T> {
    const stop = AbortSignal.any(signal ? [signal, this.#disposal.signal] : [this.#disposal.signal])
    stop.throwIfAborted()
    let stopped!: () => void
    const whenStopped = new Promise<never>((_, reject) => {
      stopped = () => {
        onStop?.()
        reject(stop.reason)
      }
    })
    stop.addEventListener('abort', stopped)
    try {
      return await Promise.race([work, whenStopped])
    } finally {
      stop.removeEventListener('abort', stopped)
    }
  }

  async #replace(dead: Connection, error: WorkerError): Promise<Backend> {
    dead.close()
    this.#record(error)
    return this.#start()
  }

  /** A worker with the model loaded, else the engine in this thread. */
  async #start(signal?: AbortSignal): Promise<Backend> {
    const allowed = this.#options.restartable ? 2 : 1
    while (this.#restarts < allowed) {
      this.#restarts++
      try {
        return await this.#startWorker(signal)
      } catch (error) {
        if (!(error instanceof WorkerError)) throw error
        this.#record(error)
      }
    }
    const { openHere, onProgress } = this.#options
    const engine = await openHere({
      onProgress,
      signal,
      onInfo: (info) => {
        this.#info = info
      },
    })
    this.#info = engine.info
    return engine
  }

  async #startWorker(signal?: AbortSignal): Promise<Connection> {
    const connection = await Connection.open(this.#options.makeWorker, (event) => this.#onEvent(event))
    try {
      const id = this.#nextId++
      const reply = await this.#orStopped(
        connection.call((api) => api.open(id, this.#options.engine)),
        signal,
      )
      if (!reply.ok) throw fromWire(reply.error)
      this.#info = reply.value
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  #onEvent(event: WorkerEvent): void {
    switch (event.type) {
      case 'load':
        this.#options.onProgress?.(event.event)
        break
      case 'info':
        this.#info = event.info
        break
      case 'progress':
        this.#listeners.get(event.id)?.onProgress?.(event.progress)
        break
      case 'update':
        this.#listeners.get(event.id)?.onUpdate?.(event.ranking, event.progress)
        break
    }
  }

  #record(error: WorkerError): void {
    this.#fallbacks.push({ device: 'worker', code: 'worker-failed', reason: error.message })
  }
}

type Backend = Connection | Engine
