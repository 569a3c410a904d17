/**
 * Locks that this worker holds while a page waits for it: nothing else tells a page that its worker was killed. They are not
 * held longer than that, because a page with a lock may be kept out of the browser's back/forward cache.
 */
export class HeldLocks {
  readonly #releases = new Map<string, () => void>()

  /** Settles when the lock is held; with false where there are no locks, or the browser refuses them. */
  hold(name: string): Promise<boolean> {
    const released = new Promise<void>((resolve) => this.#releases.set(name, resolve))
    return new Promise((resolve) => {
      const request = async () =>
        navigator.locks.request(name, () => {
          resolve(true)
          return released
        })
      request().catch(() => resolve(false))
    })
  }

  /** Also for a lock that is still being waited for. */
  release(name: string): void {
    this.#releases.get(name)?.()
    this.#releases.delete(name)
  }

  releaseAll(): void {
    for (const name of [...this.#releases.keys()]) this.release(name)
  }
}
