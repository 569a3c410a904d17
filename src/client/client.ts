import type { LocalEngine, PrepareIndexRequest, PrepareRequest, RerankRequest, ScoreRequest, Scores } from '../core/engine.js'
import { Mutex } from '../core/mutex.js'
import { describe } from '../core/options.js'
import { orAborted } from '../core/or-aborted.js'
import { settledWithin } from '../core/settled-within.js'
import { withoutQuery } from '../core/without-query.js'
import { DisposedError, fromWire, WorkerError } from '../errors.js'
import type { EngineOptions, PlainRequest, Reply, TextReferences, WorkerApi, WorkerEvent } from '../protocol.js'
import type { Fallback, LocalRerankerInfo, ProgressEvent } from '../types.js'
import { Connection } from './connection.js'
import { SentTexts } from './sent-texts.js'

export interface ClientOptions {
  engine: EngineOptions
  makeWorker: () => Worker
  /** Where its script is, as far as that is known. */
  workerScript?: string
  /** False for a `Worker` that was handed in: it is not ours to terminate, and cannot be made again. */
  ownsWorker: boolean
  /** The engine in this thread, for when no worker can be had. */
  openHere: (hooks: {
    onProgress?: (event: ProgressEvent) => void
    onInfo: (info: LocalRerankerInfo) => void
    signal?: AbortSignal
  }) => Promise<LocalEngine>
  /** Never throws. */
  onProgress?: (event: ProgressEvent) => void
  signal?: AbortSignal
}

/** Who hears how far a call is. */
type Listener = Pick<RerankRequest, 'onScored'> & Pick<ScoreRequest, 'onProgress'>

/** A call as either backend takes it. */
interface Call<T> {
  signal?: AbortSignal
  listener: Listener
  /** It reads ahead, and nobody waits for it as for the answer to a query. */
  isAhead?: boolean
  /** @param texts sends those that this worker has not */
  remote: (api: WorkerApi, id: number, texts: SendTexts) => Promise<Reply<T>>
  local: (engine: LocalEngine) => Promise<T>
}

/** Workers that may be started within a minute: enough for two calls in a row that kill theirs twice. */
const MAX_STARTS = 5
const STARTS_MS = 60_000

/** Milliseconds that a call waits for the indexes of a worker that takes the place of another: as a rule they are on this device. */
const INDEX_PATIENCE_MS = 5000

/** Workers that may die while they read ahead for a call. */
const MAX_SENDS_AHEAD = 3

/**
 * Bytes of texts that a worker has by reference, for each byte of what it may keep of them: a tenth where all of a text is read.
 * A cross-encoder keeps nothing, and is sent all texts of a call.
 */
const TEXT_SHARE = 1 / 2

/** Dead workers that `info.fallbacks` remembers: a page may be open for months. */
const MAX_RECORDED = 10

/**
 * An engine that lives in a worker. When the worker dies, the next call starts another one; calls that were in flight are
 * sent again, once each, one after the other, so that a call that kills its worker is found out and rejected without harm to
 * the others. Calls that read ahead are sent again beside the others, which never wait for them. Where there is no worker to be
 * had in the first place, the engine runs in this thread.
 */
export class RerankerClient implements LocalEngine {
  readonly #options: ClientOptions
  readonly #listeners = new Map<number, Listener>()
  readonly #fallbacks: Fallback[] = []
  /**
   * Indexes that were loaded, by their addresses without a query, which tells versions apart: a worker that takes the place of
   * another loads the newest of each again.
   */
  readonly #indexes = new Map<string, string>()
  readonly #disposal = new AbortController()
  /** What answers calls, or will once it is loaded. */
  #backend: Promise<Backend> | undefined
  /** The newest worker, also while it loads. */
  #connection: Connection | undefined
  /** The engine in this thread, where there is no worker. */
  #local: LocalEngine | undefined
  #info!: LocalRerankerInfo
  #nextId = 0
  /** Times at which workers were started, within the last minute. */
  #starts: number[] = []
  /** Whether a worker of this reranker ever answered. */
  #hadWorker = false
  #lastDeath: WorkerError | undefined
  /** Calls whose worker died are tried again one at a time, and have the next worker to themselves. */
  readonly #retries = new Mutex()
  /** So are those that read ahead, but beside the queries: nobody waits for them. */
  readonly #aheadRetries = new Mutex()

  private constructor(options: ClientOptions) {
    this.#options = options
  }

  /** @throws ModelLoadError, SessionError, WorkerError; the signal's reason as soon as it is aborted */
  static async open(options: ClientOptions): Promise<RerankerClient> {
    const { signal } = options
    signal?.throwIfAborted()
    const client = new RerankerClient(options)
    try {
      const opening = client.#ready()
      await (signal ? orAborted(opening, signal) : opening)
      return client
    } catch (error) {
      // The caller is answered without waiting for the worker to end.
      void client.dispose()
      throw error
    }
  }

  get info(): LocalRerankerInfo {
    return { ...this.#info, fallbacks: [...this.#fallbacks, ...this.#info.fallbacks] }
  }

  rerank({ signal, onScored, ...request }: RerankRequest): Promise<Scores> {
    const plain = { ...request, reports: onScored !== undefined }
    return this.#call({
      signal,
      listener: { onScored },
      remote: (api, id, send) => send(request.texts, (texts) => api.rerank(id, { ...plain, texts })),
      local: (engine) => engine.rerank({ ...request, signal, onScored }),
    })
  }

  computeScore({ signal, onProgress, ...request }: ScoreRequest): Promise<number[]> {
    const plain: PlainRequest<ScoreRequest> = { ...request, reports: onProgress !== undefined }
    return this.#call({
      signal,
      listener: { onProgress },
      remote: (api, id) => api.computeScore(id, plain),
      local: (engine) => engine.computeScore({ ...request, signal, onProgress }),
    })
  }

  prepare({ signal, onProgress, ...request }: PrepareRequest): Promise<void> {
    // A cross-encoder has nothing to read ahead: the texts need not cross to the worker.
    if (this.#info.kind === 'cross-encoder') return Promise.resolve()
    const plain = { ...request, reports: onProgress !== undefined }
    return this.#call({
      signal,
      listener: { onProgress },
      isAhead: true,
      remote: (api, id, send) => send(request.texts, (texts) => api.prepare(id, { ...plain, texts })),
      local: (engine) => engine.prepare({ ...request, signal, onProgress }),
    })
  }

  async prepareIndex({ signal, onProgress, ...request }: PrepareIndexRequest): Promise<void> {
    if (this.#info.kind === 'cross-encoder') return
    const plain = { ...request, reports: onProgress !== undefined }
    await this.#call({
      signal,
      listener: { onProgress },
      isAhead: true,
      remote: (api, id) => api.prepareIndex(id, plain),
      local: (engine) => engine.prepareIndex({ ...request, signal, onProgress }),
    })
    this.#indexes.set(withoutQuery(request.index), request.index)
  }

  async dispose(): Promise<void> {
    this.#disposal.abort(new DisposedError())
    await Promise.all([this.#connection?.close(), this.#local?.dispose()])
  }

  async #call<T>(call: Call<T>): Promise<T> {
    try {
      return await this.#send(await this.#undisturbed(), call)
    } catch (error) {
      if (!(error instanceof WorkerDied)) throw error
    }
    if (call.isAhead) return this.#aheadRetries.run(() => this.#sendBesideOthers(call))
    return this.#retries.run(async () => {
      call.signal?.throwIfAborted()
      try {
        return await this.#send(await this.#ready(), call)
      } catch (error) {
        if (!(error instanceof WorkerDied)) throw error
        const { cause } = error
        const message = `This call was given up: its worker died, and so did the next one, which worked on it alone. ${cause.message}`
        throw new WorkerError('worker-failed', message, { cause })
      }
    })
  }

  /** Once more, and then once more: beside others its worker may have died of one of them. */
  async #sendBesideOthers<T>(call: Call<T>): Promise<T> {
    for (let sent = 2; ; sent++) {
      call.signal?.throwIfAborted()
      try {
        return await this.#send(await this.#undisturbed(), call)
      } catch (error) {
        if (!(error instanceof WorkerDied)) throw error
        if (sent < MAX_SENDS_AHEAD) continue
        const { cause } = error
        const message = `Reading ahead was given up: ${sent} workers died while they worked on it. ${cause.message}`
        throw new WorkerError('worker-failed', message, { cause })
      }
    }
  }

  /**
   * The call itself, in the worker or here. It is posted only if nobody has stopped it by now, and cancelled once if somebody
   * does later.
   *
   * @throws WorkerDied where the worker died before it answered
   */
  async #send<T>(backend: Backend, { signal, listener, remote, local }: Call<T>): Promise<T> {
    signal?.throwIfAborted()
    if (!(backend instanceof ConnectedWorker)) return local(backend)
    const { connection, sendTexts } = backend
    const id = this.#nextId++
    const cancel = () => {
      this.#listeners.delete(id)
      connection.post((api) => api.cancel(id))
    }
    this.#listeners.set(id, listener)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const reply = await connection.call((api) => remote(api, id, sendTexts))
      if (reply.ok) return reply.value
      throw fromWire(reply.error)
    } catch (error) {
      signal?.throwIfAborted()
      const { dead } = connection
      throw dead.aborted && error === dead.reason ? new WorkerDied(dead.reason) : error
    } finally {
      signal?.removeEventListener('abort', cancel)
      this.#listeners.delete(id)
    }
  }

  /** What answers calls, once no call that may have killed its worker is being tried again. */
  async #undisturbed(): Promise<Backend> {
    for (;;) {
      const backend = await this.#ready()
      if (this.#retries.isIdle) return backend
      await this.#retries.drained()
    }
  }

  /** What answers calls: what is there, or else a new worker. */
  #ready(): Promise<Backend> {
    const { signal } = this.#disposal
    if (signal.aborted) return Promise.reject(signal.reason)
    if (!this.#backend) {
      const starting = this.#start()
      this.#backend = starting
      // A later call may try again. Who waits for this start is told by it.
      starting.catch(() => this.#forget(starting))
    }
    return this.#backend
  }

  /** A worker with the model loaded; the engine in this thread where there never was one. */
  async #start(): Promise<Backend> {
    for (;;) {
      this.#countStart()
      try {
        return await this.#startWorker()
      } catch (error) {
        this.#disposal.signal.throwIfAborted()
        if (!(error instanceof WorkerError)) throw error
        this.#recordDeath(error)
      }
      if (!this.#hadWorker) return this.#openHere()
    }
  }

  /** @throws WorkerError where no further worker may be started */
  #countStart(): void {
    const now = performance.now()
    this.#starts = this.#starts.filter((start) => now - start < STARTS_MS)
    const cause = this.#lastDeath
    if (this.#hadWorker && !this.#options.ownsWorker) {
      const message = 'The Worker that was handed to createReranker() failed, and only its owner can start another.'
      throw new WorkerError('worker-failed', `${message} Dispose of this reranker and create a new one. ${cause?.message}`, { cause })
    }
    if (this.#starts.length >= MAX_STARTS) {
      const message = `${MAX_STARTS} workers were started within a minute and all of them failed. Try again in a minute.`
      throw new WorkerError('worker-failed', `${message} ${cause?.message}`, { cause })
    }
    this.#starts.push(now)
  }

  async #startWorker(): Promise<ConnectedWorker> {
    const connection = this.#connect()
    this.#connection = connection
    try {
      const reply = await connection.call((api) => api.open(this.#options.engine))
      if (!reply.ok) throw fromWire(reply.error)
      this.#info = reply.value
    } catch (error) {
      void connection.close()
      throw error
    } finally {
      this.#hadWorker ||= connection.isConnected
    }
    const backend = this.#backend
    connection.dead.addEventListener('abort', () => {
      if (this.#disposal.signal.aborted) return
      this.#recordDeath(connection.dead.reason)
      this.#forget(backend)
    })
    // Before any call: that would read anew, one document after the other, what is on its way.
    const indexes = [...this.#indexes.values()].map((index) => {
      const id = this.#nextId++
      return connection.call((api) => api.prepareIndex(id, { index, reports: false }))
    })
    if (indexes.length > 0) await settledWithin(INDEX_PATIENCE_MS, Promise.allSettled(indexes))
    return new ConnectedWorker(connection, new SentTexts((this.#info.kept?.maxBytes ?? 0) * TEXT_SHARE))
  }

  #connect(): Connection {
    const { makeWorker, ownsWorker, workerScript } = this.#options
    try {
      return new Connection({ worker: makeWorker(), owned: ownsWorker, script: workerScript, onEvent: (event) => this.#onEvent(event) })
    } catch (cause) {
      // The caller's function may throw anything.
      const why = cause instanceof Error ? cause.message : `${describe(cause)} was thrown`
      throw new WorkerError('worker-failed', `The worker could not be started: ${why}`, { cause })
    }
  }

  async #openHere(): Promise<LocalEngine> {
    const { openHere, onProgress } = this.#options
    const { signal } = this.#disposal
    const why = this.#lastDeath?.message
    console.warn(`page-rerank: no worker can be had, so the model runs in the page's own thread and makes it stutter. ${why}`)
    const onInfo = (info: LocalRerankerInfo) => {
      this.#info = info
    }
    const engine = await openHere({ onProgress, signal, onInfo })
    if (signal.aborted) {
      void engine.dispose()
      signal.throwIfAborted()
    }
    this.#info = engine.info
    this.#local = engine
    return engine
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
      case 'scored':
        this.#listeners.get(event.id)?.onScored?.(event.scores)
        break
    }
  }

  /** The next call starts a worker, unless another call has done so already. */
  #forget(backend: Promise<Backend> | undefined): void {
    if (this.#backend === backend) this.#backend = undefined
  }

  #recordDeath(error: WorkerError): void {
    this.#lastDeath = error
    this.#fallbacks.push({ device: 'worker', code: 'worker-failed', reason: error.message })
    if (this.#fallbacks.length > MAX_RECORDED) this.#fallbacks.shift()
  }
}

type Backend = ConnectedWorker | LocalEngine

/** Posts a call with its texts by reference. */
type SendTexts = <T>(texts: readonly string[], post: (references: TextReferences) => Promise<T>) => Promise<T>

/** A worker with the model loaded, and the texts that it has. */
class ConnectedWorker {
  readonly connection: Connection
  readonly #texts: SentTexts

  constructor(connection: Connection, texts: SentTexts) {
    this.connection = connection
    this.#texts = texts
  }

  readonly sendTexts: SendTexts = (texts, post) => {
    const { unposted } = this.connection
    const reply = post(this.#texts.refer(texts))
    if (this.connection.unposted > unposted) this.#texts.restart()
    return reply
  }
}

/** A call's worker died before it answered. Never leaves this file. */
class WorkerDied extends Error {
  declare readonly cause: WorkerError
  constructor(cause: WorkerError) {
    super(cause.message, { cause })
  }
}
