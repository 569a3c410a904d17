import { whenAborted } from './or-aborted.js'

/**
 * Work that is given up, by the signal it gets, after so many milliseconds or when the other signal is aborted.
 *
 * Not `AbortSignal.any([AbortSignal.timeout(ms), …])`: Node 20 takes the inner one for garbage, and then nothing ends the work.
 *
 * @throws what the work throws
 */
export async function within<T>(ms: number, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), ms)
  const stopWaiting = signal && whenAborted(signal, () => limit.abort(signal.reason))
  try {
    return await work(limit.signal)
  } finally {
    clearTimeout(timer)
    stopWaiting?.()
  }
}
