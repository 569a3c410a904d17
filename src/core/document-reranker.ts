import { abortError, DisposedError } from '../errors.js'
import {
  LONG_DOCUMENTS,
  ON_MISMATCH,
  type Pair,
  type Reranker,
  type RerankerInfo,
  type RerankOptions,
  type RerankResponse,
  type RerankResult,
  type ScoreOptions,
  TRUNCATIONS,
} from '../types.js'
import { extractTexts } from './documents.js'
import type { Engine } from './engine.js'
import {
  aBoolean,
  aFunction,
  aSignal,
  aString,
  checkOptions,
  checkPairs,
  checkQuery,
  numberFrom,
  type OptionChecks,
  oneOf,
} from './options.js'
import { orAborted } from './or-aborted.js'
import type { Ranking } from './ordering.js'

/**
 * The public `Reranker` in front of any engine: checks what comes in, takes the text out of the caller's documents and
 * puts the documents back into the results, and lets a newer call supersede an older one of its key.
 */
export class DocumentReranker implements Reranker {
  readonly #engine: Engine
  /** Ends a call each. */
  readonly #calls = new Set<AbortController>()
  /** The unfinished call of each key. */
  readonly #newest = new Map<string, AbortController>()
  #disposed = false

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get info(): RerankerInfo {
    return this.#engine.info
  }

  async rerank<T>(query: string, documents: readonly T[], options: RerankOptions<T> = {}): Promise<RerankResponse<T>> {
    this.#checkUsable()
    checkQuery(query)
    checkOptions('rerank', options, rerankChecks)
    const { key, signal, text, onUpdate, onProgress } = options
    const { topN, minScore, maxLength, longDocuments, onMismatch, firstStageWeight, budgetMs } = options
    signal?.throwIfAborted()
    const texts = extractTexts(documents, text)
    // A newer query supersedes an older one even when it found nothing.
    if (key !== undefined) this.#newest.get(key)?.abort(abortError('A newer query superseded this one.'))
    if (texts.length === 0) return { results: [], unscored: 0 }
    const attach = ({ ranked, ...facts }: Ranking): RerankResponse<T> => ({
      results: ranked.map((one, place): RerankResult<T> => {
        const { index } = one
        const at = { index, document: documents[index] as T, rank: place + 1 }
        if (!one.scored) return { ...at, scored: false }
        const { score, logit, passage } = one
        const text = passage && (texts[index] as string).slice(passage.start, passage.end)
        return { ...at, scored: true, score, logit, ...(passage && { passage: { ...passage, text: text as string } }) }
      }),
      ...facts,
    })
    return this.#stoppable({ signal, key }, async (signal) => {
      const ranking = await this.#engine.rerank({
        query,
        texts,
        topN,
        minScore,
        maxLength,
        longDocuments,
        onMismatch,
        firstStageWeight,
        budgetMs,
        onProgress: onProgress && ((progress) => signal.aborted || onProgress(progress)),
        onUpdate: onUpdate && ((ranking, progress) => signal.aborted || onUpdate(attach(ranking), progress)),
        signal,
      })
      return attach(ranking)
    })
  }

  async computeScore(pairs: readonly Pair[] | Pair, options: ScoreOptions = {}): Promise<number[]> {
    this.#checkUsable()
    const list = checkPairs(pairs)
    checkOptions('computeScore', options, scoreChecks)
    const { signal, onProgress, ...rest } = options
    signal?.throwIfAborted()
    if (list.length === 0) return []
    return this.#stoppable({ signal }, (signal) =>
      this.#engine.computeScore({
        ...rest,
        pairs: list,
        onProgress: onProgress && ((progress) => signal.aborted || onProgress(progress)),
        signal,
      }),
    )
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    for (const call of this.#calls) call.abort(abortError('The reranker was disposed of during the call.', new DisposedError()))
    await this.#engine.dispose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError()
  }

  /**
   * Work that ends for its caller as soon as the caller aborts it, a newer call of its key comes, or the reranker is disposed
   * of; what is left of it hears of it by its signal.
   */
  async #stoppable<T>({ signal, key }: { signal?: AbortSignal; key?: string }, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // Not AbortSignal.any: in Node a signal that outlives its calls keeps something of each.
    const call = new AbortController()
    const abort = () => call.abort(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    this.#calls.add(call)
    if (key !== undefined) this.#newest.set(key, call)
    try {
      return await orAborted(work(call.signal), call.signal)
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#calls.delete(call)
      if (key !== undefined && this.#newest.get(key) === call) this.#newest.delete(key)
    }
  }
}

const count = numberFrom({ min: 1, integer: true })

/** What only the model knows, such as the longest `maxLength`, it checks itself. */
const rerankChecks: OptionChecks<RerankOptions<never>> = {
  topN: count,
  text: aFunction,
  minScore: numberFrom({ min: 0, max: 1 }),
  maxLength: count,
  longDocuments: oneOf(LONG_DOCUMENTS),
  onMismatch: oneOf(ON_MISMATCH),
  firstStageWeight: numberFrom({ min: 0 }),
  budgetMs: numberFrom({ min: 0 }),
  onUpdate: aFunction,
  onProgress: aFunction,
  key: aString,
  signal: aSignal,
}

const scoreChecks: OptionChecks<ScoreOptions> = {
  normalize: aBoolean,
  maxLength: count,
  queryMaxLength: count,
  truncation: oneOf(TRUNCATIONS),
  batchSize: count,
  onProgress: aFunction,
  signal: aSignal,
}
