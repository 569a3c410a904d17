/** Who waits for the abort of a signal. */
const waiting = new WeakMap<AbortSignal, { waiters: Set<{ onAbort: () => void }>; listener: () => void }>()

/**
 * Hear of a signal's abort. However many wait for one at a time there is one listener on it, and none when nobody waits any more:
 * Node takes more than ten for a leak.
 *
 * @param onAbort called at once where it was aborted before; must not throw
 * @returns ends the waiting
 */
export function whenAborted(signal: AbortSignal, onAbort: () => void): () => void {
  if (signal.aborted) {
    onAbort()
    return () => undefined
  }
  let shared = waiting.get(signal)
  if (!shared) {
    const waiters = new Set<{ onAbort: () => void }>()
    const listener = () => {
      for (const waiter of waiters) waiter.onAbort()
    }
    shared = { waiters, listener }
    waiting.set(signal, shared)
    signal.addEventListener('abort', listener, { once: true })
  }
  const { waiters, listener } = shared
  const own = { onAbort }
  waiters.add(own)
  return () => {
    if (!waiters.delete(own) || waiters.size > 0) return
    signal.removeEventListener('abort', listener)
    waiting.delete(signal)
  }
}

/**
 * Settle as the work does, or reject with the signal's reason as soon as that is aborted. Unlike a race against a promise that
 * lives as long as what it watches, nothing stays on the signal once the work has settled; and how the work ends is always
 * heard, so that it cannot become an unhandled rejection after the abort.
 */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopWaiting = whenAborted(signal, () => reject(signal.reason))
    work.then(resolve, reject).finally(stopWaiting)
  })
}
