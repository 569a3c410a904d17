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

  run<T>(task: () => Promise<T>): Promise<T> {
    this.#tasks++
    const result = this.#last.then(task).finally(() => this.#tasks--)
    this.#last = result.catch(() => undefined)
    return result
  }
}
