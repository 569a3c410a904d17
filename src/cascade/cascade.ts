import { prepareChecks, prepareIndexChecks, rerankChecks, scoreChecks } from '../core/call-options.js'
import { Calls } from '../core/calls.js'
import { isIndex } from '../core/document-reranker.js'
import { copyDocuments, extractTexts } from '../core/documents.js'
import { guarded } from '../core/guarded.js'
import { checkQuery, readOptions } from '../core/options.js'
import { messageOf } from '../errors.js'
import type {
  OnMismatch,
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
  Shortfall,
} from '../types.js'
import { joinOrders, scoredHead } from './joined-order.js'

interface Settings {
  pool: number
  firstStageWeight: number
}

/** A call's options as the stages get them; what is over is the cascade's own. */
interface StageCall extends Pick<RerankOptions<string>, 'maxLength' | 'longDocuments' | 'onMismatch' | 'budgetMs' | 'signal'> {}

/** See `createCascade`. */
export class Cascade implements Reranker {
  readonly #first: Reranker
  readonly #second: Reranker
  readonly #settings: Settings
  readonly #calls = new Calls()

  constructor(first: Reranker, second: Reranker, settings: Settings) {
    this.#first = first
    this.#second = second
    this.#settings = settings
  }

  /** The first stage's, which all documents go through; the scores at the top are the second's, and lengths have to suit both. */
  get info(): RerankerInfo {
    const [first, second] = [this.#first.info, this.#second.info]
    const positions = [first, second].flatMap(({ maxPositions }) => maxPositions ?? [])
    return {
      ...first,
      activation: second.activation,
      maxPositions: positions.length > 0 ? Math.min(...positions) : undefined,
      stages: { first, second },
    }
  }

  async rerank<T>(query: string, documents: readonly T[], options: RerankOptions<T> = {}): Promise<RerankResponse<T>> {
    const start = performance.now()
    this.#calls.checkUsable()
    checkQuery(query)
    const given = readOptions<RerankOptions<T>>('rerank', options, rerankChecks)
    const { key, text, topN, minScore, maxLength, longDocuments, onMismatch, explain, firstStageWeight, budgetMs } = given
    const own = copyDocuments(documents)
    return this.#calls.run({ signal: given.signal, key }, async (call) => {
      const texts = extractTexts(own, text)
      call.signal.throwIfAborted()
      if (texts.length === 0) return { results: [], unscored: 0 }
      const pool = Math.min(this.#settings.pool, texts.length)
      // What both stages have to score.
      const total = texts.length + pool
      let furthest = 0
      /** Never less than before: a stage may be begun anew by another reranker, which has less time and gets less far. */
      const upTo = (scored: number): ScoreProgress => {
        furthest = Math.max(furthest, scored)
        return { scored: furthest, total }
      }
      const onProgress = guarded(given.onProgress, call)
      const onUpdate = guarded(given.onUpdate, call)
      const timeLeft = () => (budgetMs === undefined ? undefined : Math.max(0, start + budgetMs - performance.now()))
      const stage = (): StageCall => ({ maxLength, longDocuments, onMismatch, budgetMs: timeLeft(), signal: call.signal })
      const join = (orders: { first: RerankResponse<string>; second?: RerankResponse<string> }, shortfall?: Omit<Shortfall, 'scored'>) =>
        joinOrders(own, { ...orders, pool }, { topN, minScore, shortfall })

      const first = await this.#first.rerank(query, texts, {
        ...stage(),
        explain,
        firstStageWeight,
        ...(topN !== undefined && { topN: Math.max(topN, pool) }),
        ...(onProgress && { onProgress: (progress) => onProgress(upTo(shareOf(progress, texts.length))) }),
        ...(onUpdate && { onUpdate: (first, progress) => onUpdate(join({ first }), upTo(shareOf(progress, texts.length))) }),
      })
      call.signal.throwIfAborted()
      if (timeLeft() === 0) return join({ first }, noTime)
      const before = texts.length - first.unscored
      onUpdate?.(join({ first }), upTo(before))
      call.signal.throwIfAborted()

      const head = first.results.slice(0, pool).map(({ document }) => document)
      let second: RerankResponse<string>
      try {
        second = await this.#second.rerank(query, head, {
          ...stage(),
          firstStageWeight: this.#settings.firstStageWeight,
          ...(onProgress && { onProgress: (progress) => onProgress(upTo(before + shareOf(progress, pool))) }),
          ...(onUpdate && {
            onUpdate(second, progress) {
              if (scoredHead({ second, pool }) > 0) onUpdate(join({ first, second }), upTo(before + shareOf(progress, pool)))
            },
          }),
        })
      } catch (error) {
        // The caller's own mistake is no failure of the stage. What was aborted has ended for the caller by now.
        if (error instanceof Error && error.name === 'InvalidInputError') throw error
        return join({ first }, { code: 'failed', reason: `The second stage failed: ${messageOf(error)}`, error })
      }
      return join({ first, second }, shortfallOf(second, onMismatch))
    })
  }

  /** The second stage's numbers. */
  async computeScore(pairs: readonly Pair[] | Pair, options: ScoreOptions = {}): Promise<number[]> {
    this.#calls.checkUsable()
    const { signal, ...rest } = readOptions<ScoreOptions>('computeScore', options, scoreChecks)
    return this.#calls.run({ signal }, (call) => this.#second.computeScore(pairs, { ...rest, signal: call.signal }))
  }

  /** Both stages read documents ahead; the progress that is told is the first's. An index is the first's. */
  async prepare<T>(documents: readonly T[] | PreparedIndex, options: PrepareOptions<T> | PrepareIndexOptions = {}): Promise<void> {
    this.#calls.checkUsable()
    if (isIndex(documents)) {
      const { signal, onProgress } = readOptions<PrepareIndexOptions>('prepare with an index', options, prepareIndexChecks)
      return this.#calls.run({ signal }, (call) =>
        this.#first.prepare(documents, { onProgress: guarded(onProgress, call), signal: call.signal }),
      )
    }
    const { text, signal, onProgress, ...rest } = readOptions<PrepareOptions<T>>('prepare', options, prepareChecks)
    const own = copyDocuments(documents)
    return this.#calls.run({ signal }, async (call) => {
      const texts = extractTexts(own, text)
      call.signal.throwIfAborted()
      const each = { ...rest, signal: call.signal }
      await Promise.all([this.#first.prepare(texts, { ...each, onProgress: guarded(onProgress, call) }), this.#second.prepare(texts, each)])
    })
  }

  /** The stages were made by others, who may use them still. */
  async dispose(): Promise<void> {
    this.#calls.dispose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }
}

/** A stage's progress in so many scores: one that is a cascade itself counts more of them. */
function shareOf({ scored, total }: ScoreProgress, count: number): number {
  return Math.round((scored / total) * count)
}

const noTime: Omit<Shortfall, 'scored'> = { code: 'budget', reason: 'The time was over before the second stage began.' }

function shortfallOf(
  { unscored, mismatch }: RerankResponse<string>,
  onMismatch: OnMismatch = 'keep-order',
): Omit<Shortfall, 'scored'> | undefined {
  if (unscored === 0) return undefined
  if (mismatch && onMismatch === 'keep-order')
    return { code: 'mismatch', reason: `The second stage does not fit the call: ${mismatch.reason}` }
  return { code: 'budget', reason: 'The time was over before the second stage had scored all of its documents.' }
}
