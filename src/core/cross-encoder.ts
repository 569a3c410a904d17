import { DisposedError, InvalidInputError, SessionError } from '../errors.js'
import type { LocalRerankerInfo } from '../types.js'
import { batchEnd } from './batching.js'
import type { LocalEngine, RerankRequest, ScoreRequest, Scores } from './engine.js'
import { KeptScores, keyOfPair } from './kept-scores.js'
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

/** An entry that is to be scored now. */
interface Pending extends Entry {
  /** Of the pair. */
  key: string
  /** Once it is known, from a run or from what is kept. */
  logit: number | undefined
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
  readonly #kept: KeptScores
  readonly #onKept: () => void

  /**
   * @param parts `life` is aborted by `dispose`, and with it what is still being loaded for this engine; `maxBytes` are for scores that
   *   are kept, and `onKept` is called when a call has changed what is
   */
  constructor(parts: {
    tokenizer: Tokenizer
    session: ReplaceableSession
    limits: ModelLimits
    info: () => LocalRerankerInfo
    life: AbortController
    maxBytes?: number
    onKept?: () => void
  }) {
    this.#tokenizer = parts.tokenizer
    this.#session = parts.session
    this.#limits = parts.limits
    this.#guard = createLanguageGuard(parts.tokenizer, parts.limits.languages)
    this.#readInfo = parts.info
    this.#life = parts.life
    this.#kept = new KeptScores(parts.maxBytes)
    this.#onKept = parts.onKept ?? (() => undefined)
  }

  get info(): LocalRerankerInfo {
    const { size: pairs, bytes, maxBytes } = this.#kept
    return { ...this.#readInfo(), keptScores: { pairs, bytes, maxBytes } }
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
    this.#kept.clear()
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
    const { size } = this.#kept
    for (let restarts = 0; restarts <= MAX_RESTARTS; restarts++) {
      const tally = await this.#scoreOnOneSession(options, report)
      if (!tally) continue
      if (this.#kept.size !== size) this.#onKept()
      return tally
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
    const call = this.#kept.beginCall()
    let session: Session | undefined

    const source = entries()[Symbol.iterator]()
    for (let exhausted = false; !exhausted; ) {
      const window: Pending[] = []
      while (window.length < (parts ? PARTS_WINDOW : WINDOW)) {
        const { value, done } = source.next()
        exhausted = done === true
        if (exhausted) break
        const key = keyOfPair(value.pair)
        const logit = this.#kept.get(key, call)
        // What is kept may be another session's by now.
        if (logit !== undefined) session ??= this.#kept.session
        if (logit !== undefined && this.#kept.session !== session) return undefined
        window.push({ ...value, key, logit })
        tally.expect(value.index, value.last)
        await yieldToTasks()
        this.#checkAlive(signal)
      }
      const isKnown = ({ logit }: Pending) => Number(logit !== undefined)
      const longestFirst = this.#session.policy.maxInputs > 1
      if (parts !== 'deadline')
        window.sort((a, b) => isKnown(b) - isKnown(a) || (longestFirst ? b.pair.inputIds.length - a.pair.inputIds.length : 0))
      // One after the other, so that what is known never gets ahead of a document before it where a deadline may cut the call.
      let added = 0
      const addKnown = () => {
        for (let entry = window[added]; entry?.logit !== undefined; entry = window[++added])
          tally.add(entry.index, entry.logit, entry.passage)
      }
      addKnown()
      if (added > 0) report(tally)

      const unknown = window.filter(({ logit }) => logit === undefined)
      const pairs = unknown.map(({ pair }) => pair)
      for (let from = 0; from < pairs.length; ) {
        const to = batchEnd(pairs, from, this.#policy(batchSize))
        const batch = unknown.slice(from, to)
        const run = this.#mutex.run(() => this.#runBatch(batch, call, signal))
        // A run cannot be stopped, but nobody has to wait for it.
        const scored = await orAborted(signal ? orAborted(run, signal) : run, this.#life.signal)
        session ??= scored?.session
        if (!scored || scored.session !== session) return undefined
        for (const entry of batch) entry.logit = scored.logits.get(entry.key)
        addKnown()
        from = to
        report(tally)
        await yieldToTasks()
        this.#checkAlive(signal)
      }
    }
    return tally
  }

  /**
   * Logits of a batch by its keys. Equal pairs are run once, and those not at all that another call has run since.
   *
   * @returns undefined where the session was replaced, so that some of them are another one's
   */
  async #runBatch(
    batch: readonly Pending[],
    call: number,
    signal?: AbortSignal,
  ): Promise<{ logits: ReadonlyMap<string, number>; session: Session | undefined } | undefined> {
    this.#checkAlive(signal)
    const { session } = this.#kept
    const logits = new Map<string, number>()
    const missing = new Map<string, EncodedInput>()
    for (const { key, pair } of batch) {
      const kept = this.#kept.get(key, call)
      if (kept === undefined) missing.set(key, pair)
      else logits.set(key, kept)
    }
    if (missing.size === 0) return { logits, session }
    const run = await this.#session.run([...missing.values()])
    const fresh = new Map([...missing.keys()].map((key, i) => [key, run.outputs[i] as number]))
    this.#kept.add(run.session, fresh, call)
    if (logits.size > 0 && run.session !== session) return undefined
    for (const [key, logit] of fresh) logits.set(key, logit)
    return { logits, session: run.session }
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
