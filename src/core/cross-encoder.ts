import { DisposedError, InvalidInputError, SessionError } from '../errors.js'
import type { LocalRerankerInfo } from '../types.js'
import { batchEnd } from './batching.js'
import type { LocalEngine, RerankRequest, ScoreRequest, Scores } from './engine.js'
import { createLanguageGuard, type LanguageGuard } from './language-guard.js'
import { Mutex } from './mutex.js'
import { checkNumber } from './options.js'
import { orAborted } from './or-aborted.js'
import { sigmoid } from './ordering.js'
import { Pace } from './pace.js'
import { defaultQueryMaxLength, documentRoom, encodePair, type PairLimits } from './pair-encoding.js'
import { type PassageRange, passages } from './passages.js'
import type { BatchPolicy, EncodedInput, ReplaceableSession, Session } from './session.js'
import { DISPOSE_GRACE_MS, settledWithin } from './settled-within.js'
import { Tally } from './tally.js'
import type { Tokenizer } from './tokenizer.js'
import { createTaskYield } from './yield-to-tasks.js'

/**
 * Tokens of a pair that are read where a call does not say it: FlagReranker's default `max_length`, or what the model was
 * trained for where that is less.
 */
export function defaultMaxLength({ maxLength }: Pick<ModelLimits, 'maxLength'>): number {
  return Math.min(512, maxLength)
}

/** Pairs tokenized ahead: bounds memory for ten thousand documents and leaves enough to sort by length. */
const WINDOW = 512
/** The same when parts of the answer are wanted: first-stage order counts more than density then. */
const PARTS_WINDOW = 32

/** Milliseconds between two reports of a call. */
const REPORT_MS = 10

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
}

/** One run's worth of a document: all that is read of it, or one of its passages. */
interface Entry {
  /** Of the document. */
  index: number
  pair: EncodedInput
  passage?: PassageRange
  /** True for the last entry of its document. */
  last: boolean
}

interface ScoringOptions extends Pick<RerankRequest, 'parts' | 'signal'> {
  count: number
  /** Document by document; encoded as they are asked for, and once more where the call has to begin anew. */
  entries: () => Iterable<Entry>
  batchSize?: number
  onScored?: (tally: Tally) => void
}

/**
 * The pipeline: pairs → token ids → batches → logits → order. Runs in whatever thread made it.
 *
 * Calls share the session batch by batch, first come first served, so a long call never locks out a short one.
 */
export class CrossEncoder implements LocalEngine {
  readonly #tokenizer: Tokenizer
  readonly #session: ReplaceableSession
  readonly #limits: ModelLimits
  readonly #guard: LanguageGuard
  readonly #readInfo: () => LocalRerankerInfo
  readonly #mutex = new Mutex()
  readonly #life: AbortController

  /** @param parts `life` is aborted by `dispose`, and with it what is still being loaded for this engine */
  constructor(parts: {
    tokenizer: Tokenizer
    session: ReplaceableSession
    limits: ModelLimits
    info: () => LocalRerankerInfo
    life: AbortController
  }) {
    this.#tokenizer = parts.tokenizer
    this.#session = parts.session
    this.#limits = parts.limits
    this.#guard = createLanguageGuard(parts.tokenizer, parts.limits.languages)
    this.#readInfo = parts.info
    this.#life = parts.life
  }

  get info(): LocalRerankerInfo {
    return this.#readInfo()
  }

  async rerank(request: RerankRequest): Promise<Scores> {
    const { query, texts, maxLength, longDocuments = 'truncate', onMismatch = 'keep-order', parts, onScored, signal } = request
    const limits = this.#pairLimits({ maxLength })
    const { encodeQuery, encodeDocument, template } = this.#tokenizer
    const queryIds = encodeQuery(query, limits.maxLength)
    const join = (documentIds: number[]) => encodePair(queryIds, documentIds, template, limits)
    const mismatch = onMismatch === 'ignore' ? undefined : this.#guard(query, texts)
    const scoresOf = (tally: Tally): Scores => ({ ...tally.scores(), ...(mismatch && { mismatch }) })
    if (mismatch) {
      const none = scoresOf(new Tally(texts.length))
      if (onMismatch === 'keep-order') return none
      onScored?.(none)
    }
    const tally = await this.#score({
      count: texts.length,
      entries: () =>
        longDocuments === 'chunk'
          ? passageEntries(texts, this.#passageRoom(queryIds.length, limits), encodeDocument, join)
          : wholeEntries(texts, (text) => join(encodeDocument(text, limits.maxLength))),
      parts,
      signal,
      onScored: onScored && ((tally) => onScored(scoresOf(tally))),
    })
    return scoresOf(tally)
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
      batchSize,
      signal,
      onScored: onProgress && (({ scored }) => onProgress({ scored, total: pairs.length })),
    })
    return Array.from(logits, (logit) => (normalize ? sigmoid(logit) : logit))
  }

  /** Documents are read together with each query: there is nothing to read ahead. */
  async prepare(): Promise<void> {}

  async prepareIndex(): Promise<void> {}

  async dispose(): Promise<void> {
    if (this.#life.signal.aborted) return
    this.#life.abort(new DisposedError())
    // Behind the batch that is running, since releasing a session in use crashes the runtime; a run that hangs is left to itself.
    await settledWithin(
      DISPOSE_GRACE_MS,
      this.#mutex.run(() => this.#session.release()),
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

  /** Logits in input order, all of one session: where it is replaced in the middle, everything is scored again on the new one. */
  async #score(options: ScoringOptions): Promise<Tally> {
    const report = createReport(options)
    for (let restarts = 0; restarts <= MAX_RESTARTS; restarts++) {
      const tally = await this.#scoreOnOneSession(options, report)
      if (tally) return tally
    }
    throw new SessionError(
      'session-failed',
      `The device failed ${MAX_RESTARTS + 1} times during this call; info.fallbacks says how. Try again, or create the reranker with device "wasm".`,
    )
  }

  /** Undefined where the session was replaced by another before everything was scored. */
  async #scoreOnOneSession(
    { count, entries, batchSize, parts, signal }: ScoringOptions,
    report: (tally: Tally) => void,
  ): Promise<Tally | undefined> {
    const tally = new Tally(count)
    const yieldToTasks = createTaskYield()
    let session: Session | undefined

    const source = entries()[Symbol.iterator]()
    for (let exhausted = false; !exhausted; ) {
      const window: Entry[] = []
      while (window.length < (parts ? PARTS_WINDOW : WINDOW)) {
        const { value, done } = source.next()
        exhausted = done === true
        if (exhausted) break
        window.push(value)
        tally.expect(value.index, value.last)
        await yieldToTasks()
        this.#checkAlive(signal)
      }
      if (parts !== 'deadline' && this.#session.policy.maxInputs > 1) window.sort((a, b) => b.pair.inputIds.length - a.pair.inputIds.length)
      const pairs = window.map((entry) => entry.pair)

      for (let from = 0; from < pairs.length; ) {
        const to = batchEnd(pairs, from, this.#policy(batchSize))
        const batch = pairs.slice(from, to)
        const run = this.#mutex.run(() => {
          this.#checkAlive(signal)
          return this.#session.run(batch)
        })
        // A run cannot be stopped, but nobody has to wait for it.
        const scored = await orAborted(signal ? orAborted(run, signal) : run, this.#life.signal)
        session ??= scored.session
        if (scored.session !== session) return undefined
        scored.outputs.forEach((logit, i) => {
          const { index, passage } = window[from + i] as Entry
          tally.add(index, logit, passage)
        })
        from = to
        report(tally)
        await yieldToTasks()
        this.#checkAlive(signal)
      }
    }
    return tally
  }

  #policy(batchSize?: number): BatchPolicy {
    const { policy } = this.#session
    return batchSize === undefined ? policy : { ...policy, maxInputs: Math.min(policy.maxInputs, batchSize) }
  }

  #checkAlive(signal?: AbortSignal): void {
    this.#life.signal.throwIfAborted()
    // The caller's own reason where it gave one, as `fetch` does.
    signal?.throwIfAborted()
  }
}

/** Tells how far a call is, now and then; one that began anew is silent until it is as far as before. */
function createReport({ count, onScored }: ScoringOptions): (tally: Tally) => void {
  const pace = new Pace(REPORT_MS)
  let reported = 0
  return (tally) => {
    const { scored } = tally
    if (scored < reported || (scored < count && !pace.isDue)) return
    reported = scored
    pace.run(() => onScored?.(tally))
  }
}

/** Every item in one run. */
function* wholeEntries<T>(items: readonly T[], encode: (item: T) => EncodedInput): Generator<Entry> {
  for (const [index, item] of items.entries()) yield { index, pair: encode(item), last: true }
}

/** Every text in passages, a run each. */
function* passageEntries(
  texts: readonly string[],
  room: number,
  encode: Tokenizer['encodeDocument'],
  join: (documentIds: number[]) => EncodedInput,
): Generator<Entry> {
  for (const [index, text] of texts.entries()) {
    for (const { start, end, ids, last } of passages(text, room, encode)) yield { index, pair: join(ids), passage: { start, end }, last }
  }
}
