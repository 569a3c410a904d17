import type { Remote } from 'comlink'
import { isAbortError, type Reranker, type RerankResponse, type RerankResult, type ScoreProgress } from 'page-rerank'
import type { Entry } from './document-entry.js'
import type { Reading } from './reading.js'
import type { RerankerHost } from './reranker-host.js'
import type { FirstStageAnswer, SearchWorkerApi } from './search.worker.js'
import { CANDIDATES, type Settings } from './settings.js'

/** Rows shown of each list, and so the places that are asked for. More would cost layout time at every key and nobody reads them. */
export const ROWS = 20

/** What one finished search took. */
export interface SearchTiming {
  query: string
  /** Milliseconds in the first stage's index. */
  firstStage: number
  /** Milliseconds of the ranking itself. */
  rank: number
  /** Milliseconds from the key press to the order in the page; undefined where no key was pressed. */
  keyToOrder: number | undefined
  /** Entries that got a place by the model. */
  ranked: number
}

export type RankedState = 'idle' | 'loading' | 'reranking' | 'done' | 'error'

/** An order, final or provisional. */
export interface Ranking {
  query: string
  /** The first of it. */
  response: RerankResponse<Entry>
  /** Entries that have been ranked, of those that are to be. */
  ranked: number
  of: number
}

/** The page, as the flow sees it. */
export interface SearchView {
  /** @param answer undefined where nothing is asked */
  showFirstStage(query: string, answer: FirstStageAnswer | undefined, entries: readonly Entry[]): void
  /** Provisional orders come with `progress`, the final one without. */
  showRanking(ranking: Ranking, progress?: ScoreProgress): void
  /** Why the entries of the order that was shown last are there. */
  showReasons(results: readonly RerankResult<Entry>[]): void
  setState(state: RankedState): void
  /** From the query to the final order, or to whatever ended it. */
  onSearching(searching: boolean): void
  onDone(timing: SearchTiming, ranking: Ranking): void
  onError(error: unknown): void
}

/** Typing is over when nothing was typed for this long: a model that reads candidates anew at each key would waste the device. */
export const PAUSE_MS = 450
/** Reasons are asked for when no key has come for this long: before that the next key would only end them, and wait for it. */
const REASONS_MS = 120

/** What a search needs beside the page. */
interface SearchParts {
  worker: Pick<Remote<SearchWorkerApi>, 'search'>
  host: Pick<RerankerHost, 'ready' | 'isReady'>
  reading: Pick<Reading, 'readOf'>
  /** What is searched, empty until it is there. */
  entries: (corpus: Settings['corpus']) => readonly Entry[]
  view: SearchView
}

/**
 * Query → first stage → ranking. A model that has read everything ranks all of it at each key press; one that has not ranks what it
 * has read and the first stage's candidates; a cross-encoder these alone, when typing stops. A newer query makes an older one
 * irrelevant at every step.
 */
export class SearchFlow {
  readonly #parts: SearchParts
  #newest = 0
  #pause: ReturnType<typeof setTimeout> | undefined
  #abort: AbortController | undefined

  constructor(parts: SearchParts) {
    this.#parts = parts
  }

  /**
   * @param when `now` ranks at once (submitted), `typing` lets a cross-encoder wait until the reader has stopped
   * @param asked when the key was pressed, as `performance.now()` has it; undefined where none was
   */
  async search(settings: Settings, when: 'now' | 'typing', asked?: number): Promise<void> {
    const { host, view } = this.#parts
    const id = this.#supersede()
    const query = settings.q.trim()
    if (!query) {
      view.onSearching(false)
      view.setState('idle')
      view.showFirstStage('', undefined, [])
      return
    }
    const { isReady } = host
    // While the model loads there are requests, and they are not the search's.
    view.onSearching(isReady)
    view.setState(isReady ? 'reranking' : 'loading')
    const abort = new AbortController()
    this.#abort = abort
    try {
      const answer = this.#askFirstStage(id, query, settings)
      // Who awaits it hears of a failure; nobody does once there is a newer query.
      answer.catch(() => {})
      const reranker = isReady ? await host.ready : (await Promise.all([host.ready, answer]))[0]
      if (id !== this.#newest) return
      view.setState('reranking')
      if (!isReady) view.onSearching(true)
      const search = { id, query, asked, settings, reranker, answer, signal: abort.signal }
      const plan = await this.#plan(search, when)
      if (id !== this.#newest) return
      if (plan.documents.length > 0) await this.#rank(search, plan)
      else this.#end()
    } catch (error) {
      if (id !== this.#newest) return
      view.onSearching(false)
      // Ended by somebody else, such as the reader in the console: nothing goes on any more.
      view.setState(isAbortError(error) ? 'idle' : 'error')
      if (!isAbortError(error)) view.onError(error)
    }
  }

  /** Leaves no search in the air: its results would be of another model or corpus. */
  cancel(): void {
    this.#supersede()
    this.#parts.view.onSearching(false)
  }

  #supersede(): number {
    clearTimeout(this.#pause)
    this.#abort?.abort()
    return ++this.#newest
  }

  /** Shows what the keywords find as soon as it is there. */
  async #askFirstStage(id: number, query: string, settings: Settings): Promise<FirstStageAnswer> {
    const answer = await this.#parts.worker.search(settings.corpus, query, CANDIDATES)
    if (id === this.#newest) this.#parts.view.showFirstStage(query, answer, this.#parts.entries(settings.corpus))
    return answer
  }

  /** What is ranked for a query. For everything that has been read the first stage is not waited for. */
  async #plan({ settings, reranker, answer }: Search, when: 'now' | 'typing'): Promise<Plan> {
    const entries = this.#parts.entries(settings.corpus)
    const read = settings.pool === 0 ? this.#parts.reading.readOf(entries) : []
    if (read.length > 0 && read.length === entries.length) return { documents: entries, firstStageWeight: 0 }
    const { places } = await answer
    if (read.length > 0) {
      const unread = [...places.subarray(0, CANDIDATES)].filter((at) => at >= read.length)
      return { documents: [...read, ...unread.map((at) => entries[at] as Entry)], firstStageWeight: 0 }
    }
    if (reranker.info.kind === 'cross-encoder' && when === 'typing') await this.#wait(PAUSE_MS)
    return { documents: candidates(this.#parts.entries(settings.corpus), places, settings) }
  }

  /** A newer query ends the wait, and what would come after it. */
  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#pause = setTimeout(resolve, milliseconds)
    })
  }

  async #rank(search: Search, { documents, ...options }: Plan): Promise<void> {
    const { id, query, asked, settings, reranker, answer, signal } = search
    const { view } = this.#parts
    const ranking = (response: RerankResponse<Entry>): Ranking => ({
      query,
      response,
      ranked: documents.length - response.unscored,
      of: documents.length,
    })
    const start = performance.now()
    const response = await reranker.rerank(query, documents, {
      ...options,
      text: ({ read }) => read,
      topN: ROWS,
      ...(settings.budget > 0 && { budgetMs: settings.budget }),
      onUpdate: (provisional, progress) => {
        if (id === this.#newest) view.showRanking(ranking(provisional), progress)
      },
      key: 'search',
      signal,
    })
    if (id !== this.#newest) return
    const rank = performance.now() - start
    const final = ranking(response)
    view.showRanking(final)
    this.#end()
    const keyToOrder = asked === undefined ? undefined : performance.now() - asked
    const { duration } = await answer
    if (id !== this.#newest) return
    view.onDone({ query, firstStage: duration, rank, keyToOrder, ranked: final.ranked }, final)
    if (reranker.info.kind === 'late-interaction' && !response.mismatch) await this.#explain(search, response)
  }

  /** Which words answered, of what is shown: asked for when the order is there, which does not wait for it. */
  async #explain({ id, query, reranker, signal }: Search, { results }: RerankResponse<Entry>): Promise<void> {
    const documents = results.filter(({ scored }) => scored).map(({ document }) => document)
    await this.#wait(REASONS_MS)
    if (documents.length === 0 || id !== this.#newest) return
    const options = { text: ({ read }: Entry) => read, explain: true, onMismatch: 'ignore', key: 'search', signal } as const
    const explained = await reranker.rerank(query, documents, options)
    if (id === this.#newest) this.#parts.view.showReasons(explained.results)
  }

  #end(): void {
    this.#parts.view.setState('done')
    this.#parts.view.onSearching(false)
  }
}

/** What is ranked, and what its order counts for (where nothing is said, what the model recommends). */
interface Plan {
  documents: readonly Entry[]
  firstStageWeight?: number
}

interface Search {
  id: number
  query: string
  asked: number | undefined
  settings: Settings
  reranker: Reranker
  answer: Promise<FirstStageAnswer>
  signal: AbortSignal
}

/**
 * What the first stage found, in its order. The reader's own documents may be few enough to rank them all: those without a shared
 * word follow while there is room, since the model can tell which of them answer in other words.
 */
function candidates(entries: readonly Entry[], places: Uint32Array, { corpus, pool }: Settings): Entry[] {
  const limit = pool || CANDIDATES
  const found = [...places.subarray(0, limit)]
  if (corpus === 'own') {
    const matched = new Set(found)
    for (let at = 0; at < entries.length && found.length < limit; at++) if (!matched.has(at)) found.push(at)
  }
  return found.map((at) => entries[at] as Entry)
}
