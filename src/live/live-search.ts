import { kind, type OptionChecks, readOptions } from '../core/options.js'
import { InvalidInputError } from '../errors.js'
import { createSearch, type Search, type SearchOptions, type SearchUpdate, searchChecks } from '../search/create-search.js'
import type { Reranker, RerankResult } from '../types.js'
import { haveSameTexts, isSame } from './same.js'
import { type HeldReranker, holdReranker, IDLE, type RerankerSource, type RerankerState, stateUnheld } from './shared-reranker.js'

/** What is searched, and how: `createSearch`'s options, of which each may be another one at any time. */
export interface LiveSearchOptions<T> extends Omit<SearchOptions<T>, 'reranker' | 'firstStage' | 'onUpdate'> {
  /**
   * Options of `createReranker`, for a reranker that is loaded here and shared by all that ask for the same; or one that is at hand, or
   * its promise. null: none yet, the first stage's order stands. @default {}
   */
  reranker?: RerankerSource | null
  /** Any search: documents for a query, best first. `signal` is aborted when a newer query has come. */
  firstStage?: SearchOptions<T>['firstStage']
  /** In place of `firstStage`: what something else has found for the query, best first. */
  hits?: readonly T[]
}

/** What a search shows now. */
export interface SearchState<T> {
  /** What `results` are of: the query before, until something was found for the newest one. */
  readonly query: string
  /** Best first, as in `createSearch`'s updates. */
  readonly results: readonly RerankResult<T>[]
  readonly stage: SearchUpdate<T>['stage']
  /** More may come for the newest query. */
  readonly pending: boolean
  /** Why the model does not fit the query or its documents, where it does not: the order is the first stage's. */
  readonly mismatch?: SearchUpdate<T>['mismatch']
  /** What failed: the first stage, loading the model, or ranking. `results` are the best that there are all the same. */
  readonly error?: unknown
  /** The reranker, or how far it is from being one. */
  readonly model: RerankerState
}

/**
 * A search box's state over time, for a framework to show. Making one has no effects; it works from `start` to `stop`, as often as that
 * happens, and tells nothing after `stop`.
 */
export class LiveSearch<T> {
  state: SearchState<T>
  #query: string
  #options: LiveSearchOptions<T>
  /** What the search was opened with. */
  #setup: Record<string, unknown> = {}
  #search: Search<T> | undefined
  /** Why there is none. */
  #problem: unknown
  /** The same query once more: its hits are shown already. */
  #isRepeated = false
  /** The hits that `state.results` are of, or will be. */
  #ranked: readonly T[] | undefined
  #held: HeldReranker | undefined
  #ready: PromiseLike<Reranker> | undefined
  #onChange: (() => void) | undefined

  constructor(query: string | null | undefined, options: LiveSearchOptions<T>) {
    this.#query = asQuery(query)
    this.#options = options
    this.#ranked = options.hits
    const pending = this.#query.trim() !== ''
    this.state = {
      query: this.#query,
      results: asFound(options.hits),
      stage: pending ? 'first-stage' : 'final',
      pending,
      model: stateUnheld(sourceOf(options)),
    }
  }

  start(onChange: () => void): void {
    this.#onChange = onChange
    this.#open()
  }

  stop(): void {
    this.#onChange = undefined
    this.#close()
  }

  /**
   * The query and the options as they are now: what is the same as before goes on. Hits that are other objects with the same texts are told
   * to nobody: where each rendering makes its own, telling would be the next rendering. `stateWith` has them.
   */
  update(query: string | null | undefined, options: LiveSearchOptions<T>): void {
    const before = { query: this.#query, hits: this.#options.hits }
    this.#query = asQuery(query)
    this.#options = options
    if (!this.#onChange) return
    if (!this.#isSameSetup()) this.#open()
    else if (this.#query !== before.query || !haveSameTexts(before.hits, options.hits, this.#text)) this.#run()
  }

  /** The state with these options' hits in place of those that were ranked, where they have the same texts. It changes nothing. */
  stateWith(options: LiveSearchOptions<T>): SearchState<T> {
    const { state } = this
    const ranked = this.#ranked
    const { hits } = options
    if (!hits || !ranked || hits === ranked || !haveSameTexts(ranked, hits, textsBy(options))) return state
    const newest = ({ index, document }: RerankResult<T>) => (ranked[index] === document ? (hits[index] as T) : document)
    // Other lists of the same objects, as a filter makes them, are no other results.
    if (state.results.every((one) => newest(one) === one.document)) return state
    return { ...state, results: state.results.map((one) => ({ ...one, document: newest(one) })) }
  }

  /** The same once more: it failed, say. */
  again(): void {
    if (this.#onChange) this.#run()
  }

  /** With the newest functions: new ones are no new search. */
  readonly #text = (document: T, index: number): string => textsBy(this.#options)(document, index)

  readonly #firstStage: SearchOptions<T>['firstStage'] = (query, { signal }) => {
    const { hits, firstStage } = this.#options
    if (hits) return hits
    if (firstStage) return firstStage(query, { signal })
    throw new InvalidInputError('invalid-option', 'A search needs firstStage, or hits.', { option: 'firstStage' })
  }

  #isSameSetup(): boolean {
    const { documents, ...setup } = setupOf(this.#options)
    const { documents: before, ...known } = this.#setup as typeof setup & { documents?: readonly T[] }
    return isSame(setup, known) && haveSameTexts(before, documents, this.#text)
  }

  #open(): void {
    const before = this.#held
    const source = sourceOf(this.#options)
    this.#setup = setupOf(this.#options)
    this.#held = source === null ? undefined : holdReranker(source, this.#onModel)
    // After the new one is held: where it is the same, it stays.
    before?.release()
    this.#tell({ model: this.#held?.state ?? IDLE })
    this.#begin()
  }

  #begin(): void {
    // Without one, a promise of its own that nothing comes of: waiting for it is forgotten with it.
    this.#ready = this.#held?.ready ?? new Promise<never>(() => undefined)
    this.#search?.dispose()
    this.#search = undefined
    try {
      this.#search = this.#create()
    } catch (error) {
      this.#problem = error
    }
    this.#run()
  }

  #close(): void {
    this.#search?.dispose()
    this.#search = undefined
    this.#held?.release()
    this.#held = undefined
  }

  readonly #onModel = () => {
    if (!this.#held) return
    this.#tell({ model: this.#held.state })
    // It is loaded anew.
    if (this.#held.ready !== this.#ready) this.#begin()
  }

  #run(isRepeated = false): void {
    this.#isRepeated = isRepeated
    const query = this.#query
    const { hits } = this.#options
    this.#ranked = hits
    if (query.trim() === '') {
      this.#search?.cancel()
      this.#show({ query, results: asFound(hits), stage: 'final' })
    } else if (this.#search) {
      this.#tell({ pending: true })
      void this.#search.search(query)
    } else {
      this.#show({ query, results: asFound(hits), stage: 'final', error: this.#problem })
    }
  }

  #create(): Search<T> {
    const { reranker: _, hits: __, firstStage: ___, text, ...rest } = readOptions<LiveSearchOptions<T>>('A search', this.#options, checks)
    const search: Search<T> = createSearch<T>({
      ...rest,
      reranker: this.#ready as PromiseLike<Reranker>,
      ...(text && { text: this.#text }),
      firstStage: this.#firstStage,
      onProgress: (progress) => {
        this.#options.onProgress?.(progress)
        // What is shown is an order of what the first stage found: now there is more. Once, whatever becomes of that.
        const isRead = progress.scored === progress.total && !this.#isRepeated
        if (this.#search === search && isRead && this.#query.trim() !== '') this.#run(true)
      },
      onUpdate: (update) => {
        if (this.#search === search && !(this.#isRepeated && update.stage === 'first-stage')) this.#show(update)
      },
    })
    return search
  }

  #show({ query, results, stage: told, mismatch, error }: SearchUpdate<T>): void {
    // Where there is no model, nothing comes after the first stage.
    const stage = this.#held ? told : 'final'
    this.#tell({ query, results, stage, mismatch, error, pending: stage !== 'final' })
  }

  #tell(change: Partial<SearchState<T>>): void {
    this.state = { ...this.state, ...change }
    this.#onChange?.()
  }
}

const { onUpdate: _, ...shared } = searchChecks

const checks: OptionChecks<LiveSearchOptions<never>> = {
  ...shared,
  reranker: kind('options of createReranker, a Reranker, the promise of one, or null', (value) => typeof value === 'object'),
  hits: kind('an array', Array.isArray),
}

/** What is not there yet is empty. */
const asQuery = (query: string | null | undefined): string => (query === undefined || query === null ? '' : String(query))

/** What a document says, as the search reads it. */
function textsBy<T>({ text }: LiveSearchOptions<T>): (document: T, index: number) => string {
  return text ?? ((document) => (typeof document === 'string' ? document : (document as { text: string }).text))
}

const sourceOf = <T>({ reranker }: LiveSearchOptions<T>): RerankerSource | null => (reranker === undefined ? {} : reranker)

/** What a search keeps from its beginning to its end. */
function setupOf<T>(options: LiveSearchOptions<T>) {
  const { firstStage: _, hits: __, onProgress: ___, text, ...setup } = options
  return { ...setup, reranker: sourceOf(options), text: text !== undefined }
}

function asFound<T>(hits: readonly T[] | undefined): RerankResult<T>[] {
  if (!Array.isArray(hits)) return []
  return hits.map((document, index) => ({ index, document, rank: index + 1, scored: false }))
}
