import { DisposedError, InvalidInputError, SessionError } from '../errors.js'
import type { RerankerInfo, ScoreProgress } from '../types.js'
import { batchEnd } from './batching.js'
import { createBreather } from './breathe.js'
import type { CallHooks, Engine, RerankRequest, ScoreRequest } from './engine.js'
import { createLanguageGuard, type LanguageGuard } from './language-guard.js'
import { Mutex } from './mutex.js'
import { checkNumber } from './options.js'
import { orAborted } from './or-aborted.js'
import { type OrderOptions, type Ranking, sigmoid } from './ordering.js'
import { defaultQueryMaxLength, documentRoom, encodePair, type PairLimits } from './pair-encoding.js'
import { type PassageRange, passages } from './passages.js'
import type { BatchPolicy, EncodedPair, Scorer, Session } from './session.js'
import { DISPOSE_GRACE_MS, settledWithin } from './settled-within.js'
import { Tally } from './tally.js'
import type { Tokenizer } from './tokenizer.js'

/**
 * Tokens of a pair that are read where a call does not say it: FlagReranker's default `max_length`, or what the model was
 * trained for where that is less.
 */
export function defaultMaxLength({ maxLength }: Pick<ModelLimits, 'maxLength'>): number {
  return Math.min(512, maxLength)
}

/** Pairs tokenized ahead: bounds memory for ten thousand documents and leaves enough to sort by length. */
const WINDOW = 512
/** The same when somebody waits for provisional orders or for a deadline: first-stage order counts more than density. */
const ANYTIME_WINDOW = 32

/** Milliseconds between two reports of a call. */
const REPORT_MS = 100

/** Times that a call begins anew because its session was replaced; sessions that fail more often than that will not finish it. */
const MAX_RESTARTS = 8

/** Tokens a passage must have room for; with fewer a document would be read word by word. */
const MIN_ROOM = 8

/** What a model was made for; lengths in tokens. */
export interface ModelLimits {
  /** What the model was trained for. */
  maxLength: number
  /** What its position embeddings allow. */
  maxPositions: number
  /** BCP 47; empty if unknown. */
  languages: readonly string[]
  /** In logits. */
  firstStageWeight: number
}

/** One run's worth of a document: all that is read of it, or one of its passages. */
interface Entry {
  /** Of the document. */
  index: number
  pair: EncodedPair
  passage?: PassageRange
  /** True for the last entry of its document. */
  last: boolean
}

interface ScoringOptions extends CallHooks {
  count: number
  /** Document by document; encoded as they are asked for, and once more where the call has to begin anew. */
  entries: () => Iterable<Entry>
  batchSize?: number
  /** `performance.now()` time at which to stop. */
  deadline?: number
  /** Score in windows small enough for provisional orders. */
  anytime: boolean
  onScored?: (tally: Tally, progress: ScoreProgress) => void
}

/**
 * The pipeline: pairs → token ids → batches → logits → order. Runs in whatever thread made it.
 *
 * Calls share the session batch by batch, first come first served, so a long call never locks out a short one.
 */
export class CrossEncoder implements Engine {
  readonly #tokenizer: Tokenizer
  readonly #scorer: Scorer
  readonly #limits: ModelLimits
  readonly #guard: LanguageGuard
  readonly #readInfo: () => RerankerInfo
  readonly #mutex = new Mutex()
  readonly #life: AbortController

  /** @param parts `life` is aborted by `dispose`, and with it what is still being loaded for this engine */
  constructor(parts: { tokenizer: Tokenizer; scorer: Scorer; limits: ModelLimits; info: () => RerankerInfo; life: AbortController }) {
    this.#tokenizer = parts.tokenizer
    this.#scorer = parts.scorer
    this.#limits = parts.limits
    this.#guard = createLanguageGuard(parts.tokenizer, parts.limits.languages)
    this.#readInfo = parts.info
    this.#life = parts.life
  }

  get info(): RerankerInfo {
    return this.#readInfo()
  }

  async rerank(request: RerankRequest): Promise<Ranking> {
    const {
      query,
      texts,
      topN,
      minScore,
      maxLength,
      longDocuments = 'truncate',
      onMismatch = 'keep-order',
      firstStageWeight = this.#limits.firstStageWeight,
      budgetMs,
      onUpdate,
      onProgress,
      signal,
    } = request
    const deadline = budgetMs === undefined ? undefined : performance.now() + budgetMs
    const limits = this.#pairLimits({ maxLength })
    const { encodeQuery, encodeDocument, template } = this.#tokenizer
    const queryIds = encodeQuery(query, limits.maxLength)
    const join = (documentIds: number[]) => encodePair(queryIds, documentIds, template, limits)
    const mismatch = onMismatch === 'ignore' ? undefined : this.#guard(query, texts)
    const rank = (tally: Tally, options: OrderOptions): Ranking => ({
      ranked: tally.order(options),
      ...(mismatch && { mismatch }),
      unscored: texts.length - tally.scored,
    })
    // Without scores, a least score would leave nothing.
    if (mismatch && onMismatch === 'keep-order') return rank(new Tally(texts.length), { topN })
    const options = { firstStageWeight, topN, minScore }
    const tally = await this.#score({
      count: texts.length,
      entries: () =>
        longDocuments === 'chunk'
          ? passageEntries(texts, this.#passageRoom(queryIds.length, limits), encodeDocument, join)
          : wholeEntries(texts, (text) => join(encodeDocument(text, limits.maxLength))),
      anytime: deadline !== undefined || onUpdate !== undefined,
      deadline,
      signal,
      onProgress,
      onScored: onUpdate && ((tally, progress) => onUpdate(rank(tally, options), progress)),
    })
    return rank(tally, options)
  }

  async computeScore({ pairs, normalize, batchSize, signal, onProgress, ...limitOptions }: ScoreRequest): Promise<number[]> {
    const limits = this.#pairLimits(limitOptions)
    const { encodeQuery, encodeDocument, template } = this.#tokenizer
    // longest_first compares the full lengths, so it needs all tokens.
    const atLeast = limits.truncation === 'only_second' ? limits.maxLength : Number.POSITIVE_INFINITY
    const { logits } = await this.#score({
      count: pairs.length,
      entries: () =>
        wholeEntries(pairs, ([query, document]) =>
          encodePair(encodeQuery(query, atLeast), encodeDocument(document, atLeast), template, limits),
        ),
      anytime: false,
      batchSize,
      signal,
      onProgress,
    })
    return Array.from(logits, (logit) => (normalize ? sigmoid(logit) : logit))
  }

  async dispose(): Promise<void> {
    if (this.#life.signal.aborted) return
    this.#life.abort(new DisposedError())
    // Behind the batch that is running, since releasing a session in use crashes the runtime; a run that hangs is left to itself.
    await settledWithin(
      DISPOSE_GRACE_MS,
      this.#mutex.run(() => this.#scorer.release()),
    )
  }

  #pairLimits({
    maxLength,
    queryMaxLength,
    truncation = 'only_second',
  }: Pick<ScoreRequest, 'maxLength' | 'queryMaxLength' | 'truncation'>): PairLimits {
    const { maxPositions } = this.#limits
    const min = this.#tokenizer.template.specialTokens + 2
    checkNumber('maxLength', maxLength, { min, max: maxPositions, integer: true })
    const length = maxLength ?? defaultMaxLength(this.#limits)
    checkNumber('queryMaxLength', queryMaxLength, { min: 1, max: length, integer: true })
    return { maxLength: length, queryMaxLength: queryMaxLength ?? defaultQueryMaxLength(length), truncation }
  }

  /** Tokens a passage may have beside the query. */
  #passageRoom(queryLength: number, limits: PairLimits): number {
    const { specialTokens } = this.#tokenizer.template
    const room = documentRoom(queryLength, specialTokens, limits)
    if (room >= MIN_ROOM) return room
    throw new InvalidInputError(
      'invalid-option',
      `maxLength ${limits.maxLength} leaves ${room} tokens for a passage beside this query; longDocuments "chunk" needs ${MIN_ROOM}. Raise maxLength or shorten the query.`,
      { option: 'maxLength' },
    )
  }

  /**
   * Logits in input order, all of one session; documents the deadline left out have none. Where the session is replaced in
   * the middle, everything is scored again on the new one; if that does not get as far in time, what the old one scored stands.
   */
  async #score(options: ScoringOptions): Promise<Tally> {
    const report = createReport(options)
    let furthest = new Tally(options.count)
    for (let restarts = 0; restarts <= MAX_RESTARTS; restarts++) {
      const { tally, replaced } = await this.#scoreOnOneSession(options, report)
      if (tally.scored >= furthest.scored) furthest = tally
      if (!replaced) return furthest
    }
    throw new SessionError(
      'session-failed',
      `The device failed ${MAX_RESTARTS + 1} times during this call; info.fallbacks says how. Try again, or create the reranker with device "wasm".`,
    )
  }

  /** Score until everything is, the time is over, or the session was replaced by another. */
  async #scoreOnOneSession(
    { count, entries, batchSize, deadline, anytime, signal }: ScoringOptions,
    report: (tally: Tally) => void,
  ): Promise<{ tally: Tally; replaced: boolean }> {
    const tally = new Tally(count)
    const breathe = createBreather()
    const late = () => deadline !== undefined && performance.now() >= deadline
    let session: Session | undefined

    const source = entries()[Symbol.iterator]()
    for (let exhausted = false; !exhausted && !late(); ) {
      const window: Entry[] = []
      while (window.length < (anytime ? ANYTIME_WINDOW : WINDOW)) {
        const { value, done } = source.next()
        exhausted = done === true
        if (exhausted) break
        window.push(value)
        tally.expect(value.index, value.last)
        await breathe()
        this.#checkAlive(signal)
      }
      if (deadline === undefined && this.#scorer.policy.maxPairs > 1) window.sort((a, b) => b.pair.inputIds.length - a.pair.inputIds.length)
      const pairs = window.map((entry) => entry.pair)

      for (let from = 0; from < pairs.length && !late(); ) {
        const to = batchEnd(pairs, from, this.#policy(batchSize))
        const batch = pairs.slice(from, to)
        const run = this.#mutex.run(() => {
          this.#checkAlive(signal)
          return this.#scorer.run(batch)
        })
        // A run cannot be stopped, but nobody has to wait for it.
        const scored = await orAborted(signal ? orAborted(run, signal) : run, this.#life.signal)
        session ??= scored.session
        if (scored.session !== session) return { tally, replaced: true }
        scored.logits.forEach((logit, i) => {
          const { index, passage } = window[from + i] as Entry
          tally.add(index, logit, passage)
        })
        from = to
        report(tally)
        await breathe()
        this.#checkAlive(signal)
      }
    }
    return { tally, replaced: false }
  }

  #policy(batchSize?: number): BatchPolicy {
    const { policy } = this.#scorer
    return batchSize === undefined ? policy : { ...policy, maxPairs: Math.min(policy.maxPairs, batchSize) }
  }

  #checkAlive(signal?: AbortSignal): void {
    this.#life.signal.throwIfAborted()
    // The caller's own reason where it gave one, as `fetch` does.
    signal?.throwIfAborted()
  }
}

/** Tells the caller how far its call is, a few times a second; a call that began anew is silent until it is as far as before. */
function createReport({ count, onProgress, onScored }: ScoringOptions): (tally: Tally) => void {
  let next = performance.now() + REPORT_MS
  let reported = 0
  return (tally) => {
    const { scored } = tally
    if (scored < reported || (scored < count && performance.now() < next)) return
    next = performance.now() + REPORT_MS
    reported = scored
    onProgress?.({ scored, total: count })
    if (scored < count) onScored?.(tally, { scored, total: count })
  }
}

/** Every item in one run. */
function* wholeEntries<T>(items: readonly T[], encode: (item: T) => EncodedPair): Generator<Entry> {
  for (const [index, item] of items.entries()) yield { index, pair: encode(item), last: true }
}

/** Every text in passages, a run each. */
function* passageEntries(
  texts: readonly string[],
  room: number,
  encode: Tokenizer['encodeDocument'],
  join: (documentIds: number[]) => EncodedPair,
): Generator<Entry> {
  for (const [index, text] of texts.entries()) {
    for (const { start, end, ids, last } of passages(text, room, encode)) yield { index, pair: join(ids), passage: { start, end }, last }
  }
}
