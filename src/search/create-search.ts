import { aReranker, rerankChecks } from '../core/call-options.js'
import { aFunction, anAddress, describe, kind, numberFrom, type OptionChecks, readOptions } from '../core/options.js'
import { whenAborted } from '../core/or-aborted.js'
import { InvalidInputError } from '../errors.js'
import type { Mismatch, Reranker, RerankOptions, RerankResult, ScoreProgress } from '../types.js'
import { Corpus } from './corpus.js'

/** What a search shows: first the first stage's order, then orders of the model, each better than the one before. */
export interface SearchUpdate<T> {
  query: string
  /** Best first. Until the model has ranked them they are `scored: false`, in the first stage's order. */
  results: RerankResult<T>[]
  /**
   * - `first-stage`: what the first stage found, in its order; the model is at work, or still loading.
   * - `provisional`: an order of the model that is not the last.
   * - `final`: no more will come for this query.
   */
  stage: 'first-stage' | 'provisional' | 'final'
  /** Why the model does not fit the query or its documents, where it does not: the order is the first stage's. */
  mismatch?: Mismatch
  /**
   * What failed: the first stage, loading the model, or ranking. `results` are the best that there are all the same, and the next
   * search is tried anew.
   */
  error?: unknown
}

export interface SearchOptions<T>
  extends Pick<
    RerankOptions<T>,
    'text' | 'topN' | 'minScore' | 'maxLength' | 'longDocuments' | 'onMismatch' | 'firstStageWeight' | 'explain' | 'budgetMs'
  > {
  /** From `createReranker()`; its promise will do: until it is there, the first stage's order stands. It stays yours to dispose of. */
  reranker: Reranker | PromiseLike<Reranker>
  /**
   * Any search: documents for a query, best first. `signal` is aborted when a newer query has come, for those that fetch.
   * What it throws is told as `error`.
   */
  firstStage: (query: string, options: { signal: AbortSignal }) => Iterable<T> | PromiseLike<Iterable<T>>
  /** Documents of the first stage that the model ranks; the others follow in their own order. @default 50 */
  pool?: number
  /**
   * Everything that is searched, where it is at hand and not more than some thousands: a late-interaction model reads it while nothing
   * else is to be done, and from then on ranks all of it at each key press, so that it finds what the first stage does not.
   */
  documents?: readonly T[]
  /** Address of an index of `documents` (`page-rerank index`): they need not be read in the page. @default none */
  index?: string | URL
  /**
   * Milliseconds without a new query before the model begins, for all but late-interaction models, which begin at once: cross-encoders
   * read documents anew at each query, and a server (`page-rerank/remote`) is asked anew. @default 250
   */
  delay?: number
  /** Called with each order of the newest query, never with one of an older. */
  onUpdate?: (update: SearchUpdate<T>) => void
  /** Called while `documents` are read. */
  onProgress?: (progress: ScoreProgress) => void
}

/** A search box's search: the newest query alone counts. */
export interface Search<T> {
  /**
   * Search at each key press; an empty query ends what is under way.
   *
   * @returns the final order; null where a newer query, `cancel` or `dispose` took over. Rejects only with what `onUpdate` threw.
   */
  search(query: string): Promise<SearchUpdate<T> | null>
  /** End what is under way. */
  cancel(): void
  /** The same, and stop reading `documents`. */
  dispose(): void
}

const POOL = 50
const DELAY_MS = 250
/** Ranking some thousands of documents that were read takes a fraction of it: whatever takes longer reads them anew. */
const PATIENCE_MS = 2000

/**
 * Put a reranker behind any first stage.
 *
 * @example
 * const { search } = createSearch({
 *   reranker: createReranker(),
 *   firstStage: (query) => miniSearch.search(query),
 *   text: (hit) => `${hit.title}\n${hit.body}`,
 *   onUpdate: ({ results }) => render(results.map(({ document }) => document)),
 * })
 * input.addEventListener('input', () => search(input.value))
 *
 * @throws InvalidInputError (`invalid-option`)
 */
export function createSearch<T>(given: SearchOptions<T>): Search<T> {
  const options = readOptions<SearchOptions<T>>('createSearch', given, searchChecks)
  for (const name of ['reranker', 'firstStage'] as const)
    if (options[name] === undefined)
      throw new InvalidInputError('invalid-option', `createSearch needs ${name}. docs/search.md has examples.`, { option: name })
  const { firstStage, documents, onUpdate, pool = POOL, delay = DELAY_MS, topN, minScore, firstStageWeight } = options
  const { text, maxLength, longDocuments, onMismatch, explain, budgetMs } = options
  const ranking = { text, maxLength, longDocuments, onMismatch, explain, budgetMs, minScore, topN }
  const ready = Promise.resolve(options.reranker).then(checkReranker)
  // Where nobody searches yet, nobody hears of its failure.
  ready.catch(() => undefined)
  const corpus = documents && new Corpus(ready, { ...options, documents })
  let current = new AbortController()

  const tell = (update: SearchUpdate<T>) => {
    onUpdate?.(update)
    return update
  }

  const find = (query: string, signal: AbortSignal) => outcome(async () => asList(await firstStage(query, { signal })))

  // Settled when no call of rerank is under way.
  let idle: Promise<unknown> = Promise.resolve()

  /** One call at a time, even of a reranker that does not hear the signal: what is overtaken while it waits never begins. */
  async function rerankAlone(reranker: Reranker, query: string, texts: readonly T[], given: RerankOptions<T>, signal: AbortSignal) {
    await idle
    signal.throwIfAborted()
    const answer = reranker.rerank(query, texts, { ...ranking, ...given, signal })
    idle = outcome(async () => answer)
    return answer
  }

  /** What the first stage found, then the model's order of its first ones. */
  async function searchPool(query: string, signal: AbortSignal): Promise<SearchUpdate<T> | null> {
    const found = await find(query, signal)
    if (signal.aborted) return null
    if (found.value?.length) tell({ query, results: unscored(found.value, 0, topN), stage: 'first-stage' })
    return rankPool(query, found, signal)
  }

  async function rankPool(query: string, found: Outcome<T[]>, signal: AbortSignal): Promise<SearchUpdate<T> | null> {
    const hits = found.value ?? []
    const asFound = { query, results: unscored(hits, 0, topN) }
    if ('error' in found || hits.length === 0) return tell({ ...asFound, stage: 'final', ...errorOf(found) })
    const withRest = (results: RerankResult<T>[], rest = minScore === undefined) => {
      const others = rest ? unscored(hits.slice(pool), pool, topN) : []
      return [...results, ...others].slice(0, topN)
    }
    const ranked = await outcome(async () => {
      const reranker = await ready
      // Only such a model has read the pool before: others would read it anew at each key press, and a server be asked.
      if (reranker.info.kind !== 'late-interaction') await pause(delay)
      const onUpdate = ({ results }: { results: RerankResult<T>[] }) => {
        if (!signal.aborted) tell({ query, results: withRest(results), stage: 'provisional' })
      }
      return rerankAlone(reranker, query, hits.slice(0, pool), { firstStageWeight, onUpdate }, signal)
    })
    if (signal.aborted) return null
    if (!ranked.value) return tell({ ...asFound, stage: 'final', ...errorOf(ranked) })
    const { results, mismatch } = ranked.value
    // Where the model had no say, a least score leaves nothing out.
    const all = withRest(results, minScore === undefined || isUnranked(mismatch))
    return tell({ query, results: all, stage: 'final', ...(mismatch && { mismatch }) })
  }

  /** The model's order of everything. The first stage's is shown where it is there before, and nobody waits for it. */
  async function searchEverything(read: Corpus<T>, query: string, signal: AbortSignal): Promise<SearchUpdate<T> | null> {
    let isRanked = false
    let thrown: { error: unknown } | undefined
    const finding = find(query, signal).then((found) => {
      try {
        if (found.value && !isRanked && !signal.aborted) tell({ query, results: unscored(found.value, 0, topN), stage: 'first-stage' })
      } catch (error) {
        // Nobody waits for this where the order comes first; `search` rejects with it.
        thrown = { error }
      }
      return found
    })
    const call = new AbortController()
    const stopWaiting = whenAborted(signal, () => call.abort(signal.reason))
    const patience = setTimeout(() => call.abort(), PATIENCE_MS)
    const ranked = await outcome(async () =>
      // The order of the documents says nothing.
      rerankAlone(await ready, query, read.documents, { topN: topN ?? pool, firstStageWeight: 0 }, call.signal),
    )
    clearTimeout(patience)
    stopWaiting()
    isRanked = true
    if (thrown) throw thrown.error
    if (signal.aborted) return null
    const { results, mismatch, unscored: left = 0 } = ranked.value ?? {}
    const isWhole = left === 0 && !isUnranked(mismatch)
    if (results && isWhole) return tell({ query, results, stage: 'final', ...(mismatch && { mismatch }) })
    // Its worker died, say, or other documents took their place.
    if (call.signal.aborted || (left > 0 && !mismatch)) read.again()
    // The documents' own order is none.
    const found = await finding
    if (signal.aborted) return null
    if (call.signal.aborted) return rankPool(query, found, signal)
    const why = { ...(mismatch && { mismatch }), ...errorOf(found), ...errorOf(ranked) }
    return tell({ query, results: unscored(found.value ?? [], 0, topN), stage: 'final', ...why })
  }

  const isUnranked = (mismatch: Mismatch | undefined) => mismatch !== undefined && (onMismatch ?? 'keep-order') === 'keep-order'

  const cancel = () => {
    current.abort()
    current = new AbortController()
  }
  return {
    async search(query) {
      cancel()
      const { signal } = current
      if (typeof query !== 'string') {
        const error = new InvalidInputError('invalid-input', `The query is ${describe(query)}; it must be a string.`)
        return tell({ query: '', results: [], stage: 'final', error })
      }
      if (query.trim() === '') return tell({ query, results: [], stage: 'final' })
      const answer = corpus?.isRead ? searchEverything(corpus, query, signal) : searchPool(query, signal)
      // Of one that was overtaken nobody waits for a first stage that may never answer.
      return new Promise((resolve, reject) => {
        const stopWaiting = whenAborted(signal, () => resolve(null))
        answer.then(resolve, reject).finally(stopWaiting)
      })
    },
    cancel,
    dispose() {
      cancel()
      corpus?.stop()
    },
  }
}

const { text, topN, minScore, maxLength, longDocuments, onMismatch, firstStageWeight, explain, budgetMs, onUpdate, onProgress } =
  rerankChecks

/** Options of a search; what else has them checks with these. */
export const searchChecks: OptionChecks<SearchOptions<never>> = {
  reranker: aReranker,
  firstStage: aFunction,
  pool: numberFrom({ min: 1, integer: true }),
  documents: kind('an array', Array.isArray),
  index: anAddress,
  delay: numberFrom({ min: 0 }),
  text,
  topN,
  minScore,
  maxLength,
  longDocuments,
  onMismatch,
  firstStageWeight,
  explain,
  budgetMs,
  onUpdate,
  onProgress,
}

/** In the order given, from a place on. */
function unscored<T>(documents: readonly T[], from: number, topN = Number.POSITIVE_INFINITY): RerankResult<T>[] {
  return documents.slice(0, topN).map((document, i) => ({ index: from + i, document, rank: from + i + 1, scored: false }))
}

/** What came of it: a value or an error, never a rejection. */
type Outcome<V> = { value: V } | { value?: undefined; error: unknown }

async function outcome<V>(work: () => Promise<V>): Promise<Outcome<V>> {
  try {
    return { value: await work() }
  } catch (error) {
    // Who looks whether there is an error has to find one.
    return { error: error || new InvalidInputError('invalid-input', `${describe(error)} was thrown; throw an Error, so that it says why.`) }
  }
}

/** What a promise comes to is not known before. */
function checkReranker(reranker: Reranker): Reranker {
  aReranker('reranker', reranker)
  return reranker
}

function asList<T>(found: Iterable<T>): T[] {
  // A text is a list of letters to JavaScript.
  if (typeof found === 'object' && found !== null && Symbol.iterator in found) return [...found]
  throw new InvalidInputError('invalid-input', `The first stage answered ${describe(found)}; it must be a list of documents.`)
}

function errorOf(outcome: Outcome<unknown>): { error?: unknown } {
  return 'error' in outcome ? { error: outcome.error } : {}
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
