/**
 * A callback of the caller's, for those who report to it: it never throws. Its first error ends the work it is told of, with
 * that error, and nothing is told once the work has ended. Thrown into an engine or a message listener, the same error would
 * be one thing in the page's thread and another behind a worker.
 */
export function guarded<Args extends unknown[]>(
  callback: ((...args: Args) => void) | undefined,
  work: AbortController,
): ((...args: Args) => void) | undefined {
  return (
    callback &&
    ((...args) => {
      if (work.signal.aborted) return
      try {
        callback(...args)
      } catch (error) {
        work.abort(error)
      }
    })
  )
}
