import type { Remote } from 'comlink'
import { isAbortError, type RerankResponse, type ScoreProgress } from 'page-rerank'
import { rerankText } from './document-entry.js'
import type { Hit } from './first-stage.js'
import type { RerankerHost } from './reranker-host.js'
import type { FirstStageAnswer, SearchWorkerApi } from './search.worker.js'
import type { Settings } from './settings.js'

/** What one finished search took. */
export interface SearchTiming {
  query: string
  /** Milliseconds in the first stage's index. */
  firstStage: number
  /** Milliseconds from handing over the candidates to the final order. */
  rerank: number
  /** Pairs that got a score. */
  scored: number
  pool: number
}

export type RerankedState = 'idle' | 'loading' | 'reranking' | 'done' | 'error'

/** The page, as the flow sees it. */
export interface SearchView {
  showFirstStage(answer: FirstStageAnswer): void
  showReranked(response: RerankResponse<Hit>, progress?: ScoreProgress): void
  setState(state: RerankedState): void
  /** From the query to the final order, or to whatever ended it. */
  onSearching(searching: boolean): void
  onDone(timing: SearchTiming, response: RerankResponse<Hit>): void
  onError(error: unknown): void
}

/** Typing is over when nothing was typed for this long: reranking each keystroke would waste the device. */
const PAUSE_MS = 450

/** Query → first stage at once → reranked order. A newer query makes an older one irrelevant at every step. */
export class SearchFlow {
  readonly #worker: Remote<SearchWorkerApi>
  readonly #host: RerankerHost
  readonly #view: SearchView
  #newest = 0
  #pause: ReturnType<typeof setTimeout> | undefined
  #abort: AbortController | undefined

  constructor(worker: Remote<SearchWorkerApi>, host: RerankerHost, view: SearchView) {
    this.#worker = worker
    this.#host = host
    this.#view = view
  }

  /** @param when `now` reranks at once (submitted), `paused` when the reader has stopped typing */
  async search(settings: Settings, when: 'now' | 'paused'): Promise<void> {
    const id = this.#supersede()
    const query = settings.q.trim()
    if (!query) {
      this.#view.onSearching(false)
      this.#view.setState('idle')
      this.#view.showFirstStage({ hits: [], total: 0, duration: 0, isEmpty: false })
      return
    }
    // While the model loads there are requests, and they are not the search's.
    this.#view.onSearching(this.#host.isReady)
    this.#view.setState(this.#host.isReady ? 'reranking' : 'loading')
    try {
      const answer = await this.#worker.search(settings.corpus, query, settings.pool)
      if (id !== this.#newest) return
      this.#view.showFirstStage(answer)
      if (answer.hits.length === 0) {
        this.#view.setState('done')
        this.#view.onSearching(false)
        return
      }
      const rerank = () => void this.#rerank(id, query, answer, settings)
      if (when === 'now') rerank()
      else this.#pause = setTimeout(rerank, PAUSE_MS)
    } catch (error) {
      if (id === this.#newest) this.#fail(error)
    }
  }

  /** Leaves no search in the air: its results would be of another model or corpus. */
  cancel(): void {
    this.#supersede()
    this.#view.onSearching(false)
  }

  #supersede(): number {
    clearTimeout(this.#pause)
    this.#abort?.abort()
    return ++this.#newest
  }

  async #rerank(id: number, query: string, answer: FirstStageAnswer, { budget, pool }: Settings): Promise<void> {
    const abort = new AbortController()
    this.#abort = abort
    try {
      const reranker = await this.#host.ready
      if (id !== this.#newest) return
      this.#view.setState('reranking')
      this.#view.onSearching(true)
      const start = performance.now()
      const response = await reranker.rerank(query, answer.hits, {
        text: rerankText,
        ...(budget > 0 && { budgetMs: budget }),
        onUpdate: (provisional, progress) => {
          if (id === this.#newest) this.#view.showReranked(provisional, progress)
        },
        key: 'search',
        signal: abort.signal,
      })
      if (id !== this.#newest) return
      const rerank = performance.now() - start
      this.#view.showReranked(response)
      this.#view.setState('done')
      this.#view.onSearching(false)
      const scored = answer.hits.length - response.unscored
      this.#view.onDone({ query, firstStage: answer.duration, rerank, scored, pool }, response)
    } catch (error) {
      if (id !== this.#newest) return
      if (!isAbortError(error)) return this.#fail(error)
      // Ended by somebody else, such as the reader in the console: nothing goes on any more.
      this.#view.onSearching(false)
      this.#view.setState('idle')
    }
  }

  #fail(error: unknown): void {
    this.#view.onSearching(false)
    this.#view.setState('error')
    this.#view.onError(error)
  }
}
