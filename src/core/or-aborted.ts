/**
 * Settle as the work does, or reject with the signal's reason as soon as that is aborted. Unlike a race against a promise that
 * lives as long as what it watches, nothing stays on the signal once the work has settled; and how the work ends is always
 * heard, so that it cannot become an unhandled rejection after the abort.
 */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
