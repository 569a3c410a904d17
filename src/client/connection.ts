import { transfer, wrap } from 'comlink'
import { WorkerError } from '../errors.js'
import type { WorkerApi, WorkerEvent } from '../protocol.js'

/** Milliseconds a worker may take to evaluate its script. Loading the model comes after and is not limited. */
const CONNECT_TIMEOUT_MS = 30_000

/**
 * One worker, alive or known to be dead. comlink hears nothing but messages: a worker that fails to load, throws or is
 * killed would leave its promises pending for ever, so everything is raced against `failed`.
 */
export class Connection {
  readonly #worker: Worker
  readonly #api: WorkerApi
  readonly #closing = new AbortController()
  readonly #failed: Promise<never>
  #fail!: (error: WorkerError) => void

  private constructor(worker: Worker) {
    this.#worker = worker
    this.#failed = new Promise<never>((_, reject) => {
      this.#fail = reject
    })
    this.#failed.catch(() => undefined)
    const { signal } = this.#closing
    worker.addEventListener('error', (event) => this.#die(event.message || 'its script could not be loaded'), { signal })
    worker.addEventListener('messageerror', () => this.#die('a message could not be read'), { signal })
    // Every method of the API is asynchronous already, so the proxy has the API's own type.
    this.#api = wrap(worker) as unknown as WorkerApi
  }

  /**
   * @throws WorkerError where the worker cannot be made, fails to load or does not answer in time
   */
  static async open(makeWorker: () => Worker, onEvent: (event: WorkerEvent) => void): Promise<Connection> {
    let worker: Worker
    try {
      worker = makeWorker()
    } catch (cause) {
      throw new WorkerError('worker-failed', `The worker could not be started: ${(cause as Error).message}`, { cause })
    }
    const connection = new Connection(worker)
    await connection.#connect(onEvent)
    return connection
  }

  /** @throws WorkerError as soon as the worker is known to be dead */
  call<T>(invoke: (api: WorkerApi) => Promise<T>): Promise<T> {
    return Promise.race([invoke(this.#api), this.#failed])
  }

  /** Send without waiting. */
  post(invoke: (api: WorkerApi) => Promise<unknown>): void {
    invoke(this.#api).catch(() => undefined)
  }

  close(): void {
    this.#closing.abort()
    this.#worker.terminate()
    this.#die('it was closed')
  }

  async #connect(onEvent: (event: WorkerEvent) => void): Promise<void> {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => onEvent(data as WorkerEvent)
    this.#closing.signal.addEventListener('abort', () => port1.close())
    const lockName = `page-rerank:${crypto.randomUUID?.() ?? Math.random()}`
    const timer = setTimeout(() => this.#die(`it did not answer within ${CONNECT_TIMEOUT_MS / 1000} seconds`), CONNECT_TIMEOUT_MS)
    try {
      await this.call((api) => api.connect(lockName, transfer(port2, [port2])))
    } catch (error) {
      this.close()
      throw error
    } finally {
      clearTimeout(timer)
    }
    this.#watch(lockName)
  }

  /** The worker holds this lock until it dies; getting it means that it did. */
  #watch(lockName: string): void {
    navigator.locks?.request(lockName, { signal: this.#closing.signal }, () => this.#die('it was terminated')).catch(() => undefined)
  }

  #die(why: string): void {
    this.#fail(new WorkerError('worker-failed', `The worker failed: ${why}.`))
  }
}
