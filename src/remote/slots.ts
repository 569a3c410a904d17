import { whenAborted } from '../core/or-aborted.js'

/** Lets only so many work at a time; who comes first goes first. */
export class Slots {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  /**
   * Wait for a place. The wait ends with the signal's reason where that comes first.
   *
   * @returns gives the place back
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#free > 0) this.#free--
    else {
      await new Promise<void>((resolve, reject) => {
        const begin = () => {
          stopListening()
          resolve()
        }
        this.#waiting.add(begin)
        const stopListening = whenAborted(signal, () => {
          this.#waiting.delete(begin)
          reject(signal.reason)
        })
      })
    }
    return () => this.#giveBack()
  }

  #giveBack(): void {
    const [next] = this.#waiting
    if (!next) this.#free++
    else {
      this.#waiting.delete(next)
      next()
    }
  }
}
