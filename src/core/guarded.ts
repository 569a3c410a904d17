import { InvalidInputError } from '../errors.js'

/**
 * A callback of the caller's, for those who report to it: it never throws. Its first error ends the work it is told of, with
 * that error, and nothing is told once the work has ended. Thrown into an engine or a message listener, the same error would
 * be one thing in the page's thread and another behind a worker.
 *
 * An asynchronous callback is not waited for. Its rejection is such an error too; one that comes when the work has ended is told
 * on the console.
 */
export function guarded<Args extends unknown[]>(
  callback: ((...args: Args) => void) | undefined,
  work: AbortController,
): ((...args: Args) => void) | undefined {
  let hasFailed = false
  const fail = (error: unknown) => {
    if (hasFailed) return
    hasFailed = true
    if (work.signal.aborted) console.error('page-rerank: a callback failed after the end of what it was told of.', error)
    else work.abort(error === undefined ? threwNothing() : error)
  }
  return (
    callback &&
    ((...args) => {
      if (work.signal.aborted) return
      try {
        const result: unknown = callback(...args)
        if (isThenable(result)) Promise.resolve(result).catch(fail)
      } catch (error) {
        fail(error)
      }
    })
  )
}

/** A signal without a reason gets one that says the caller had ended the call. */
function threwNothing(): InvalidInputError {
  return new InvalidInputError('invalid-input', 'A callback of this call threw undefined, which says nothing. Throw an Error.')
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
