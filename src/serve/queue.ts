import { RequestError } from './request-error.js'

/** Seconds after which a refused request may come again, at the most. */
const LONGEST_RETRY = 60

/** What becomes of the time a request took, for a guess at the next one's. */
const NEWEST_SHARE = 0.1

/**
 * Requests in the order they came: a few run at once, some wait, and what comes on top is refused.
 */
export class RequestQueue {
  readonly #atOnce: number
  readonly #most: number
  #places = 0
  #running = 0
  /** First come, first served: a set keeps the order of insertion. */
  readonly #waiting = new Set<() => void>()
  /** Milliseconds that a request runs, as of late. */
  #pace = 0
  /** When those began that run, the oldest first. */
  readonly #begun = new Set<{ at: number }>()

  /**
   * @param atOnce requests that run at the same time
   * @param maxWaiting requests that wait besides
   */
  constructor(atOnce: number, maxWaiting: number) {
    this.#atOnce = atOnce
    this.#most = atOnce + maxWaiting
  }

  get running(): number {
    return this.#running
  }

  /** Requests that are here and do not run yet. */
  get waiting(): number {
    return this.#places - this.#running
  }

  /**
   * Give a request its place, until it calls what it gets.
   *
   * @throws RequestError 429 where there is none left
   */
  enter(): () => void {
    this.check()
    this.#places++
    let left = false
    return () => {
      if (!left) this.#places--
      left = true
    }
  }

  /** @throws RequestError 429 where there is no place left */
  check(): void {
    if (this.#places >= this.#most) {
      const sentence = `${this.#places} requests are here already, which is all that this server takes; come again later.`
      throw new RequestError(429, 'Overloaded', sentence, this.#retryAfter())
    }
  }

  /**
   * Wait for the request's turn, and do its work.
   *
   * @throws the signal's reason where it is aborted while waiting; what `work` throws
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#turn(signal)
    const begun = { at: performance.now() }
    this.#begun.add(begun)
    try {
      const result = await work()
      this.#learn(performance.now() - begun.at)
      return result
    } catch (error) {
      // It would have taken longer still.
      this.#learn(Math.max(performance.now() - begun.at, this.#pace))
      throw error
    } finally {
      this.#begun.delete(begun)
      this.#next()
    }
  }

  /** Resolves when the request runs. */
  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#running < this.#atOnce) {
      this.#running++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(begin)
        reject(signal.reason)
      }
      const begin = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.add(begin)
    })
  }

  /** One has ended: its turn is that of who waits longest. */
  #next(): void {
    const [begin] = this.#waiting
    if (!begin) {
      this.#running--
      return
    }
    this.#waiting.delete(begin)
    begin()
  }

  #learn(milliseconds: number): void {
    this.#pace = this.#pace === 0 ? milliseconds : this.#pace + NEWEST_SHARE * (milliseconds - this.#pace)
  }

  /** When half of those who wait will have had their turn: a place is free much sooner, but not for all who were refused. */
  #retryAfter(): number {
    const [oldest] = this.#begun
    // Those that run may take longer than any before, and none may have ended yet.
    const pace = Math.max(this.#pace, oldest ? performance.now() - oldest.at : 0)
    const seconds = ((this.waiting / 2) * pace) / this.#atOnce / 1000
    return Math.min(Math.max(Math.ceil(seconds), 1), LONGEST_RETRY)
  }
}
