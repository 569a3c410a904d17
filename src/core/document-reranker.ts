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
import { indexChecks, prepareChecks, prepareIndexChecks, rerankChecks, scoreChecks } from './call-options.js'
import { Calls } from './calls.js'
import { copyDocuments, extractTexts } from './documents.js'
import type { Engine, Scores } from './engine.js'
import { guarded } from './guarded.js'
import { inTime } from './in-time.js'
import { checkQuery, readOptions, readPairs } from './options.js'
import { order } from './ordering.js'
import { Pace } from './pace.js'
import type { PassageRange } from './passages.js'
import { passageOf } from './tally.js'

/**
 * The public `Reranker` in front of any engine: checks what comes in, takes the text out of the caller's documents and
 * puts the documents back into the results, and lets a newer call supersede an older one of its key.
 */
export class DocumentReranker<Info extends RerankerInfo = RerankerInfo> implements Reranker {
  readonly #engine: Engine<Info>
  readonly #addressOf: (index: string | URL) => string
  readonly #calls = new Calls()

  /** @param addressOf makes an index's address absolute */
  constructor(engine: Engine<Info>, addressOf: (index: string | URL) => string = String) {
    this.#engine = engine
    this.#addressOf = addressOf
  }

  get info(): Info {
    return this.#engine.info
  }

  async rerank<T>(query: string, documents: readonly T[], options: RerankOptions<T> = {}): Promise<RerankResponse<T>> {
    const start = performance.now()
    this.#calls.checkUsable()
    checkQuery(query)
    const { firstStageWeight = this.info.firstStageWeight ?? 0, ...given } = readOptions<RerankOptions<T>>('rerank', options, rerankChecks)
    const { key, signal, text, budgetMs, topN, minScore, maxLength, longDocuments, onMismatch, explain } = given
    const own = copyDocuments(documents)
    return this.#calls.run({ signal, key }, async (call) => {
      const texts = extractTexts(own, text)
      // The caller's function may have stopped this call, or made a newer one.
      call.signal.throwIfAborted()
      if (texts.length === 0) return { results: [], unscored: 0 }
      const total = texts.length
      const respond = (scores: Scores) => toResponse(own, texts, scores, { ...given, firstStageWeight })
      const onProgress = guarded(given.onProgress, call)
      const onUpdate = guarded(given.onUpdate, call)
      const report = createReport((scores: Scores, progress) => {
        onProgress?.(progress)
        if (scores.scored < total) onUpdate?.(respond(scores), progress)
      })
      let soFar: Scores = { logits: new Float64Array(total).fill(Number.NaN), scored: 0 }
      const onScored = (scores: Scores) => {
        // One that is begun again in another worker says nothing until it is as far as before.
        if (call.signal.aborted || scores.scored < soFar.scored) return
        soFar = scores
        if (scores.scored > 0) report(scores, { scored: scores.scored, total })
      }
      const rerank = () =>
        this.#engine.rerank({
          query,
          texts,
          maxLength,
          longDocuments,
          onMismatch,
          ...(topN !== undefined && { first: { topN, firstStageWeight } }),
          ...(explain && { explain: { topN, minScore, firstStageWeight } }),
          parts: budgetMs === undefined ? onUpdate && 'updates' : 'deadline',
          ...((onUpdate || onProgress || budgetMs !== undefined) && { onScored }),
          signal: call.signal,
        })
      return respond(budgetMs === undefined ? await rerank() : await inTime(start + budgetMs, rerank, () => soFar))
    })
  }

  async computeScore(pairs: readonly Pair[] | Pair, options: ScoreOptions = {}): Promise<number[]> {
    this.#calls.checkUsable()
    const list = readPairs(pairs)
    const { signal, onProgress, ...rest } = readOptions('computeScore', options, scoreChecks)
    return this.#calls.run({ signal }, async (call) => {
      if (list.length === 0) return []
      const tell = guarded(onProgress, call)
      const report = tell && createReport((_: undefined, progress) => tell(progress))
      return this.#engine.computeScore({
        ...rest,
        pairs: list,
        onProgress: report && ((progress) => report(undefined, progress)),
        signal: call.signal,
      })
    })
  }

  async prepare<T>(documents: readonly T[] | PreparedIndex, options: PrepareOptions<T> = {}): Promise<void> {
    this.#calls.checkUsable()
    if (isIndex(documents)) return this.#prepareIndex(documents, options)
    const { text, signal, onProgress, ...rest } = readOptions<PrepareOptions<T>>('prepare', options, prepareChecks)
    const own = copyDocuments(documents)
    return this.#calls.run({ signal }, async (call) => {
      const texts = extractTexts(own, text)
      call.signal.throwIfAborted()
      if (texts.length > 0) await this.#engine.prepare({ ...rest, texts, onProgress: guarded(onProgress, call), signal: call.signal })
    })
  }

  async #prepareIndex(source: PreparedIndex, options: PrepareIndexOptions): Promise<void> {
    const { index } = readOptions<PreparedIndex>('prepare', source, indexChecks)
    indexChecks.index('index', index)
    const { signal, onProgress } = readOptions<PrepareIndexOptions>('prepare with an index', options, prepareIndexChecks)
    const address = this.#addressOf(index)
    return this.#calls.run({ signal }, (call) =>
      this.#engine.prepareIndex({ index: address, onProgress: guarded(onProgress, call), signal: call.signal }),
    )
  }

  async dispose(): Promise<void> {
    if (this.#calls.dispose()) await this.#engine.dispose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }
}

/** What `prepare` was given: documents, or where an index is. */
export function isIndex(documents: unknown): documents is PreparedIndex {
  return typeof documents === 'object' && documents !== null && !Array.isArray(documents)
}

/** Milliseconds from one report of a call to the next. */
const REPORT_MS = 100

/** Tells a caller how far its call is: a few times a second, never less than before, and the end in any case. */
function createReport<T>(tell: (what: T, progress: ScoreProgress) => void): (what: T, progress: ScoreProgress) => void {
  const pace = new Pace(REPORT_MS, performance.now() + REPORT_MS)
  let furthest = 0
  return (what, progress) => {
    if (progress.scored < furthest || (progress.scored < progress.total && !pace.isDue)) return
    furthest = progress.scored
    pace.run(() => tell(what, progress))
  }
}

/** The order, with the caller's own documents. */
function toResponse<T>(
  documents: readonly T[],
  texts: readonly string[],
  scores: Scores,
  { firstStageWeight, topN, minScore, onMismatch = 'keep-order' }: RerankOptions<T>,
): RerankResponse<T> {
  const { logits, scored, explanations, coarse, mismatch } = scores
  const wasKept = mismatch !== undefined && onMismatch === 'keep-order'
  // Without scores, a least score would leave nothing.
  const ranked = order(logits, { firstStageWeight, topN, minScore: wasKept ? undefined : minScore })
  const results = ranked.map((one, place): RerankResult<T> => {
    const { index } = one
    const document = documents[index] as T
    const rank = place + 1
    if (!one.scored) return { index, document, rank, scored: false }
    const { score, logit } = one
    const passage = passageOf(scores, index)
    const { matches, sentence } = explanations?.get(index) ?? {}
    // A whole corpus has neither, and spreading takes several times as long as all the rest.
    if (!passage && !matches) return { index, document, rank, scored: true, score, logit }
    const withText = (range: PassageRange) => ({ ...range, text: (texts[index] as string).slice(range.start, range.end) })
    return {
      index,
      document,
      rank,
      scored: true,
      score,
      logit,
      ...(passage && { passage: withText(passage) }),
      ...(matches && { matches }),
      ...(sentence && { sentence: withText(sentence) }),
    }
  })
  return { results, ...(coarse && { coarse }), ...(mismatch && { mismatch }), unscored: texts.length - scored }
}
