/**
 * First come, first served; one at a time. A failed task never fails the ones behind it (a shared promise chain would).
 */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve()
  #tasks = 0

  /** Whether no task runs or waits. */
  get isIdle(): boolean {
    return this.#tasks === 0
  }

  /** Settles when every task is done that runs or waits now; itself it is none, so that others need not wait for who waits. */
  drained(): Promise<unknown> {
    return this.#last
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    this.#tasks++
    const result = this.#last.then(task).finally(() => this.#tasks--)
    this.#last = result.catch(() => undefined)
    return result
  }
}
