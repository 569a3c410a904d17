import { DisposedError, InvalidInputError, SessionError } from '../../errors.js'
import type { LocalRerankerInfo } from '../../types.js'
import type { ModelLimits } from '../cross-encoder.js'
import type { Explanation, LocalEngine, PrepareIndexRequest, PrepareRequest, RerankRequest, ScoreRequest, Scores } from '../engine.js'
import { createLanguageGuard, type LanguageGuard } from '../language-guard.js'
import { Mutex } from '../mutex.js'
import { checkNumber } from '../options.js'
import { orAborted, whenAborted } from '../or-aborted.js'
import { order, sigmoid } from '../ordering.js'
import { Pace } from '../pace.js'
import type { TextRange } from '../segments.js'
import type { ReplaceableSession, Session, TokenEmbeddings } from '../session.js'
import { DISPOSE_GRACE_MS, settledWithin } from '../settled-within.js'
import { passageOf, Tally } from '../tally.js'
import type { Tokenizer } from '../tokenizer.js'
import { withoutQuery } from '../without-query.js'
import { createTaskYield } from '../yield-to-tasks.js'
import type { AskedQuery } from './asked-query.js'
import { type Codes, isExact } from './codes.js'
import { createExplain } from './explanation.js'
import type { IndexFacts } from './index-file.js'
import { checkFacts, type IndexSource, loadIndex } from './index-loading.js'
import { type DocumentReading, type KeptDocument, KeptDocuments, planesOf } from './kept-documents.js'
import type { KeptText } from './kept-text.js'
import { type DocumentStore, StoredDocuments } from './stored-documents.js'
import type { SumUp } from './sums.js'
import { logitOf, type Terms, termsOf, unitOf } from './terms.js'
import type { TextForm } from './text-encoding.js'
import { type TextForms, TextReader } from './text-reader.js'
import { WordPlaces } from './word-places.js'

/** Kept documents scored between two looks at what else there is to do. */
const SCORED_AT_ONCE = 256
/** Texts that are read ahead before a look at whether all that was read is still there. */
const READ_AHEAD = 32
/** Milliseconds between two reports of a call, and of documents that are read ahead. */
const REPORT_MS = 10
const PREPARE_REPORT_MS = 100
/** Times that a call begins anew because its session was replaced. */
const MAX_RESTARTS = 8
/** Bytes of words' places that are remembered for explanations, for each byte that may be kept of documents. */
const PLACES_SHARE = 1 / 16
/** Tokens a passage must have room for. */
const MIN_ROOM = 8

/** What makes a late-interaction model, beside its encoder. */
export interface LateInteractionModel {
  codes: Codes
  forms: TextForms
  terms: Terms
  limits: ModelLimits & {
    /** Tokens of a query, special tokens included. */
    queryMaxLength: number
  }
  /** Documents that are scored by all bits where the first bit of all of them chooses. */
  shortlist: number
}

/** How a call reads its texts. */
interface Reading extends DocumentReading {
  queryMaxLength: number
}

interface ScoringOptions extends Pick<RerankRequest, 'query' | 'texts' | 'first' | 'explain' | 'signal'> {
  reading: Reading
  /** Whether logits may come from the first bit alone, where there is no more of a document yet. */
  mayBeCoarse: boolean
  onScored?: (progress: Progress) => void
}

/** How far a call is. */
interface Progress {
  tally: Tally
  /** Documents that a coarse look left behind the first places: they need no logit. */
  leftOut: number
  /** Bits of the codes that the logits come from. */
  bits: number
  explanations?: ReadonlyMap<number, Explanation>
}

/**
 * The pipeline of models that read texts and not pairs: text → token embeddings → codes, kept → sums of similarities → terms →
 * logit (docs/late-interaction.md). A document is read once; then each query costs one short run and some integer arithmetic.
 */
export class LateInteraction implements LocalEngine {
  readonly #reader: TextReader
  readonly #model: LateInteractionModel
  readonly #sumUp: SumUp
  readonly #guard: LanguageGuard
  readonly #readInfo: () => LocalRerankerInfo
  readonly #onKept: () => void
  readonly #life: AbortController
  readonly #kept: KeptDocuments
  readonly #indexes: IndexSource
  readonly #stored: StoredDocuments | undefined
  /** For explanations. */
  readonly #places: WordPlaces
  /** One at a time reads ahead, so that none reads what another is reading. */
  readonly #preparing = new Mutex()
  /** By an index's address without its query: whose turn it is to load it. */
  readonly #indexTurns = new Map<string, Mutex>()
  /** Calls with a query; while there are any, nothing is read ahead. */
  #asking = 0
  /** Waiting for that number to be 0. */
  #waiting: (() => void)[] = []

  /**
   * @param parts `life` is aborted by `dispose`; `onKept` is called when a call has changed what is kept
   */
  constructor(parts: {
    tokenizer: Tokenizer
    session: ReplaceableSession<TokenEmbeddings>
    model: LateInteractionModel
    sumUp: SumUp
    indexes: IndexSource
    /** Left out where nothing is kept on the device. */
    documentStore?: DocumentStore
    maxBytes?: number
    info: () => LocalRerankerInfo
    onKept?: () => void
    life: AbortController
  }) {
    this.#model = parts.model
    this.#sumUp = parts.sumUp
    this.#guard = createLanguageGuard(parts.tokenizer, parts.model.limits.languages)
    this.#readInfo = parts.info
    this.#onKept = parts.onKept ?? (() => undefined)
    this.#life = parts.life
    this.#kept = new KeptDocuments(parts.maxBytes)
    this.#indexes = parts.indexes
    this.#stored =
      parts.documentStore &&
      new StoredDocuments({
        store: parts.documentStore,
        kept: this.#kept,
        factsOf: (reading) => this.#factsOf(reading),
        accept: (facts, name) => checkFacts(name, facts, parts.model.codes, parts.indexes),
        onChange: this.#onKept,
      })
    this.#places = new WordPlaces(parts.tokenizer.encodeDocument, this.#kept.maxBytes * PLACES_SHARE)
    const { tokenizer, session, model, life } = parts
    const { forms, codes } = model
    this.#reader = new TextReader({
      tokenizer,
      session,
      forms,
      codes,
      life: life.signal,
      onReplaced: () => {
        this.#kept.forgetRead()
        this.#stored?.forgetUnsaved()
      },
    })
  }

  get info(): LocalRerankerInfo {
    const { size: documents, bytes, maxBytes } = this.#kept
    return { ...this.#readInfo(), kept: { documents, bytes, maxBytes, ...(this.#stored && { bytesOnDevice: this.#stored.bytes }) } }
  }

  get model(): Pick<LateInteractionModel, 'codes' | 'terms'> {
    return this.#model
  }

  async rerank(request: RerankRequest): Promise<Scores> {
    const { query, texts, onMismatch = 'keep-order', first, explain, onScored, signal } = request
    const reading = this.#reading(request)
    const mismatch = onMismatch === 'ignore' ? undefined : this.#guard(query, texts)
    const scoresOf = ({ tally, leftOut, bits, explanations }: Progress): Scores => {
      const scores = tally.scores()
      return {
        ...scores,
        scored: scores.scored + leftOut,
        ...(bits < this.#model.codes.bits && { coarse: true }),
        ...(explanations && { explanations }),
        ...(mismatch && { mismatch }),
      }
    }
    if (mismatch) {
      const none = scoresOf({ tally: new Tally(texts.length), leftOut: 0, bits: this.#model.codes.bits })
      if (onMismatch === 'keep-order') return none
      onScored?.(none)
    }
    const report = onScored && ((progress: Progress) => onScored(scoresOf(progress)))
    return scoresOf(await this.#score({ query, texts, reading, mayBeCoarse: true, first, explain, signal, onScored: report }))
  }

  async computeScore({ pairs, normalize, signal, onProgress, ...limits }: ScoreRequest): Promise<number[]> {
    const reading = this.#reading(limits)
    const logits = new Float64Array(pairs.length)
    const places = new Map<string, number[]>()
    for (const [place, [query]] of pairs.entries()) {
      const some = places.get(query)
      if (some) some.push(place)
      else places.set(query, [place])
    }
    let scored = 0
    for (const [query, some] of places) {
      const before = scored
      const report = onProgress && (({ tally }: Progress) => onProgress({ scored: before + tally.scored, total: pairs.length }))
      const texts = some.map((place) => (pairs[place] as (typeof pairs)[number])[1])
      const { tally } = await this.#score({ query, texts, reading, mayBeCoarse: false, signal, onScored: report })
      some.forEach((place, i) => {
        logits[place] = tally.logits[i] as number
      })
      scored += some.length
    }
    return Array.from(logits, (logit) => (normalize ? sigmoid(logit) : logit))
  }

  async prepare({ texts, signal, onProgress, ...options }: PrepareRequest): Promise<void> {
    const reading = this.#reading(options)
    await this.#restored(signal)
    const call = this.#kept.beginCall()
    const yieldToTasks = createTaskYield()
    const { size } = this.#kept
    const pace = new Pace(PREPARE_REPORT_MS)
    try {
      for (let from = 0; from < texts.length; ) {
        const group = texts.slice(from, from + READ_AHEAD)
        const { isFull, replaced } = await this.#preparing.run(() => this.#readAhead(group, reading, call, signal))
        // What another session had read is gone: once more from the start. What is there again costs nothing.
        from = replaced ? 0 : from + group.length
        // More would push out what has just been read; `rerank` reads it when it needs it.
        if (isFull) break
        if (onProgress && (from >= texts.length || pace.isDue)) {
          pace.run(() => onProgress({ scored: Math.min(texts.length, from), total: texts.length }))
        }
        await yieldToTasks()
        this.#checkAlive(signal)
      }
    } finally {
      if (this.#kept.size !== size) this.#onKept()
    }
  }

  /** What an index of documents that are read like this says of itself. */
  async indexFacts(options: Pick<RerankRequest, 'maxLength' | 'longDocuments'>): Promise<IndexFacts> {
    return this.#factsOf(this.#reading(options))
  }

  async #factsOf({ maxLength, inPassages }: DocumentReading): Promise<IndexFacts> {
    const { dimensions, bits, step } = this.#model.codes
    return { model: await this.#indexes.describeModel(), codes: { dimensions, bits, step }, maxLength, inPassages }
  }

  /**
   * Documents read one after the other, for an index; nothing of them is kept.
   *
   * @throws SessionError where the device is replaced by another in the middle
   */
  async *read({ texts, signal, ...options }: PrepareRequest): AsyncGenerator<{ text: string; document: KeptDocument }> {
    const reading = this.#reading(options)
    const sessions = new Set<Session<TokenEmbeddings>>()
    for await (const { text, document, session } of this.#reader.read(texts, reading, signal)) {
      sessions.add(session)
      if (document && sessions.size === 1) yield { text, document }
      else throw new SessionError('session-failed', 'The device failed while documents were read, and another one took over. Try again.')
    }
  }

  /** A query as it is compared with documents. */
  async ask(query: string, { signal, ...limits }: Pick<ScoreRequest, 'queryMaxLength' | 'signal'>): Promise<AskedQuery> {
    return (await this.#reader.ask(query, this.#reading(limits).queryMaxLength, signal)).asked
  }

  async prepareIndex({ signal, ...request }: PrepareIndexRequest): Promise<void> {
    const life = this.#life.signal
    const work = new AbortController()
    const abort = () => work.abort(life.aborted ? life.reason : signal?.reason)
    const stopWaiting = [life, signal].map((one) => one && whenAborted(one, abort))
    const address = withoutQuery(request.index)
    const turns = this.#indexTurns.get(address) ?? new Mutex()
    this.#indexTurns.set(address, turns)
    const load = async () => {
      work.signal.throwIfAborted()
      await loadIndex(
        { ...request, signal: work.signal },
        { source: this.#indexes, kept: this.#kept, codes: this.#model.codes, onKept: this.#onKept },
      )
    }
    try {
      this.#checkAlive(signal)
      // One load of an index at a time: another must not count on what this one has not finished, or gives up.
      await orAborted(turns.run(load), work.signal)
    } finally {
      for (const stop of stopWaiting) stop?.()
      if (turns.isIdle) this.#indexTurns.delete(address)
    }
  }

  /** Read what is not kept yet of a few texts, a run at a time and never while a query waits. */
  async #readAhead(
    texts: readonly string[],
    reading: Reading,
    call: number,
    signal: AbortSignal | undefined,
  ): Promise<{ isFull: boolean; replaced: boolean }> {
    let before = this.#reader.newest
    for (let from = 0; from < texts.length; ) {
      await this.#idle(signal)
      const atOnce = texts.slice(from, from + this.#reader.maxInputs)
      from += atOnce.length
      // A query may have read some in the meantime.
      const unread = [...new Set(atOnce)].filter((text) => !this.#kept.get(text, reading, call))
      for await (const { text, document, session } of this.#reader.read(unread, reading, signal)) {
        if (!document || session !== this.#reader.newest) return { isFull: false, replaced: true }
        if (!this.#keep(text, reading, document, call)) return { isFull: true, replaced: false }
        before ??= session
        if (session !== before) return { isFull: false, replaced: true }
      }
    }
    return { isFull: false, replaced: before !== this.#reader.newest }
  }

  async dispose(): Promise<void> {
    if (this.#life.signal.aborted) return
    this.#life.abort(new DisposedError())
    await settledWithin(DISPOSE_GRACE_MS, Promise.all([this.#stored?.close(), this.#reader.release()]))
    this.#kept.clear()
    this.#places.clear()
  }

  #reading({
    maxLength,
    queryMaxLength,
    longDocuments = 'truncate',
  }: Pick<RerankRequest, 'maxLength' | 'longDocuments'> & Pick<ScoreRequest, 'queryMaxLength'>): Reading {
    const { limits, forms } = this.#model
    const leastOf = ({ before, after }: TextForm) => before.length + after.length + 1
    checkNumber('maxLength', maxLength, { min: leastOf(forms.document), max: limits.maxPositions, integer: true })
    checkNumber('queryMaxLength', queryMaxLength, { min: leastOf(forms.query), max: limits.maxPositions, integer: true })
    const reading = {
      maxLength: maxLength ?? limits.maxLength,
      queryMaxLength: queryMaxLength ?? limits.queryMaxLength,
      inPassages: longDocuments === 'chunk',
    }
    const room = reading.maxLength - leastOf(forms.document) + 1
    if (!reading.inPassages || room >= MIN_ROOM) return reading
    throw new InvalidInputError(
      'invalid-option',
      `maxLength ${reading.maxLength} leaves ${room} tokens for a passage; longDocuments "chunk" needs ${MIN_ROOM}. Raise maxLength.`,
      { option: 'maxLength' },
    )
  }

  /** Logits in input order, all of one session; where it is replaced in the middle, everything is read and scored again. */
  async #score(options: ScoringOptions): Promise<Progress> {
    this.#asking++
    try {
      await this.#restored(options.signal)
      return await this.#scoreAgainAndAgain(options)
    } finally {
      if (--this.#asking === 0) for (const resume of this.#waiting.splice(0)) resume()
    }
  }

  async #scoreAgainAndAgain(options: ScoringOptions): Promise<Progress> {
    const report = createReport(options)
    const call = this.#kept.beginCall()
    const { size } = this.#kept
    try {
      for (let restarts = 0; restarts <= MAX_RESTARTS; restarts++) {
        const progress = await this.#scoreOnOneSession(options, call, report)
        if (progress) return progress
      }
      throw new SessionError(
        'session-failed',
        `The device failed ${MAX_RESTARTS + 1} times during this call; info.fallbacks says how. Try again, or create the reranker with device "wasm".`,
      )
    } finally {
      if (this.#kept.size !== size) this.#onKept()
    }
  }

  /** Undefined where the session was replaced by another before everything was scored. */
  async #scoreOnOneSession(
    { query, texts, reading, mayBeCoarse, first, explain, signal }: ScoringOptions,
    call: number,
    report: (progress: Progress) => void,
  ): Promise<Progress | undefined> {
    const { asked, session } = await this.#reader.ask(query, reading.queryMaxLength, signal)
    // What is kept is the newest session's, and so must the query be.
    const isReplaced = () => session !== this.#reader.newest
    if (isReplaced()) return undefined
    const yieldToTasks = createTaskYield()
    const tally = new Tally(texts.length)

    const known: { index: number; document: KeptDocument }[] = []
    const unread = new Map<string, number[]>()
    let { bits } = this.#model.codes
    for (const [index, text] of texts.entries()) {
      // Looking for a whole corpus takes as long as scoring it.
      if (index % SCORED_AT_ONCE === 0) {
        await yieldToTasks()
        this.#checkAlive(signal)
        if (isReplaced()) return undefined
      }
      const document = this.#kept.get(text, reading, call)
      const planes = document ? planesOf(document) : 0
      if (document && ((mayBeCoarse && !isExact(this.#model.codes)) || planes === this.#model.codes.bits)) {
        known.push({ index, document })
        // One order never has logits of different bits.
        bits = Math.min(bits, planes)
      } else {
        const places = unread.get(text)
        if (places) places.push(index)
        else unread.set(text, [index])
      }
    }
    const chosen = unread.size === 0 && first ? await this.#shortlist(known, asked, bits, texts.length, first, signal) : known
    const leftOut = known.length - chosen.length
    for (let from = 0; from < chosen.length; from += SCORED_AT_ONCE) {
      this.#addLogits(tally, chosen.slice(from, from + SCORED_AT_ONCE), asked, bits)
      report({ tally, leftOut, bits })
      await yieldToTasks()
      this.#checkAlive(signal)
      if (isReplaced()) return undefined
    }

    for await (const { text, document } of this.#reader.read([...unread.keys()], reading, signal)) {
      if (isReplaced() || !document) return undefined
      this.#keep(text, reading, document, call)
      const places = unread.get(text) as number[]
      this.#addLogits(
        tally,
        places.map((index) => ({ index, document })),
        asked,
        bits,
      )
      report({ tally, leftOut, bits })
      await yieldToTasks()
      this.#checkAlive(signal)
    }
    if (!explain) return { tally, leftOut, bits }
    const explanations = await this.#explain({ query, texts, reading, explain, signal }, tally, asked, bits, call)
    return isReplaced() ? undefined : { tally, leftOut, bits, explanations }
  }

  /** Of the documents that the order keeps. */
  async #explain(
    { query, texts, reading, explain, signal }: Pick<ScoringOptions, 'query' | 'texts' | 'reading' | 'explain' | 'signal'>,
    tally: Tally,
    asked: AskedQuery,
    bits: number,
    call: number,
  ): Promise<Map<number, Explanation>> {
    const explanations = new Map<number, Explanation>()
    const { codes, forms, limits } = this.#model
    const explainText = createExplain({
      query,
      asked,
      places: this.#places,
      codes,
      bits,
      forms,
      lengths: { query: reading.queryMaxLength, document: reading.maxLength },
      languages: limits.languages,
    })
    const scores = tally.scores()
    const yieldToTasks = createTaskYield()
    for (const { index, scored } of order(scores.logits, explain)) {
      // The unscored come last.
      if (!scored) break
      const text = texts[index] as string
      const document = await this.#readAgain(text, reading, call, signal)
      const passage = passageOf(scores, index) ?? { start: 0, end: text.length }
      const part = document?.find(({ range }) => range === undefined || range.start === passage.start)
      // Another session has come, and everything is done once more.
      if (!part) break
      const { matches, sentence } = explainText(text.slice(passage.start, passage.end), part.kept)
      const inText = <R extends TextRange>(range: R): R => ({
        ...range,
        start: range.start + passage.start,
        end: range.end + passage.start,
      })
      explanations.set(index, { matches: matches.map(inText), ...(sentence && { sentence: inText(sentence) }) })
      await yieldToTasks()
      this.#checkAlive(signal)
    }
    return explanations
  }

  /** A document that was read: as it is kept, or anew where there was no room for it. */
  async #readAgain(text: string, reading: Reading, call: number, signal: AbortSignal | undefined): Promise<KeptDocument | undefined> {
    const kept = this.#kept.get(text, reading, call)
    if (kept) return kept
    for await (const { document } of this.#reader.read([text], reading, signal)) return document
    return undefined
  }

  #keep(text: string, reading: Reading, document: KeptDocument, call: number): boolean {
    const isKept = this.#kept.add(text, reading, document, call)
    if (isKept) this.#stored?.add(text, reading, document)
    return isKept
  }

  /** What earlier visits left on the device is there, where anything is kept on it. */
  async #restored(signal: AbortSignal | undefined): Promise<void> {
    const restored = this.#stored?.restored()
    if (restored) await orAborted(signal ? orAborted(restored, signal) : restored, this.#life.signal)
  }

  /** Where only the first `topN` are wanted, those that a look at the first bit finds. */
  async #shortlist(
    known: { index: number; document: KeptDocument }[],
    asked: AskedQuery,
    bits: number,
    count: number,
    { topN, firstStageWeight }: NonNullable<RerankRequest['first']>,
    signal: AbortSignal | undefined,
  ): Promise<typeof known> {
    const size = Math.max(this.#model.shortlist, 4 * topN)
    if (known.length <= size || bits === 1 || isExact(this.#model.codes)) return known
    const yieldToTasks = createTaskYield()
    const coarse = new Float64Array(count).fill(Number.NaN)
    for (let from = 0; from < known.length; from += SCORED_AT_ONCE) {
      const some = known.slice(from, from + SCORED_AT_ONCE)
      const logits = this.#logits(
        asked,
        some.flatMap(({ document }) => document).map(({ kept }) => kept),
        1,
      )
      let at = 0
      for (const { index, document } of some) {
        let best = Number.NEGATIVE_INFINITY
        for (const _ of document) best = Math.max(best, logits[at++] as number)
        coarse[index] = best
      }
      await yieldToTasks()
      this.#checkAlive(signal)
    }
    const found = new Set(order(coarse, { topN: size, firstStageWeight }).map(({ index }) => index))
    return known.filter(({ index }) => found.has(index))
  }

  #addLogits(tally: Tally, documents: { index: number; document: KeptDocument }[], asked: AskedQuery, bits: number): void {
    const parts = documents.flatMap(({ index, document }) =>
      document.map(({ kept, range }, i) => ({ index, kept, range, last: i === document.length - 1 })),
    )
    const logits = this.#logits(
      asked,
      parts.map(({ kept }) => kept),
      bits,
    )
    for (const { index, last } of parts) tally.expect(index, last)
    parts.forEach(({ index, range }, i) => {
      tally.add(index, logits[i] as number, range)
    })
  }

  #logits(asked: AskedQuery, texts: readonly KeptText[], bits: number): number[] {
    const { codes, terms } = this.#model
    const unit = unitOf(asked, codes, bits)
    return this.#sumUp(asked, texts, bits).map((sums, i) => logitOf(termsOf(sums, asked, texts[i] as KeptText, unit), terms))
  }

  /** Until no call with a query is under way. */
  async #idle(signal: AbortSignal | undefined): Promise<void> {
    while (this.#asking > 0) {
      const idle = new Promise<void>((resolve) => this.#waiting.push(resolve))
      await orAborted(signal ? orAborted(idle, signal) : idle, this.#life.signal)
    }
  }

  #checkAlive(signal?: AbortSignal): void {
    this.#life.signal.throwIfAborted()
    signal?.throwIfAborted()
  }
}

/** Tells how far a call is, now and then; one that began anew is silent until it is as far as before. */
function createReport({ texts, onScored }: ScoringOptions): (progress: Progress) => void {
  const pace = new Pace(REPORT_MS)
  let reported = 0
  return (progress) => {
    const scored = progress.tally.scored + progress.leftOut
    if (scored < reported || (scored < texts.length && !pace.isDue)) return
    reported = scored
    pace.run(() => onScored?.(progress))
  }
}
