import { abortError, DisposedError, InvalidInputError } from '../errors.js'
import type { Pair, Reranker, RerankerInfo, RerankOptions, RerankResponse, RerankResult, ScoreOptions } from '../types.js'
import { extractTexts } from './documents.js'
import type { Engine } from './engine.js'
import { checkFunction, checkNumber, checkOneOf, checkPairs, checkQuery, describe } from './options.js'
import type { Ranking } from './ordering.js'

/**
 * The public `Reranker` in front of any engine: checks what comes in, takes the text out of the caller's documents and
 * puts the documents back into the results, and lets a newer call supersede an older one of its key.
 */
export class DocumentReranker implements Reranker {
  readonly #engine: Engine
  readonly #running = new Map<string, AbortController>()
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
    checkRerankOptions(options)
    const { key, signal, text, onUpdate, onProgress } = options
    const { topN, minScore, maxLength, longDocuments, onMismatch, firstStageWeight, budgetMs } = options
    signal?.throwIfAborted()
    const texts = extractTexts(documents, text)
    // A newer query supersedes an older one even when it found nothing.
    const superseded = key === undefined ? undefined : this.#supersede(key)
    if (texts.length === 0) {
      superseded?.release()
      return { results: [], unscored: 0 }
    }
    const signals = [signal, superseded?.signal].filter((one) => one !== undefined)
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
    try {
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
        onProgress,
        onUpdate: onUpdate && ((ranking, progress) => onUpdate(attach(ranking), progress)),
        signal: AbortSignal.any(signals),
      })
      return attach(ranking)
    } finally {
      superseded?.release()
    }
  }

  async computeScore(pairs: readonly Pair[] | Pair, options: ScoreOptions = {}): Promise<number[]> {
    this.#checkUsable()
    const list = checkPairs(pairs)
    checkScoreOptions(options)
    options.signal?.throwIfAborted()
    return list.length === 0 ? [] : this.#engine.computeScore({ ...options, pairs: list })
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    await this.#engine.dispose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError()
  }

  /** Abort the unfinished call of this key, and stand in its place. */
  #supersede(key: string): { signal: AbortSignal; release: () => void } {
    this.#running.get(key)?.abort(abortError('A newer query superseded this one.'))
    const controller = new AbortController()
    this.#running.set(key, controller)
    return {
      signal: controller.signal,
      release: () => {
        if (this.#running.get(key) === controller) this.#running.delete(key)
      },
    }
  }
}

function checkRerankOptions<T>(options: RerankOptions<T>): void {
  checkObject(options)
  checkNumber('topN', options.topN, { min: 1, integer: true })
  checkNumber('minScore', options.minScore, { min: 0, max: 1 })
  checkNumber('maxLength', options.maxLength, { min: 1, integer: true })
  checkOneOf('longDocuments', options.longDocuments, ['truncate', 'chunk'])
  checkOneOf('onMismatch', options.onMismatch, ['keep-order', 'warn', 'ignore'])
  checkNumber('firstStageWeight', options.firstStageWeight, { min: 0 })
  checkNumber('budgetMs', options.budgetMs, { min: 0 })
  checkFunction('text', options.text)
  checkFunction('onUpdate', options.onUpdate)
  checkFunction('onProgress', options.onProgress)
}

function checkScoreOptions(options: ScoreOptions): void {
  checkObject(options)
  checkNumber('maxLength', options.maxLength, { min: 1, integer: true })
  checkNumber('queryMaxLength', options.queryMaxLength, { min: 1, integer: true })
  checkNumber('batchSize', options.batchSize, { min: 1, integer: true })
  checkOneOf('truncation', options.truncation, ['only_second', 'longest_first'])
  checkFunction('onProgress', options.onProgress)
}

function checkObject(options: unknown): void {
  if (typeof options === 'object' && options !== null) return
  throw new InvalidInputError('invalid-option', `The options are ${describe(options)}; pass an object.`)
}
