import cluster from 'node:cluster'
import type { Socket } from 'node:net'
import type { Registry } from 'prom-client'
import type { ConnectionTeller } from './http-server.js'
import type { Numbers, ToPrimary, ToProcess } from './messages.js'

/** Is this one of the processes that `Processes` starts? */
export const isOneOfMany = cluster.isWorker

/** The other side of `Processes`: one of them. */
export class OneOfMany {
  readonly #registry: Registry
  readonly #stop = new AbortController()
  readonly #asked = new Map<number, (text: string) => void>()
  #question = 0

  /**
   * @param registry its numbers, which are added to those of the others
   * @param take given connections, once it has said that it is ready, and who is to hear of their requests
   */
  constructor(registry: Registry, take: (socket: Socket, tell: ConnectionTeller) => void) {
    this.#registry = registry
    process.on('message', async (message: ToProcess, socket?: Socket) => {
      switch (message.type) {
        case 'socket': {
          // Before anything of it is read: a connection without this word is given to another process.
          this.#send({ type: 'taken' })
          const tell: ConnectionTeller = (type) => this.#send({ type, connection: message.connection })
          // A client that is gone by now leaves no socket.
          if (socket) take(socket, tell)
          else tell('closed')
          break
        }
        case 'stop':
          this.#stop.abort()
          break
        case 'ping':
          this.#send({ type: 'pong', id: message.id })
          break
        case 'metrics':
          this.#asked.get(message.id)?.(message.text)
          break
        case 'numbers':
          this.#send({ type: 'numbers', id: message.id, numbers: await this.#numbers() })
      }
    })
  }

  /** Aborted when it has to stop: no connection comes after that. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  ready(): void {
    this.#send({ type: 'ready' })
  }

  /** It has to end; it is told to stop when no connection is on its way. */
  leave(): void {
    this.#send({ type: 'leaving' })
  }

  /** All has been answered: tell what was counted to the end. */
  async bye(): Promise<void> {
    const message: ToPrimary = { type: 'numbers', numbers: await this.#numbers() }
    await new Promise((resolve) => (process.connected ? process.send?.(message, undefined, undefined, resolve) : resolve(undefined)))
  }

  /** Prometheus's text of all processes. The first process always answers; without it there is no other. */
  metricsText(): Promise<string> {
    const id = this.#question++
    return new Promise<string>((resolve) => {
      this.#asked.set(id, resolve)
      this.#send({ type: 'metrics', id })
    }).finally(() => this.#asked.delete(id))
  }

  #numbers(): Promise<Numbers> {
    return this.#registry.getMetricsAsJSON() as Promise<Numbers>
  }

  #send(message: ToPrimary): void {
    // Where there is nobody left to hear it, this process ends too.
    if (process.connected) process.send?.(message, undefined, undefined, () => {})
  }
}
