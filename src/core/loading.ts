import type { ModelOptions, ProgressEvent } from '../types.js'
import { guarded } from './guarded.js'

/** Who stops a load, and who hears how far it is. */
export interface LoadingHooks {
  signal: AbortSignal
  /** Never throws. */
  onProgress?: (event: ProgressEvent) => void
}

/**
 * Loading for a caller: ended by the caller's signal, and by the first error of the caller's `onProgress`, with that error.
 * Events come later too, when a model is loaded again because its worker or device was lost. The calls that wait for it are not
 * `onProgress`'s: an error then is told on the console, and `onProgress` is called no more.
 */
export async function loading<T>(
  { signal, onProgress }: Pick<ModelOptions, 'signal' | 'onProgress'>,
  load: (hooks: LoadingHooks) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const work = new AbortController()
  const abort = () => work.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const loaded = await load({ signal: work.signal, onProgress: guarded(onProgress, work) })
    work.signal.addEventListener('abort', () => console.error('page-rerank: onProgress threw an error.', work.signal.reason), {
      once: true,
    })
    return loaded
  } catch (error) {
    work.signal.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
