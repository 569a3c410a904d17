import { type CreateRerankerOptions, isAbortError, type ModelKind, type ProgressEvent, type Reranker, type RerankResult } from 'page-rerank'
import { tinyEn } from 'page-rerank-tiny-en'
import type { DataConsent } from './data-consent.js'
import type { Entry } from './document-entry.js'
import { RerankerHost } from './reranker-host.js'
import { PAUSE_MS, ROWS } from './search-flow.js'

/** A question, and the entries that two lists begin with. */
export interface Comparable {
  query: string
  /** The first of the ranking and of the first stage, none twice. */
  entries: readonly Entry[]
}

/** Which other model, and where it runs. */
export interface OtherModel {
  /** Registry name, hub id or address; empty for none. */
  model: string
  device: NonNullable<CreateRerankerOptions['device']>
}

/** How far the other model is, and its order. */
export type Compared = {
  model: string
  /** What the other model is; unknown while it loads. */
  kind?: ModelKind
  query?: string
  results?: RerankResult<Entry>[]
} & (
  | { state: 'idle' | 'asking' | 'loading' | 'typing' }
  | { state: 'reranking'; scored: number; total: number }
  | { state: 'done'; total: number; milliseconds: number }
  | { state: 'error'; error: unknown }
)

export interface ComparisonListener {
  /** undefined: nothing is compared. */
  onChange(compared: Compared | undefined): void
  onProgress(event: ProgressEvent): void
}

/** Another model, in a worker of its own, that orders what two lists begin with whenever typing stops. */
export class Comparison {
  readonly #listener: ComparisonListener
  readonly #consent: DataConsent
  readonly #host: RerankerHost
  #choice: OtherModel = { model: '', device: 'auto' }
  #reranker: Reranker | undefined
  #last: Comparable | undefined
  #newest = 0
  #pause: ReturnType<typeof setTimeout> | undefined
  #abort: AbortController | undefined

  constructor(listener: ComparisonListener, consent: DataConsent) {
    this.#listener = listener
    this.#consent = consent
    this.#host = new RerankerHost(
      {
        onLoading: () => {
          this.#reranker = undefined
        },
        onProgress: (event) => listener.onProgress(event),
        onReady: (reranker) => {
          this.#reranker = reranker
          this.#tell({ state: 'idle' })
          if (this.#last) this.compare(this.#last)
        },
        onError: (error) => this.#tell({ state: 'error', error }),
      },
      (signal) => this.#mayFetch(signal),
    )
  }

  /** Loads the model that is asked for; an empty name ends the comparison. */
  use(choice: OtherModel): void {
    if (choice.model === this.#choice.model && choice.device === this.#choice.device && this.#reranker) return
    this.#supersede()
    this.#choice = choice
    if (!choice.model) {
      this.#reranker = undefined
      void this.#host.release()
      this.#consent.close()
      this.#listener.onChange(undefined)
      return
    }
    this.#tell({ state: 'loading' })
    void this.#host.use(choice.model === 'page-rerank-tiny-en' ? { ...choice, model: tinyEn } : choice)
  }

  async #mayFetch(signal: AbortSignal): Promise<void> {
    await this.#consent.ask({ ...this.#choice, dtype: 'auto' }, signal, () => this.#tell({ state: 'asking' }))
    this.#tell({ state: 'loading' })
  }

  /** A question has its order: as soon as no newer one comes, the other model reads it. */
  compare(comparable: Comparable): void {
    this.#last = comparable
    if (!this.#reranker) return
    const id = this.#supersede()
    this.#tell({ state: 'typing' })
    this.#pause = setTimeout(() => void this.#read(id, comparable), PAUSE_MS)
  }

  /** There is nothing to compare any more. */
  forget(): void {
    this.#last = undefined
    this.#supersede()
    if (this.#reranker) this.#tell({ state: 'idle' })
  }

  #supersede(): number {
    clearTimeout(this.#pause)
    this.#abort?.abort()
    return ++this.#newest
  }

  async #read(id: number, { query, entries }: Comparable): Promise<void> {
    const reranker = this.#reranker
    if (!reranker || entries.length === 0) return
    const abort = new AbortController()
    this.#abort = abort
    const total = entries.length
    this.#tell({ state: 'reranking', scored: 0, total })
    const start = performance.now()
    try {
      const { results } = await reranker.rerank(query, entries, {
        text: ({ read }) => read,
        // Its own order, whatever it was given.
        firstStageWeight: 0,
        topN: ROWS,
        signal: abort.signal,
        onUpdate: (provisional, { scored }) => {
          if (id === this.#newest) this.#tell({ state: 'reranking', scored, total, query, results: provisional.results })
        },
      })
      if (id === this.#newest) this.#tell({ state: 'done', total, milliseconds: performance.now() - start, query, results })
    } catch (error) {
      if (id === this.#newest && !isAbortError(error)) this.#tell({ state: 'error', error })
    }
  }

  #tell(state: DistributiveOmit<Compared, 'model' | 'kind'>): void {
    const kind = this.#reranker?.info.kind
    this.#listener.onChange({ model: this.#choice.model, ...(kind && { kind }), ...state })
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
