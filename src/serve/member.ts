import type { Worker } from 'node:cluster'
import type { Socket } from 'node:net'
import { answerInPlace } from './http-server.js'
import type { Numbers, ToPrimary, ToProcess } from './messages.js'

/** Milliseconds that a process has to tell its numbers: of one in the middle of something the last ones count. */
const NUMBERS_MS = 2000

/** Milliseconds in which everything is heard that a process said before it ended. */
const LAST_WORDS_MS = 100

export interface MemberEvents {
  /** It takes connections from now on. */
  onReady(): void
  /** It has taken the one that it was given, and takes the next. */
  onFree(): void
  /** A connection that did not get there, unread. */
  onReturn(socket: Socket): void
  /** It was told by somebody else to end. */
  onLeaving(): void
  /** Asked for the metrics of all. */
  metricsText(): Promise<string>
}

/** One of several processes, as the first one sees it. It is given one connection at a time, so that one that hangs holds up no more. */
export class Member {
  readonly startedAt = performance.now()
  /** Of its numbers, those that were told last. */
  lastNumbers: Numbers = []
  readonly #worker: Worker
  readonly #events: MemberEvents
  /** On its way to it, open here too, and the first ping behind it. */
  #given: { socket: Socket; connection: number; nextPing: number } | undefined
  /** What it has taken, open here too: where it is killed, who has asked and was not answered still hears of it, and who has not, nothing. */
  readonly #taken = new Map<number, { socket: Socket; state: 'asked' | 'answered' | 'idle' }>()
  #connections = 0
  #nextPing = 0
  /** Looks since a ping that it has not answered; 0 where it has. */
  #unanswered = 0
  #isLeaving = false
  /** It was ready once; before, it may have no time to answer. */
  #isUp = false
  readonly #asked = new Map<number, () => void>()
  #question = 0

  constructor(worker: Worker, events: MemberEvents) {
    this.#worker = worker
    this.#events = events
    worker.on('message', (message: ToPrimary) => this.#hear(message))
    // There is no word of a channel that ends while a connection is on its way.
    worker.once('exit', () =>
      setTimeout(() => {
        this.#return()
        for (const { socket, state } of this.#taken.values()) {
          if (state === 'idle') events.onReturn(socket)
          else if (state === 'asked') answerInPlace(socket)
          // Half of an answer must not be followed by another one.
          else socket.destroy()
        }
        this.#taken.clear()
      }, LAST_WORDS_MS),
    )
  }

  get pid(): number | undefined {
    return this.#worker.process.pid
  }

  /** It was ready, and may be about to end. */
  get isUp(): boolean {
    return this.#isUp
  }

  get isFree(): boolean {
    return this.#given === undefined && !this.#isLeaving
  }

  /** Only while it is free. */
  give(socket: Socket): void {
    const connection = this.#connections++
    this.#given = { socket, connection, nextPing: this.#nextPing }
    const options = { keepOpen: true }
    this.#worker.send({ type: 'socket', connection } satisfies ToProcess, socket, options, (error) => error && this.#return())
  }

  /** Have it stop, behind the connection that is on its way to it. */
  leave(): void {
    if (this.#isLeaving) return
    this.#isLeaving = true
    if (!this.#given) this.#tell({ type: 'stop' })
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#worker.process.kill(signal)
  }

  /** Look whether it still answers. @returns for how many looks in a row it has not */
  ping(): number {
    if (!this.#isUp) return 0
    if (this.#unanswered === 0) this.#tell({ type: 'ping', id: this.#nextPing++ })
    return this.#unanswered++
  }

  async numbers(): Promise<Numbers> {
    const id = this.#question++
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, NUMBERS_MS)
      this.#asked.set(id, () => {
        clearTimeout(timer)
        resolve()
      })
      this.#tell({ type: 'numbers', id })
    })
    this.#asked.delete(id)
    return this.lastNumbers
  }

  #hear(message: ToPrimary): void {
    switch (message.type) {
      case 'ready':
        this.#isUp = true
        this.#events.onReady()
        break
      case 'leaving':
        this.#events.onLeaving()
        break
      case 'taken':
        if (this.#given) this.#taken.set(this.#given.connection, { socket: this.#given.socket, state: 'idle' })
        this.#letGo()
        break
      case 'asked':
      case 'answered':
      case 'idle': {
        const taken = this.#taken.get(message.connection)
        if (taken) taken.state = message.type
        break
      }
      case 'closed':
        // Here it would stay open.
        this.#taken.get(message.connection)?.socket.destroy()
        this.#taken.delete(message.connection)
        break
      case 'pong':
        this.#unanswered = 0
        // Messages keep their order: what was sent before is lost, as where it may open no more files.
        if (this.#given && message.id >= this.#given.nextPing) this.#return()
        break
      case 'numbers':
        this.lastNumbers = message.numbers
        if (message.id !== undefined) this.#asked.get(message.id)?.()
        break
      case 'metrics':
        void this.#events.metricsText().then((text) => this.#tell({ type: 'metrics', id: message.id, text }))
    }
  }

  #return(): void {
    const socket = this.#given?.socket
    if (!socket) return
    this.#letGo()
    this.#events.onReturn(socket)
  }

  #letGo(): void {
    this.#given = undefined
    if (this.#isLeaving) this.#tell({ type: 'stop' })
    else this.#events.onFree()
  }

  #tell(message: ToProcess): void {
    // One that is going says so by its exit.
    if (this.#worker.isConnected()) this.#worker.send(message, () => {})
  }
}
