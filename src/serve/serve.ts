import { setTimeout as sleep } from 'node:timers/promises'
import type { LocalReranker } from '../types.js'
import { type AppOptions, type AppState, createApp } from './app.js'
import { HttpServer } from './http-server.js'
import { type Address, Listener } from './listener.js'
import { Metrics } from './metrics.js'
import { isOneOfMany, OneOfMany } from './one-of-many.js'
import { Processes } from './processes.js'
import { RequestQueue } from './queue.js'
import { RequestError } from './request-error.js'

/** Requests that a process ranks at the same time: while one is between two runs of the model, another has the cores. */
const AT_ONCE = 4

/** Bodies of the greatest size, as many bytes of answers may wait for who does not read them. */
const UNREAD_BODIES = 8

/** Milliseconds that one of several processes waits for the first, when a signal has come to it. */
const FIRST_WORD_MS = 1000

export interface ServeOptions extends AppOptions, Address {
  /** Processes that share the port. */
  processes: number
  /** Requests of a process that may wait. */
  maxQueue: number
  /** Milliseconds that what runs may take when the server stops. */
  graceMs: number
}

export interface ServeHooks {
  /** Loads the model, and whatever it should have before it is asked. */
  load(signal: AbortSignal): Promise<LocalReranker>
  /** Called once, when requests are answered. With several processes, `reranker` is another's to show. */
  onReady(url: string, reranker?: LocalReranker): void
  /** One sentence for the log. */
  log(sentence: string, error?: unknown): void
}

/**
 * Serve until the signal is aborted, then answer what was asked and return.
 *
 * @throws InvalidInputError where the address cannot be had; what `load` throws; Error where processes do not stay alive
 */
export async function serve(options: ServeOptions, hooks: ServeHooks, signal: AbortSignal): Promise<void> {
  if (isOneOfMany) return serveAsOne(options, hooks, signal)
  const here = new ServedHere(options, hooks)
  let processes: Processes | undefined
  // Until a model is loaded somewhere, what is here says that it is not.
  const listener = await Listener.open(options, (socket) => {
    if (processes) processes.take(socket)
    else here.http.take(socket)
  })
  let killed = 0
  try {
    if (options.processes === 1) await here.load(signal)
    else {
      processes = new Processes(options, (socket) => here.http.take(socket), hooks.log)
      await Promise.race([processes.ready, aborted(signal)])
    }
    if (!signal.aborted) hooks.onReady(listener.url, here.state.reranker)
    await Promise.race([aborted(signal), ...(processes ? [processes.failed] : [])])
  } finally {
    await listener.close()
    ;[killed = 0] = await Promise.all([processes?.stop(options.graceMs), here.stop()])
  }
  if (killed > 0) throw new Error(`${killed} of the processes did not end in time and had to be killed, with what they were asked.`)
}

async function serveAsOne(options: ServeOptions, hooks: ServeHooks, interrupt: AbortSignal): Promise<void> {
  const here = new ServedHere(options, hooks)
  const others = new OneOfMany(here.metrics.registry, (socket, tell) => here.http.take(socket, tell))
  here.metricsText = () => others.metricsText()
  const signal = AbortSignal.any([interrupt, others.signal])
  try {
    await here.load(signal)
    if (signal.aborted) return
    others.ready()
    await aborted(signal)
    // A signal comes to one process or, as Ctrl-C, to all; the first one's word comes behind the last connection that it gave.
    if (!others.signal.aborted) others.leave()
    await Promise.race([aborted(others.signal), sleep(FIRST_WORD_MS)])
  } finally {
    await here.stop()
    await others.bye()
  }
}

/** Model, application and HTTP in this process. */
class ServedHere {
  readonly state: AppState = { stopping: false, calls: new Set() }
  readonly metrics: Metrics
  readonly http: HttpServer
  metricsText = () => this.metrics.text()
  readonly #load: ServeHooks['load']
  readonly #graceMs: number

  constructor(options: ServeOptions, { load, log }: ServeHooks) {
    const { state } = this
    const queue = new RequestQueue(AT_ONCE, options.maxQueue)
    this.metrics = new Metrics(queue, () => (state.stopping ? undefined : state.reranker?.info))
    const { metrics } = this
    const onError = (error: unknown) => log('A request failed on this side', error)
    const app = createApp(options, { state, queue, metrics, metricsText: () => this.metricsText(), onError })
    // What has to arrive may take as long as what has to be done.
    this.http = new HttpServer(app.fetch, options.timeoutMs, UNREAD_BODIES * options.maxBody)
    this.#load = load
    this.#graceMs = options.graceMs
  }

  /** @throws what loading throws, unless the signal is aborted */
  async load(signal: AbortSignal): Promise<void> {
    try {
      this.state.reranker = await this.#load(signal)
    } catch (error) {
      // To be stopped is no failure; nobody was answered yet.
      if (!signal.aborted) throw error
    }
  }

  /** Answer what was asked, and let go of the model. */
  async stop(): Promise<void> {
    this.state.stopping = true
    await this.http.stop(this.#graceMs, () => {
      const sentence = 'The server had to stop before this was done; send it again.'
      for (const call of this.state.calls) call.abort(new RequestError(503, 'Unhealthy', sentence, 1))
    })
    await this.state.reranker?.dispose()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
