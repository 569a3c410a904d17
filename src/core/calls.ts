import { abortError, DisposedError } from '../errors.js'
import { orAborted, whenAborted } from './or-aborted.js'

/** The unfinished calls of a reranker, each of which can be ended: by its signal, by a newer one of its key, by the reranker's end. */
export class Calls {
  /** Ends a call each. */
  readonly #all = new Set<AbortController>()
  /** The unfinished call of each key. */
  readonly #newest = new Map<string, AbortController>()
  #disposed = false

  /** @throws DisposedError after `dispose` */
  checkUsable(): void {
    if (this.#disposed) throw new DisposedError()
  }

  /**
   * Work that ends for its caller as soon as the caller aborts it, a newer call of its key comes, or the reranker is disposed
   * of. What is left of it then, or when the caller was answered before its end, is ended by its signal.
   *
   * @param work begun at once; whoever calls it is registered by then, so that calls count in the order they were made
   */
  async run<T>({ signal, key }: { signal?: AbortSignal; key?: string }, work: (call: AbortController) => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    // Not AbortSignal.any: in Node a signal that outlives its calls keeps something of each.
    const call = new AbortController()
    const stopWaiting = signal && whenAborted(signal, () => call.abort(signal.reason))
    this.#all.add(call)
    if (key !== undefined) {
      // A newer query supersedes an older one even when it finds nothing.
      this.#newest.get(key)?.abort(abortError('A newer query superseded this one.'))
      this.#newest.set(key, call)
    }
    try {
      return await orAborted(work(call), call.signal)
    } finally {
      stopWaiting?.()
      this.#all.delete(call)
      if (key !== undefined && this.#newest.get(key) === call) this.#newest.delete(key)
      call.abort()
    }
  }

  /** End all of them, and take no others. @returns false where that was done before */
  dispose(): boolean {
    if (this.#disposed) return false
    this.#disposed = true
    for (const call of this.#all) call.abort(abortError('The reranker was disposed of during the call.', new DisposedError()))
    return true
  }
}
