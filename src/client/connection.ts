import { type Endpoint, type Remote, releaseProxy, wrap } from 'comlink'
import { orAborted } from '../core/or-aborted.js'
import { DISPOSE_GRACE_MS, settledWithin } from '../core/settled-within.js'
import { WorkerError } from '../errors.js'
import type { ConnectMessage, EventMessage, WorkerApi, WorkerEvent } from '../protocol.js'
import { LivenessCheck } from './liveness-check.js'

export interface ConnectionOptions {
  worker: Worker
  /** Whether the worker is ours to terminate. */
  owned: boolean
  /** Where its script is, as far as that is known. */
  script?: string
  onEvent: (event: WorkerEvent) => void
}

/**
 * One reranker's connection to a worker, alive or known to be dead. comlink hears nothing but messages: a worker that fails to
 * load, throws or is killed would leave its promises pending for ever, so every call ends when `dead` is aborted.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #port: MessagePort
  readonly #api: WorkerApi
  readonly #liveness: LivenessCheck
  readonly #end = new AbortController()
  /** Calls the worker has not answered, those among them that nobody waits for any more. */
  #unanswered = 0
  /** Messages that could not be posted: too large for the memory there is, for example. Their calls are rejected. */
  unposted = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    const { worker, owned, script, onEvent } = options
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    worker.addEventListener(
      'error',
      (event) => {
        // What goes wrong later in a worker that somebody shares with us may be none of our business.
        if (owned || !this.isConnected) this.#die(event.message || unloadable(script))
      },
      { signal: this.dead },
    )
    port1.addEventListener('messageerror', () => this.#die('a message could not be read'))
    port1.addEventListener('message', ({ data }: MessageEvent<Partial<EventMessage>>) => {
      if (data.event) onEvent(data.event)
    })
    // Every method of the API is asynchronous already, so the proxy has the API's own type.
    this.#api = wrap(this.#endpoint()) as unknown as WorkerApi
    this.#liveness = new LivenessCheck(this.#api, (why) => this.#die(why))
    worker.postMessage({ 'page-rerank': port2 } satisfies ConnectMessage, [port2])
  }

  /** The port, as comlink uses it. */
  #endpoint(): Endpoint {
    const port = this.#port
    return {
      postMessage: (message, transfer = []) => {
        try {
          port.postMessage(message, transfer)
        } catch (error) {
          this.unposted++
          throw error
        }
      },
      addEventListener: port.addEventListener.bind(port),
      removeEventListener: port.removeEventListener.bind(port),
      start: port.start.bind(port),
    }
  }

  /** Whether the worker's script was there to answer at least once. */
  get isConnected(): boolean {
    return this.#liveness.answeredOnce
  }

  /** Aborted when the worker is known to be dead, or the connection is closed; its reason is the `WorkerError` that says why. */
  get dead(): AbortSignal {
    return this.#end.signal
  }

  /** @throws WorkerError as soon as the connection is dead */
  async call<T>(invoke: (api: WorkerApi) => Promise<T>): Promise<T> {
    this.dead.throwIfAborted()
    if (this.#unanswered++ === 0) this.#liveness.start()
    try {
      return await orAborted(invoke(this.#api), this.dead)
    } finally {
      if (--this.#unanswered === 0) this.#liveness.stop()
    }
  }

  /** Send without waiting. */
  post(invoke: (api: WorkerApi) => Promise<unknown>): void {
    if (!this.dead.aborted) invoke(this.#api).catch(() => undefined)
  }

  /** End what the worker does for this reranker, in good order where it answers in time; a worker of our own is terminated. */
  async close(): Promise<void> {
    if (this.dead.aborted) return
    // A worker of our own that has not started yet has nothing to put in order.
    if (this.isConnected || !this.#options.owned) {
      await settledWithin(
        DISPOSE_GRACE_MS,
        this.call((api) => api.dispose()),
      )
    }
    this.#die('it was closed')
  }

  #die(why: string): void {
    if (this.dead.aborted) return
    this.#liveness.stop()
    this.#end.abort(new WorkerError('worker-failed', `The worker failed: ${why}.`))
    // Else comlink keeps the port until the proxy is collected, and the port's listener keeps the proxy.
    ;(this.#api as unknown as Remote<WorkerApi>)[releaseProxy]()
    this.#port.close()
    if (this.#options.owned) this.#options.worker.terminate()
  }
}

/** A browser does not tell why. */
function unloadable(script: string | undefined): string {
  const what = 'its script could not be loaded'
  if (script === undefined) return what
  return `${what} from ${script}: it is missing (run "npx page-rerank copy DIR", serve DIR, and pass its address as assetsPath), or the page's worker-src forbids it`
}
