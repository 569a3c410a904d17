import cluster, { type Worker } from 'node:cluster'
import type { Socket } from 'node:net'
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client'

/** A process that lived for less than this, in milliseconds, died at once. */
const AT_ONCE_MS = 10_000

/** Processes that may die at once in a row before all is given up. */
const MOST_DEATHS = 5

/** Milliseconds before a process is started again; twice as many for each that died at once before. */
const FIRST_PAUSE_MS = 250

/** Milliseconds that the processes have to end on top of the grace. */
const ENDING_MS = 5000

/** Milliseconds that a process has to tell its numbers: one in the middle of something is left out. */
const NUMBERS_MS = 2000

type Numbers = MetricObjectWithValues<MetricValue<string>>[]

/** `socket` comes with one. Who is asked for `numbers` answers with them, who asks for `metrics` gets those of all as text. */
type ToProcess = { type: 'socket' } | { type: 'stop' } | { type: 'numbers'; id: number } | { type: 'metrics'; id: number; text: string }
type ToPrimary = { type: 'ready' } | { type: 'numbers'; id: number; numbers: Numbers } | { type: 'metrics'; id: number }

/** Is this one of the processes that `Processes` starts? */
export const isOneOfMany = cluster.isWorker

/**
 * This program several times, to share the connections. The first has to be ready before the others start, so that a mistake is told once
 * and a model is downloaded once. One that dies is started again.
 */
export class Processes {
  readonly #count: number
  readonly #log: (sentence: string) => void
  /** When each that runs was started. */
  readonly #running = new Map<Worker, number>()
  /** Those that take connections, the next one first. */
  readonly #ready: Worker[] = []
  readonly #pauses = new Set<NodeJS.Timeout>()
  /** Takes what a process answers, by the question's number. */
  readonly #asked = new Map<number, (numbers: Numbers) => void>()
  #question = 0
  /** In a row. */
  #deaths = 0
  #wasReady = false
  #isStopping = false
  #onReady = () => {}
  #onFailure: (error: Error) => void = () => {}
  #onEnded = () => {}

  /** Resolves when the first is ready, and rejects where it does not start. */
  readonly ready: Promise<void>
  /** Rejects where they die again and again, or the first does not start. */
  readonly failed: Promise<never>

  /** @param log told of processes that died */
  constructor(count: number, log: (sentence: string) => void) {
    this.#count = count
    this.#log = log
    this.failed = new Promise((_, reject) => {
      this.#onFailure = reject
    })
    this.ready = Promise.race([
      this.failed,
      new Promise<void>((resolve) => {
        this.#onReady = resolve
      }),
    ])
    this.#start()
  }

  /** Give a connection to the next process in turn. @returns false where none is ready */
  take(socket: Socket): boolean {
    const worker = this.#ready.shift()
    if (!worker) return false
    this.#ready.push(worker)
    // One that dies meanwhile takes the connection along.
    worker.send({ type: 'socket' } satisfies ToProcess, socket, (error) => error && socket.destroy())
    return true
  }

  /** Have each answer what it was asked, and end. Connections that were given to it before come first. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    for (const pause of this.#pauses) clearTimeout(pause)
    if (this.#running.size === 0) return
    const ended = new Promise<void>((resolve) => {
      this.#onEnded = resolve
    })
    for (const worker of this.#running.keys()) {
      if (this.#ready.includes(worker)) tell(worker, { type: 'stop' })
      // It may not listen to messages yet, and has no connections.
      else worker.process.kill('SIGTERM')
    }
    const timer = setTimeout(() => {
      for (const worker of this.#running.keys()) worker.process.kill('SIGKILL')
    }, graceMs + ENDING_MS)
    await ended
    clearTimeout(timer)
  }

  #start(): void {
    const worker = cluster.fork()
    this.#running.set(worker, performance.now())
    worker.on('message', (message: ToPrimary) => {
      if (message.type === 'metrics') {
        void this.#metricsText().then((text) => tell(worker, { type: 'metrics', id: message.id, text }))
      } else if (message.type === 'numbers') {
        this.#asked.get(message.id)?.(message.numbers)
      } else if (message.type === 'ready') {
        this.#ready.push(worker)
        this.#wasReady = true
        this.#onReady()
        while (this.#running.size + this.#pauses.size < this.#count && !this.#isStopping) this.#start()
      }
    })
    worker.once('exit', (code, signal) => this.#onExit(worker, signal ? `signal ${signal}` : `exit code ${code}`))
  }

  /** Those that are still starting do not listen yet, and have none. */
  async #metricsText(): Promise<string> {
    const numbers = await Promise.all(this.#ready.map((worker) => this.#numbersOf(worker)))
    return AggregatorRegistry.aggregate(numbers).metrics()
  }

  #numbersOf(worker: Worker): Promise<Numbers> {
    const id = this.#question++
    return new Promise<Numbers>((resolve) => {
      const timer = setTimeout(resolve, NUMBERS_MS, [])
      this.#asked.set(id, (numbers) => {
        clearTimeout(timer)
        resolve(numbers)
      })
      tell(worker, { type: 'numbers', id })
    }).finally(() => this.#asked.delete(id))
  }

  #onExit(worker: Worker, how: string): void {
    const hasLived = performance.now() - (this.#running.get(worker) ?? 0) > AT_ONCE_MS
    this.#running.delete(worker)
    if (this.#ready.includes(worker)) this.#ready.splice(this.#ready.indexOf(worker), 1)
    if (this.#isStopping) {
      if (this.#running.size === 0) this.#onEnded()
      return
    }
    this.#deaths = hasLived ? 0 : this.#deaths + 1
    if (!this.#wasReady) {
      this.#onFailure(new Error('The server did not start; the line above says why.'))
    } else if (this.#deaths >= MOST_DEATHS) {
      this.#onFailure(new Error(`Processes die as soon as they are started, ${this.#deaths} in a row, the last by ${how}.`))
    } else {
      const pause = FIRST_PAUSE_MS * 2 ** this.#deaths
      this.#log(`Process ${worker.process.pid} has ended by ${how}; another one starts in ${pause / 1000} s.`)
      const timer = setTimeout(() => {
        this.#pauses.delete(timer)
        this.#start()
      }, pause)
      this.#pauses.add(timer)
    }
  }
}

function tell(worker: Worker, message: ToProcess): void {
  // One that is going says so by its exit.
  if (worker.isConnected()) worker.send(message, () => {})
}

/** The other side: one of the processes. */
export class OneOfMany {
  readonly #stop = new AbortController()
  readonly #asked = new Map<number, (text: string) => void>()
  #question = 0

  /**
   * @param registry its numbers, which are added to those of the others
   * @param take given connections, once it has said that it is ready
   */
  constructor(registry: Registry, take: (socket: Socket) => void) {
    process.on('message', async (message: ToProcess, socket?: Socket) => {
      // A client that is gone by now leaves no socket.
      if (message.type === 'socket') socket && take(socket)
      else if (message.type === 'stop') this.#stop.abort()
      else if (message.type === 'metrics') this.#asked.get(message.id)?.(message.text)
      else this.#send({ type: 'numbers', id: message.id, numbers: (await registry.getMetricsAsJSON()) as Numbers })
    })
  }

  /** Aborted when it has to stop. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  ready(): void {
    this.#send({ type: 'ready' })
  }

  /** Prometheus's text of all processes. The first process always answers; without it there is no other. */
  metricsText(): Promise<string> {
    const id = this.#question++
    return new Promise<string>((resolve) => {
      this.#asked.set(id, resolve)
      this.#send({ type: 'metrics', id })
    }).finally(() => this.#asked.delete(id))
  }

  #send(message: ToPrimary): void {
    process.send?.(message)
  }
}
