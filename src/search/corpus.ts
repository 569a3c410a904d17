import { isAbortError } from '../errors.js'
import type { Reranker } from '../types.js'
import type { SearchOptions } from './create-search.js'

/** More documents than this are not ranked whole: each key press would cost a noticeable time. */
const MAX_DOCUMENTS = 10_000

/** Everything that is searched, and whether the model has read all of it. */
export class Corpus<T> {
  readonly documents: readonly T[]
  readonly #ready: PromiseLike<Reranker>
  readonly #options: SearchOptions<T>
  readonly #stop = new AbortController()
  #isRead = false

  constructor(ready: PromiseLike<Reranker>, options: SearchOptions<T> & { documents: readonly T[] }) {
    this.#ready = ready
    this.#options = options
    this.documents = [...options.documents]
    if (this.documents.length <= MAX_DOCUMENTS) this.again()
  }

  get isRead(): boolean {
    return this.#isRead
  }

  /** The model has not read them, or has no longer what it read: it reads them now. */
  again(): void {
    this.#isRead = false
    this.#read().catch((error) => this.#warn(error))
  }

  stop(): void {
    this.#stop.abort()
  }

  async #read(): Promise<void> {
    const { signal } = this.#stop
    const { text, maxLength, longDocuments, index, onProgress } = this.#options
    const reranker = await this.#ready
    if (signal.aborted || reranker.info.kind !== 'late-interaction') return
    // What an index lacks is read here.
    if (index !== undefined) await reranker.prepare({ index }, { signal }).catch((error) => this.#warn(error))
    await reranker.prepare(this.documents, {
      text,
      maxLength,
      longDocuments,
      signal,
      onProgress: (progress) => {
        // Never where the model keeps no more. Whoever hears of it may search everything.
        this.#isRead = progress.scored === this.documents.length
        onProgress?.(progress)
      },
    })
  }

  /** The search does without: what the first stage finds is ranked. */
  #warn(error: unknown): void {
    if (!this.#stop.signal.aborted && !isAbortError(error)) console.warn('page-rerank: the documents are not ranked whole.', error)
  }
}
