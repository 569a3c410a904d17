import { type CreateRerankerOptions, createReranker, isAbortError, type LocalReranker, type ProgressEvent } from 'page-rerank'

/** What the host tells the page while it loads a model. */
export interface RerankerHostListener {
  onLoading(): void
  onProgress(event: ProgressEvent): void
  onReady(reranker: LocalReranker): void
  onError(error: unknown): void
}

/** Holds the one live reranker. A new choice of model or device stops the old one, finished or not. */
export class RerankerHost {
  readonly #listener: RerankerHostListener
  readonly #before: (signal: AbortSignal) => Promise<unknown>
  #loading: AbortController | undefined
  #live: LocalReranker | undefined
  #ready: Promise<LocalReranker> | undefined

  /** @param before what has to settle before a model is fetched; its signal says that the model is not wanted any more */
  constructor(listener: RerankerHostListener, before: (signal: AbortSignal) => Promise<unknown>) {
    this.#listener = listener
    this.#before = before
  }

  /** Settles when the newest choice is loaded or has failed. */
  get ready(): Promise<LocalReranker> {
    return this.#ready ?? Promise.reject(new Error('No model has been chosen yet.'))
  }

  get isReady(): boolean {
    return this.#live !== undefined
  }

  use(options: CreateRerankerOptions): Promise<LocalReranker> {
    this.#loading?.abort()
    const loading = new AbortController()
    this.#loading = loading
    const previous = this.#live
    this.#live = undefined
    this.#listener.onLoading()
    this.#ready = this.#load(options, loading.signal, previous)
    // The listener has been told; who awaits `ready` hears it too.
    this.#ready.catch(() => {})
    return this.#ready
  }

  /** Lets go of the model, loaded or loading. */
  async release(): Promise<void> {
    this.#loading?.abort()
    const previous = this.#live
    this.#live = undefined
    this.#ready = undefined
    await previous?.dispose()
  }

  async #load(options: CreateRerankerOptions, signal: AbortSignal, previous: LocalReranker | undefined): Promise<LocalReranker> {
    try {
      // First, so that two models are never in memory at once.
      await previous?.dispose()
      signal.throwIfAborted()
      await this.#before(signal)
      signal.throwIfAborted()
      const reranker = await createReranker({ ...options, signal, onProgress: (event) => this.#listener.onProgress(event) })
      if (signal.aborted) {
        await reranker.dispose()
        throw signal.reason
      }
      this.#live = reranker
      this.#listener.onReady(reranker)
      return reranker
    } catch (error) {
      if (!isAbortError(error)) this.#listener.onError(error)
      throw error
    }
  }
}
