import { prepareChecks, prepareIndexChecks, rerankChecks, scoreChecks } from '../core/call-options.js'
import { Calls } from '../core/calls.js'
import { isIndex } from '../core/document-reranker.js'
import { copyDocuments, extractTexts } from '../core/documents.js'
import { guarded } from '../core/guarded.js'
import { inTime } from '../core/in-time.js'
import { aFunction, checkQuery, numberFrom, type OptionChecks, readOptions, readPairs } from '../core/options.js'
import { orAborted } from '../core/or-aborted.js'
import { DISPOSE_GRACE_MS, settledWithin } from '../core/settled-within.js'
import { DisposedError, InvalidInputError, isAbortError, isRerankerError } from '../errors.js'
import type {
  Pair,
  PreparedIndex,
  PrepareIndexOptions,
  PrepareOptions,
  Reranker,
  RerankerInfo,
  RerankOptions,
  RerankResponse,
  ScoreOptions,
  ScoreProgress,
} from '../types.js'

/** Makes a reranker when it is needed. @param hooks.signal aborted by `dispose()` */
export type RerankerMaker = (hooks: { signal: AbortSignal }) => Reranker | PromiseLike<Reranker>

export interface FallbackOptions {
  /** Milliseconds for which one that failed is asked only where no other can answer. @default 60000 */
  retryAfterMs?: number
  /** Called when one has failed and the next is asked, with what it failed with and its place in the list. */
  onFallback?: (error: unknown, place: number) => void
}

const fallbackChecks: OptionChecks<FallbackOptions> = { retryAfterMs: numberFrom({ min: 0 }), onFallback: aFunction }

/**
 * One reranker out of several: each call is answered by the first that can. The page's model and a server where the page has not the
 * memory for it, or a server and the page's model for when that is down.
 *
 * A call is one reranker's from beginning to end: where that fails, all of it is done by the next, so scores are never mixed. The one that
 * failed is left alone for a minute (`retryAfterMs`). An abort, input that cannot be used and errors of the caller's own functions are nobody's failure.
 * Options have to be ones that each of them takes. `info` is that of the one that answered last.
 *
 * The first is made at once; the others when they are needed. `dispose()` disposes of all that were made.
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
  const reranker = new FallbackReranker(makers, readOptions('createFallbackReranker', options, fallbackChecks))
  await reranker.open()
  return reranker
}

/** One of the rerankers, made or not. */
interface Member {
  make: RerankerMaker
  place: number
  made?: Promise<Reranker>
  /** Until when it is left alone, in `performance.now()` time. */
  restsUntil: number
}

class FallbackReranker implements Reranker {
  readonly #members: Member[]
  readonly #retryAfterMs: number
  readonly #onFallback: FallbackOptions['onFallback']
  readonly #calls = new Calls()
  readonly #life = new AbortController()
  #info: () => RerankerInfo = () => ({})

  constructor(makers: readonly RerankerMaker[], { retryAfterMs = 60_000, onFallback }: FallbackOptions) {
    this.#members = makers.map((make, place) => ({ make, place, restsUntil: 0 }))
    this.#retryAfterMs = retryAfterMs
    this.#onFallback = onFallback
  }

  get info(): RerankerInfo {
    return this.#info()
  }

  /** Make the first that can be made. */
  async open(): Promise<void> {
    await this.#first(this.#life.signal, async () => undefined)
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
      const isRising = rising()
      const response = await this.#first(
        call.signal,
        (reranker) =>
          reranker.rerank(query, own, {
            ...given,
            text: (_, index) => texts[index] as string,
            ...(end !== undefined && { budgetMs: Math.max(0, end - performance.now()) }),
            ...(update && {
              onUpdate: (response, progress) => {
                if (isRising(progress)) update(response, progress)
              },
            }),
            onProgress: progressOf(onProgress, call),
            signal: call.signal,
          }),
        end,
      )
      return response ?? asGiven(own, given)
    })
  }

  async computeScore(pairs: readonly Pair[] | Pair, options: ScoreOptions = {}): Promise<number[]> {
    this.#calls.checkUsable()
    const list = readPairs(pairs)
    const { signal, onProgress, ...given } = readOptions('computeScore', options, scoreChecks)
    return this.#calls.run({ signal }, async (call) => {
      if (list.length === 0) return []
      return this.#first(call.signal, (reranker) =>
        reranker.computeScore(list, { ...given, onProgress: progressOf(onProgress, call), signal: call.signal }),
      )
    })
  }

  async prepare<T>(documents: readonly T[] | PreparedIndex, options: PrepareOptions<T> | PrepareIndexOptions = {}): Promise<void> {
    this.#calls.checkUsable()
    if (isIndex(documents)) {
      const { signal, onProgress } = readOptions<PrepareIndexOptions>('prepare with an index', options, prepareIndexChecks)
      return this.#calls.run({ signal }, (call) =>
        this.#first(call.signal, (reranker) =>
          reranker.prepare(documents, { onProgress: progressOf(onProgress, call), signal: call.signal }),
        ),
      )
    }
    const { signal, text, onProgress, ...given } = readOptions<PrepareOptions<T>>('prepare', options, prepareChecks)
    const own = copyDocuments(documents)
    return this.#calls.run({ signal }, async (call) => {
      const texts = extractTexts(own, text)
      call.signal.throwIfAborted()
      return this.#first(call.signal, (reranker) =>
        reranker.prepare(texts, { ...given, onProgress: progressOf(onProgress, call), signal: call.signal }),
      )
    })
  }

  async dispose(): Promise<void> {
    if (!this.#calls.dispose()) return
    this.#life.abort(new DisposedError())
    // One that is still being made is disposed of when it is there, whoever waits for it.
    const ends = this.#members.map(async ({ made }) => (await made)?.dispose())
    await settledWithin(DISPOSE_GRACE_MS, Promise.allSettled(ends))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  /**
   * What the first that can comes to.
   *
   * @param end `performance.now()` time when it is too late to begin: then the answer is undefined
   */
  #first<R>(signal: AbortSignal, work: (reranker: Reranker) => Promise<R>): Promise<R>
  #first<R>(signal: AbortSignal, work: (reranker: Reranker) => Promise<R>, end: number | undefined): Promise<R | undefined>
  async #first<R>(signal: AbortSignal, work: (reranker: Reranker) => Promise<R>, end?: number): Promise<R | undefined> {
    let last: unknown
    for (const member of this.#inOrder()) {
      let reranker: Reranker | undefined
      try {
        const made = () => orAborted(this.#made(member), signal)
        reranker = await (end === undefined ? made() : inTime(end, made, () => undefined))
        if (!reranker) return undefined
        const own = reranker
        const answer = await work(own)
        member.restsUntil = 0
        this.#info = () => own.info
        return answer
      } catch (error) {
        signal.throwIfAborted()
        if (!(reranker ? isFailure(error) : !isCallersMistake(error))) throw error
        last = error
        member.restsUntil = performance.now() + this.#retryAfterMs
        this.#tell(error, member)
      }
    }
    throw last
  }

  /** Those that may well answer first, each in the list's order. */
  #inOrder(): Member[] {
    const now = performance.now()
    return this.#members.toSorted((a, b) => Number(a.restsUntil > now) - Number(b.restsUntil > now))
  }

  #made(member: Member): Promise<Reranker> {
    if (!member.made) {
      const made = (async () => member.make({ signal: this.#life.signal }))()
      member.made = made
      // The next call makes it anew.
      made.catch(() => {
        if (member.made === made) member.made = undefined
      })
    }
    return member.made
  }

  #tell(error: unknown, { place }: Member): void {
    try {
      this.#onFallback?.(error, place)
    } catch (thrown) {
      console.error('page-rerank: onFallback failed.', thrown)
    }
  }
}

/** Whether another reranker may do what this one could not. */
function isFailure(error: unknown): boolean {
  return isRerankerError(error) && error.name !== 'IndexError' && !isCallersMistake(error)
}

function isCallersMistake(error: unknown): boolean {
  return isAbortError(error) || (isRerankerError(error) && error.name === 'InvalidInputError')
}

/** Says of each report whether it is as far as the one before: a call that is begun anew is silent until then. */
function rising(): (progress: ScoreProgress) => boolean {
  let furthest = 0
  return ({ scored }) => {
    if (scored < furthest) return false
    furthest = scored
    return true
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

/** The order that the documents had, where nothing was there to rank them in time. */
function asGiven<T>(documents: readonly T[], { topN, minScore }: Pick<RerankOptions<T>, 'topN' | 'minScore'>): RerankResponse<T> {
  const kept = minScore === undefined ? documents.slice(0, topN) : []
  return {
    results: kept.map((document, index) => ({ index, document, rank: index + 1, scored: false })),
    unscored: documents.length,
  }
}
