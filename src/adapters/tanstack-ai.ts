import { aFunction, aString, type OptionChecks, readOptions } from '../core/options.js'
import { type RankingOptions, type RerankerSource, rankingChecks, whenNeeded } from './reranker-source.js'

export type { RankingOptions, RerankerSource }

export interface RerankAdapterOptions extends RankingOptions {
  /** What the model is called in results and events. @default 'page-rerank' */
  model?: string
  /**
   * The text of a document, as the model reads it. TanStack AI makes JSON of documents that are objects: `(json) => JSON.parse(json).title`.
   * @default the string that comes
   */
  text?: (document: string, index: number) => string
}

/** What `rerank()` of `@tanstack/ai` calls. */
export interface RerankAdapterCall {
  query: string
  documents: string[]
  topN?: number | undefined
  /** Options of `rerank` for this call, in place of the adapter's. */
  modelOptions?: RankingOptions | undefined
  abortSignal?: AbortSignal | undefined
  logger: {
    request(message: string, meta?: Record<string, unknown>): void
    errors(message: string, meta?: Record<string, unknown>): void
  }
}

export interface RerankAdapterResult {
  id: string
  /** Best first. `score` is 0 for documents that were not scored. */
  ranking: { index: number; score: number }[]
  /** Nothing is billed and no tokens are told: all 0. */
  usage: { promptTokens: number; completionTokens: number; totalTokens: number }
}

/** A `RerankAdapter` of `@tanstack/ai`. */
export interface RerankAdapter {
  readonly kind: 'rerank'
  readonly name: 'page-rerank'
  readonly model: string
  /** For types alone: it is not there. */
  '~types': { providerOptions: RankingOptions }
  rerank(call: RerankAdapterCall): Promise<RerankAdapterResult>
}

const checks: OptionChecks<RerankAdapterOptions> = { model: aString, text: aFunction, ...rankingChecks }

/**
 * An adapter for `rerank()` of TanStack AI.
 *
 * The order is the reranker's: where `firstStageWeight` counts, a document may stand above one with a higher score.
 *
 * @example
 * const adapter = rerankAdapter(() => createReranker())
 * const { rerankedDocuments } = await rerank({ adapter, query, documents, topN: 5 })
 *
 * @throws InvalidInputError (`invalid-option`)
 */
export function rerankAdapter(reranker: RerankerSource, given: RerankAdapterOptions = {}): RerankAdapter {
  const { model = 'page-rerank', text, ...ranking } = readOptions('rerankAdapter', given, checks)
  const ready = whenNeeded('rerankAdapter', reranker)
  let calls = 0

  async function rerank(call: RerankAdapterCall): Promise<RerankAdapterResult> {
    const { query, documents, topN, modelOptions, abortSignal: signal, logger } = call
    // Adapters tell both, as TanStack AI's RerankOptions asks them to.
    logger.request(`activity=rerank provider=page-rerank model=${model} documents=${documents.length}`, { provider: 'page-rerank', model })
    // What is passed may be changed while the model loads.
    const own = [...documents]
    const options = { ...ranking, ...modelOptions, topN, text, signal }
    try {
      const ranker = await ready(signal)
      const { results } = await ranker.rerank(query, own, options)
      return {
        id: `page-rerank-${Date.now()}-${++calls}`,
        ranking: results.map(({ index, score = 0 }) => ({ index, score })),
        usage: { promptTokens: 0, completionTokens: 0, totalTokens: 0 },
      }
    } catch (error) {
      logger.errors('page-rerank.rerank failed', { error, source: 'page-rerank.rerank' })
      throw error
    }
  }

  return { kind: 'rerank', name: 'page-rerank', model, rerank } as RerankAdapter
}
