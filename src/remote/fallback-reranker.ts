import { prepareChecks, prepareIndexChecks, rerankChecks, scoreChecks } from '../core/call-options.js'
import { Calls } from '../core/calls.js'
import { isIndex } from '../core/document-reranker.js'
import { copyDocuments, extractTexts } from '../core/documents.js'
import { guarded } from '../core/guarded.js'
import { aFunction, checkQuery, numberFrom, type OptionChecks, readOptions, readPairs } from '../core/options.js'
import { rising } from '../core/rising.js'
import { DISPOSE_GRACE_MS, settledWithin } from '../core/settled-within.js'
import { DisposedError, InvalidInputError } from '../errors.js'
import type {
  Pair,
  PreparedIndex,
  PrepareIndexOptions,
  PrepareOptions,
  Reranker,
  RerankerInfo,
  RerankOptions,
  RerankResponse,
  RerankResult,
  ScoreOptions,
  ScoreProgress,
} from '../types.js'
import { FallbackMembers, type FallbackOptions, type RerankerMaker } from './fallback-members.js'

export type { FallbackOptions, RerankerMaker }

const fallbackChecks: OptionChecks<FallbackOptions> = { retryAfterMs: numberFrom({ min: 0 }), onFallback: aFunction }

/**
 * One reranker out of several: each call is answered by the first that can. The page's model and a server where the page has not the
 * memory for it, or a server and the page's model for when that is down.
 *
 * A call is one reranker's from beginning to end: where that fails, all of it is done by the next, so scores are never mixed. The one that
 * failed is left alone for a minute (`retryAfterMs`). An abort, input that cannot be used and errors of the caller's own functions are nobody's failure.
 * Options have to be ones that each of them takes. `info` is that of the one that answered last.
 *
 * The first is made at once; the others when they are needed. Where another is ready, that one answers while one is made again. `dispose()` disposes of all that were made.
 *
 * @example
 * const reranker = await createFallbackReranker([
 *   ({ signal }) => createReranker({ signal }),
 *   () => createRemoteReranker({ url: '/api/rerank', flavour: 'tei' }),
 * ])
 *
 * @throws InvalidInputError (`invalid-input`, `invalid-option`); the last one's error where none can be made. Its calls throw what the
 *   last one's throw where all fail
 */
export async function createFallbackReranker(makers: readonly RerankerMaker[], options: FallbackOptions = {}): Promise<Reranker> {
  if (!Array.isArray(makers) || makers.length === 0 || !makers.every((maker) => typeof maker === 'function')) {
    throw new InvalidInputError('invalid-input', 'Pass a list of functions that make a reranker each, the preferred one first.')
  }
  const members = new FallbackMembers(makers, readOptions('createFallbackReranker', options, fallbackChecks))
  await members.open()
  return new FallbackReranker(members)
}

class FallbackReranker implements Reranker {
  readonly #members: FallbackMembers
  readonly #calls = new Calls()

  constructor(members: FallbackMembers) {
    this.#members = members
  }

  get info(): RerankerInfo {
    return this.#members.info
  }

  async rerank<T>(query: string, documents: readonly T[], options: RerankOptions<T> = {}): Promise<RerankResponse<T>> {
    const start = performance.now()
    this.#calls.checkUsable()
    checkQuery(query)
    const { key, signal, text, budgetMs, onUpdate, onProgress, ...given } = readOptions<RerankOptions<T>>('rerank', options, rerankChecks)
    const own = copyDocuments(documents)
    return this.#calls.run({ signal, key }, async (call) => {
      const texts = extractTexts(own, text)
      call.signal.throwIfAborted()
      if (texts.length === 0) return { results: [], unscored: 0 }
      const end = budgetMs === undefined ? undefined : start + budgetMs
      const update = guarded(onUpdate, call)
      const progress = progressOf(onProgress, call)
      const isRising = rising()
      const response = await this.#members.first(
        call.signal,
        (reranker) =>
          reranker.rerank(query, texts, {
            ...given,
            ...(end !== undefined && { budgetMs: Math.max(0, end - performance.now()) }),
            ...(update && {
              onUpdate: (response, progress) => {
                if (isRising(progress)) update(withDocuments(response, own), progress)
              },
            }),
            onProgress: progress,
            signal: call.signal,
          }),
        end,
      )
      return response ? withDocuments(response, own) : asGiven(own, given)
    })
  }

  async computeScore(pairs: readonly Pair[] | Pair, options: ScoreOptions = {}): Promise<number[]> {
    this.#calls.checkUsable()
    const list = readPairs(pairs)
    const { signal, onProgress, ...given } = readOptions('computeScore', options, scoreChecks)
    return this.#calls.run({ signal }, async (call) => {
      if (list.length === 0) return []
      const each = { ...given, onProgress: progressOf(onProgress, call), signal: call.signal }
      return this.#members.first(call.signal, (reranker) => reranker.computeScore(list, each))
    })
  }

  async prepare<T>(documents: readonly T[] | PreparedIndex, options: PrepareOptions<T> | PrepareIndexOptions = {}): Promise<void> {
    this.#calls.checkUsable()
    if (isIndex(documents)) {
      const { signal, onProgress } = readOptions<PrepareIndexOptions>('prepare with an index', options, prepareIndexChecks)
      return this.#calls.run({ signal }, (call) => {
        const each = { onProgress: progressOf(onProgress, call), signal: call.signal }
        return this.#members.first(call.signal, (reranker) => reranker.prepare(documents, each))
      })
    }
    const { signal, text, onProgress, ...given } = readOptions<PrepareOptions<T>>('prepare', options, prepareChecks)
    const own = copyDocuments(documents)
    return this.#calls.run({ signal }, async (call) => {
      const texts = extractTexts(own, text)
      call.signal.throwIfAborted()
      const each = { ...given, onProgress: progressOf(onProgress, call), signal: call.signal }
      return this.#members.first(call.signal, (reranker) => reranker.prepare(texts, each))
    })
  }

  async dispose(): Promise<void> {
    if (!this.#calls.dispose()) return
    await settledWithin(DISPOSE_GRACE_MS, this.#members.dispose(new DisposedError()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }
}

/** The caller's `onProgress`, for one reranker after the other. */
function progressOf(onProgress: ((progress: ScoreProgress) => void) | undefined, call: AbortController) {
  const tell = guarded(onProgress, call)
  const isRising = rising()
  return (
    tell &&
    ((progress: ScoreProgress) => {
      if (isRising(progress)) tell(progress)
    })
  )
}

/** A reranker is given the texts alone. */
function withDocuments<T>(response: RerankResponse<string>, documents: readonly T[]): RerankResponse<T> {
  const results = response.results.map((result): RerankResult<T> => ({ ...result, document: documents[result.index] as T }))
  return { ...response, results }
}

/** The order that the documents had, where nothing was there to rank them in time. */
function asGiven<T>(documents: readonly T[], { topN, minScore }: Pick<RerankOptions<T>, 'topN' | 'minScore'>): RerankResponse<T> {
  const kept = minScore === undefined ? documents.slice(0, topN) : []
  return {
    results: kept.map((document, index) => ({ index, document, rank: index + 1, scored: false })),
    unscored: documents.length,
  }
}
