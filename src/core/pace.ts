/**
 * When something that takes time itself is due again: a pause after its end, and at least as long as it took. So it never takes
 * more than half of the time.
 */
export class Pace {
  readonly #pauseMs: number
  #next: number

  /** @param from when it is due for the first time, in `performance.now()` time */
  constructor(pauseMs: number, from = 0) {
    this.#pauseMs = pauseMs
    this.#next = from
  }

  get isDue(): boolean {
    return performance.now() >= this.#next
  }

  run(work: () => void): void {
    const start = performance.now()
    try {
      work()
    } finally {
      const end = performance.now()
      this.#next = end + Math.max(this.#pauseMs, end - start)
    }
  }
}
