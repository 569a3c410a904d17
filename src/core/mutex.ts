/**
 * First come, first served; one at a time. A failed task never fails the ones behind it (a shared promise chain would).
 */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => undefined)
    return result
  }
}
