import { DisposedError } from '../errors.js'
import type { RerankerInfo, ScoreProgress } from '../types.js'
import { batchEnd } from './batching.js'
import { createBreather } from './breathe.js'
import type { CallHooks, Engine, RerankRequest, ScoreRequest } from './engine.js'
import { Mutex } from './mutex.js'
import { checkNumber } from './options.js'
import { order, type Ranked, sigmoid } from './ordering.js'
import { encodePair, type PairLimits } from './pair-encoding.js'
import type { BatchPolicy, EncodedPair, Session } from './session.js'
import type { Tokenizer } from './tokenizer.js'

/** FlagReranker's default `max_length`. */
const DEFAULT_MAX_LENGTH = 512

/** Pairs tokenized ahead: bounds memory for ten thousand documents and leaves enough to sort by length. */
const WINDOW = 512
/** The same when somebody waits for provisional orders or for a deadline: first-stage order counts more than density. */
const ANYTIME_WINDOW = 32

/** Milliseconds between two reports of a call. */
const REPORT_MS = 100

/** Lengths a model works with, in tokens. */
export interface ModelLimits {
  /** What the model was trained for; the default. */
  maxLength: number
  /** What its position embeddings allow. */
  maxPositions: number
}

interface ScoringOptions extends CallHooks {
  count: number
  encode: (index: number) => EncodedPair
  batchSize?: number
  /** `performance.now()` time at which to stop. */
  deadline?: number
  /** Score in windows small enough for provisional orders. */
  anytime: boolean
  onScored?: (logits: Float64Array, progress: ScoreProgress) => void
}

/**
 * The pipeline: pairs → token ids → batches → logits → order. Runs in whatever thread made it.
 *
 * Calls share the session batch by batch, first come first served, so a long call never locks out a short one.
 */
export class CrossEncoder implements Engine {
  readonly #tokenizer: Tokenizer
  readonly #session: Session
  readonly #limits: ModelLimits
  readonly #readInfo: () => RerankerInfo
  readonly #mutex = new Mutex()
  readonly #disposal = new AbortController()

  constructor(parts: { tokenizer: Tokenizer; session: Session; limits: ModelLimits; info: () => RerankerInfo }) {
    this.#tokenizer = parts.tokenizer
    this.#session = parts.session
    this.#limits = parts.limits
    this.#readInfo = parts.info
  }

  get info(): RerankerInfo {
    return this.#readInfo()
  }

  async rerank({ query, texts, topN, minScore, maxLength, budgetMs, onUpdate, onProgress, signal }: RerankRequest): Promise<Ranked[]> {
    const deadline = budgetMs === undefined ? undefined : performance.now() + budgetMs
    const limits = this.#pairLimits({ maxLength })
    const { encode, template } = this.#tokenizer
    const queryIds = encode(query, limits.maxLength)
    const selection = { topN, minScore }
    const logits = await this.#score({
      count: texts.length,
      encode: (index) => encodePair(queryIds, encode(texts[index] as string, limits.maxLength), template, limits),
      anytime: deadline !== undefined || onUpdate !== undefined,
      deadline,
      signal,
      onProgress,
      onScored: onUpdate && ((logits, progress) => onUpdate(order(logits, selection), progress)),
    })
    return order(logits, selection)
  }

  async computeScore({ pairs, normalize, batchSize, signal, onProgress, ...limitOptions }: ScoreRequest): Promise<number[]> {
    const limits = this.#pairLimits(limitOptions)
    const { encode, template } = this.#tokenizer
    const logits = await this.#score({
      count: pairs.length,
      encode: (index) => {
        const [query, document] = pairs[index] as readonly [string, string]
        // longest_first compares the full lengths, so it needs all tokens.
        const atLeast = limits.truncation === 'only_second' ? limits.maxLength : Number.POSITIVE_INFINITY
        return encodePair(encode(query, atLeast), encode(document, atLeast), template, limits)
      },
      anytime: false,
      batchSize,
      signal,
      onProgress,
    })
    return Array.from(logits, (logit) => (normalize ? sigmoid(logit) : logit))
  }

  async dispose(): Promise<void> {
    if (this.#disposal.signal.aborted) return
    this.#disposal.abort()
    // Behind the batch that is running: releasing a session in use crashes the runtime.
    await this.#mutex.run(() => this.#session.release())
  }

  #pairLimits({
    maxLength,
    queryMaxLength,
    truncation = 'only_second',
  }: Pick<ScoreRequest, 'maxLength' | 'queryMaxLength' | 'truncation'>): PairLimits {
    const { maxPositions } = this.#limits
    const min = this.#tokenizer.template.specialTokens + 2
    checkNumber('maxLength', maxLength, { min, max: maxPositions, integer: true })
    const length = maxLength ?? Math.min(DEFAULT_MAX_LENGTH, this.#limits.maxLength)
    checkNumber('queryMaxLength', queryMaxLength, { min: 1, max: length, integer: true })
    // FlagReranker: query_max_length = max_length * 3 // 4.
    return { maxLength: length, queryMaxLength: queryMaxLength ?? Math.floor((length * 3) / 4), truncation }
  }

  /** Logits in input order, `NaN` for pairs the deadline left out. */
  async #score({ count, encode, batchSize, deadline, anytime, signal, onProgress, onScored }: ScoringOptions): Promise<Float64Array> {
    const logits = new Float64Array(count).fill(Number.NaN)
    const breathe = createBreather()
    const late = () => deadline !== undefined && performance.now() >= deadline
    let scored = 0
    let nextReport = performance.now() + REPORT_MS
    const report = () => {
      if (scored < count && performance.now() < nextReport) return
      nextReport = performance.now() + REPORT_MS
      onProgress?.({ scored, total: count })
      if (scored < count) onScored?.(logits, { scored, total: count })
    }

    for (let start = 0; start < count && !late(); ) {
      const window: { index: number; pair: EncodedPair }[] = []
      const windowEnd = Math.min(count, start + (anytime ? ANYTIME_WINDOW : WINDOW))
      for (; start < windowEnd; start++) {
        window.push({ index: start, pair: encode(start) })
        await breathe()
        this.#checkAlive(signal)
      }
      if (deadline === undefined && this.#session.policy.maxPairs > 1)
        window.sort((a, b) => b.pair.inputIds.length - a.pair.inputIds.length)
      const pairs = window.map((entry) => entry.pair)

      for (let from = 0; from < pairs.length && !late(); ) {
        const to = batchEnd(pairs, from, this.#policy(batchSize))
        const batch = pairs.slice(from, to)
        const batchLogits = await this.#mutex.run(() => {
          this.#checkAlive(signal)
          return this.#session.run(batch)
        })
        batchLogits.forEach((logit, i) => {
          logits[(window[from + i] as { index: number }).index] = logit
        })
        scored += batch.length
        from = to
        report()
        await breathe()
        this.#checkAlive(signal)
      }
    }
    return logits
  }

  #policy(batchSize?: number): BatchPolicy {
    const { policy } = this.#session
    return batchSize === undefined ? policy : { ...policy, maxPairs: Math.min(policy.maxPairs, batchSize) }
  }

  #checkAlive(signal?: AbortSignal): void {
    if (this.#disposal.signal.aborted) throw new DisposedError()
    // The caller's own reason where it gave one, as `fetch` does.
    signal?.throwIfAborted()
  }
}
