import cluster, { type Worker } from 'node:cluster'
import type { Socket } from 'node:net'
import { AggregatorRegistry } from 'prom-client'
import { messageOf } from '../errors.js'
import { Member } from './member.js'
import type { Numbers } from './messages.js'

/** A process that lived for less than this, in milliseconds, died at once. */
const AT_ONCE_MS = 10_000

/** Processes that may die at once in a row before all is given up. */
const MOST_DEATHS = 5

/** Milliseconds before a process is started again; twice as many for each that died at once before. */
const FIRST_PAUSE_MS = 250

/** Milliseconds that the processes have to end on top of the grace. */
const ENDING_MS = 5000

/** Milliseconds that a process has to end which was asked nothing yet. */
const STARTING_MS = 2000

/** Milliseconds from one look at all processes to the next. */
const LOOK_MS = 1000

/** Looks without an answer before a process is killed, at the least and at the most. */
const LEAST_LOOKS = 3
const MOST_LOOKS = 60

/** Milliseconds in which a signal to one process may turn out to be one to all: Ctrl-C in a terminal. */
const SIGNAL_MS = 50

export interface ProcessesOptions {
  processes: number
  /** Milliseconds that a request may take: a process that does not answer for that long is killed, after 60 s at the latest. */
  timeoutMs: number
}

/**
 * This program several times, to share the connections. The first has to be ready before the others start, so that a mistake is told once
 * and a model is downloaded once. One that dies, or hangs, is started again.
 */
export class Processes {
  readonly #count: number
  readonly #looks: number
  readonly #elsewhere: (socket: Socket) => void
  readonly #log: (sentence: string) => void
  readonly #running = new Set<Member>()
  /** Those that take connections, the next one first. */
  #ready: Member[] = []
  /** Connections for the next that is free. */
  readonly #waiting: Socket[] = []
  readonly #pauses = new Set<NodeJS.Timeout>()
  readonly #watch: NodeJS.Timeout
  /** Sums of those that have ended: what only grows must not fall. */
  #ended: Promise<Numbers> = Promise.resolve([])
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

  /**
   * @param elsewhere takes connections while no process is ready
   * @param log told of processes that died
   */
  constructor(options: ProcessesOptions, elsewhere: (socket: Socket) => void, log: (sentence: string) => void) {
    this.#count = options.processes
    this.#looks = Math.min(Math.max(Math.ceil(options.timeoutMs / LOOK_MS), LEAST_LOOKS), MOST_LOOKS)
    this.#elsewhere = elsewhere
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
    this.#watch = setInterval(() => this.#look(), LOOK_MS)
    this.#start()
  }

  /** Give a connection to the next process in turn that has taken its last one. */
  take(socket: Socket): void {
    this.#waiting.push(socket)
    this.#distribute()
  }

  /**
   * Have each answer what it was asked, and end. Connections that were given to it before come first.
   *
   * @returns how many had to be killed
   */
  async stop(graceMs: number): Promise<number> {
    this.#isStopping = true
    for (const pause of this.#pauses) clearTimeout(pause)
    let killed = 0
    const ended = new Promise<void>((resolve) => {
      this.#onEnded = resolve
      if (this.#running.size === 0) resolve()
    })
    // Not those that are about to end: to them it would be a second signal, and they have not answered yet.
    const starting = [...this.#running].filter(({ isUp }) => !isUp)
    for (const member of starting) member.kill('SIGTERM')
    const early = setTimeout(() => {
      for (const member of starting) member.kill('SIGKILL')
    }, STARTING_MS)
    const late = setTimeout(() => {
      killed = this.#running.size
      for (const member of this.#running) member.kill('SIGKILL')
    }, graceMs + ENDING_MS)
    this.#distribute()
    await ended
    for (const timer of [early, late, this.#watch]) clearTimeout(timer)
    return killed
  }

  #start(): void {
    let worker: Worker
    try {
      worker = cluster.fork()
    } catch (error) {
      this.#onDeath(`A process cannot be started: ${messageOf(error)}`, true)
      return
    }
    const member: Member = new Member(worker, {
      onReady: () => {
        this.#ready.push(member)
        this.#wasReady = true
        this.#onReady()
        this.#distribute()
        while (this.#running.size + this.#pauses.size < this.#count && !this.#isStopping) this.#start()
      },
      onFree: () => this.#distribute(),
      onReturn: (socket) => this.take(socket),
      onLeaving: () => setTimeout(() => this.#isStopping || this.#dismiss(member), SIGNAL_MS),
      metricsText: () => this.#metricsText(),
    })
    this.#running.add(member)
    worker.once('exit', (code, signal) => this.#onExit(member, signal ? `signal ${signal}` : `exit code ${code}`))
    worker.on('error', (error) => {
      // Node itself may be another one by now. There is no exit of what was not there; of others there is.
      if (member.pid === undefined && this.#running.has(member)) this.#onExit(member, messageOf(error))
    })
  }

  #distribute(): void {
    while (this.#waiting.length > 0) {
      const member = this.#ready.find(({ isFree }) => isFree)
      if (!member && this.#ready.length > 0) return
      const socket = this.#waiting.shift() as Socket
      if (!member) this.#elsewhere(socket)
      else {
        this.#ready = [...this.#ready.filter((other) => other !== member), member]
        member.give(socket)
      }
    }
    if (this.#isStopping) for (const member of this.#ready) member.leave()
  }

  /** Give it no more connections. */
  #remove(member: Member): void {
    this.#ready = this.#ready.filter((other) => other !== member)
    this.#distribute()
  }

  #dismiss(member: Member): void {
    this.#remove(member)
    member.leave()
  }

  #look(): void {
    for (const member of this.#running) {
      if (member.ping() < this.#looks) continue
      this.#log(`Process ${member.pid} does not answer any more, and is killed.`)
      member.kill('SIGKILL')
    }
  }

  /** Those that are still starting do not listen yet, and have none; those that are about to end have theirs. */
  async #metricsText(): Promise<string> {
    // As it is now: one that ends meanwhile must not count twice.
    const ended = this.#ended
    const running = [...this.#running].filter(({ isUp }) => isUp)
    const numbers = await Promise.all(running.map((member) => member.numbers()))
    return AggregatorRegistry.aggregate([await ended, ...numbers]).metrics()
  }

  #onExit(member: Member, how: string): void {
    const hasLived = performance.now() - member.startedAt > AT_ONCE_MS
    this.#running.delete(member)
    this.#remove(member)
    if (this.#isStopping) {
      if (this.#running.size === 0) this.#onEnded()
      return
    }
    this.#ended = this.#ended.then((ended) => sum([ended, member.lastNumbers]))
    if (hasLived) this.#deaths = -1
    const wasNone = member.pid === undefined
    this.#onDeath(wasNone ? `A process cannot be started: ${how}` : `Process ${member.pid} has ended by ${how}`, wasNone)
  }

  /** One is missing. @param wasNone it has said nothing itself */
  #onDeath(sentence: string, wasNone: boolean): void {
    this.#deaths++
    if (!this.#wasReady) {
      this.#onFailure(new Error(`The server did not start${wasNone ? `. ${sentence}.` : '; the line above says why.'}`))
    } else if (this.#deaths >= MOST_DEATHS && this.#ready.length === 0) {
      this.#onFailure(new Error(`Processes die as soon as they are started, ${this.#deaths} in a row. ${sentence}.`))
    } else {
      const pause = FIRST_PAUSE_MS * 2 ** Math.min(this.#deaths, MOST_DEATHS)
      this.#log(`${sentence}; another one starts in ${pause / 1000} s.`)
      const timer = setTimeout(() => {
        this.#pauses.delete(timer)
        this.#start()
      }, pause)
      this.#pauses.add(timer)
    }
  }
}

/** One for several, of what only grows. */
function sum(several: Numbers[]): Promise<Numbers> {
  const growing = several.map((numbers) => numbers.filter(({ type }) => String(type) === 'counter' || String(type) === 'histogram'))
  return AggregatorRegistry.aggregate(growing).getMetricsAsJSON() as Promise<Numbers>
}
