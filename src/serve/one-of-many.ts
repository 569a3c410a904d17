import cluster from 'node:cluster'
import type { Socket } from 'node:net'
import type { Registry } from 'prom-client'
import type { Numbers, ToPrimary, ToProcess } from './messages.js'

/** Is this one of the processes that `Processes` starts? */
export const isOneOfMany = cluster.isWorker

/** The other side of `Processes`: one of them. */
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
      switch (message.type) {
        case 'socket':
          // Before anything of it is read: a connection without this word is given to another process.
          this.#send({ type: 'taken' })
          // A client that is gone by now leaves no socket.
          if (socket) take(socket)
          break
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
          this.#send({ type: 'numbers', id: message.id, numbers: (await registry.getMetricsAsJSON()) as Numbers })
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
