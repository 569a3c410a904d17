import { aFunction, aString, type OptionChecks, oneOf, readOptions } from '../core/options.js'
import type { RerankResponse } from '../types.js'
import { type RankingOptions, type RerankerSource, rankingChecks, whenNeeded } from './reranker-source.js'

export type { RankingOptions, RerankerSource }

/** Version of the AI SDK's interface for reranking models: `v3` is known to `ai` 6 and 7, `v4` to 7 alone. */
export type SpecificationVersion = 'v3' | 'v4'

const VERSIONS: readonly SpecificationVersion[] = ['v3', 'v4']

/** A document as `rerank()` of `ai` passes it on: a string, or an object of JSON's values. */
export type ObjectDocument = Record<string, unknown>

export interface RerankingModelOptions<Version extends SpecificationVersion = 'v3'> extends RankingOptions {
  /** What the model is called in telemetry, and in a response that ranked nothing; others say `info.model`. @default 'page-rerank' */
  modelId?: string
  /**
   * The text of a document that is an object, as the model reads it.
   * @default its `text` where that is a string; else the object as JSON, with a warning
   */
  text?: (document: ObjectDocument, index: number) => string
  /** @default 'v3', which `ai` 6 and 7 both take */
  specificationVersion?: Version
}

/** What `rerank()` of `ai` calls. The types are those of `@ai-sdk/provider`, of which both versions have the same. */
export interface RerankingModelCall {
  documents: { type: 'text'; values: string[] } | { type: 'object'; values: ObjectDocument[] }
  query: string
  topN?: number | undefined
  abortSignal?: AbortSignal | undefined
  /** `{ pageRerank: { firstStageWeight: 0 } }`: options of `rerank` for this call, in place of the model's. */
  providerOptions?: Record<string, Record<string, unknown> | undefined> | undefined
  /** There is no server that would get them. */
  headers?: Record<string, string | undefined> | undefined
}

export type RerankingModelWarning = { type: 'compatibility'; feature: string; details?: string } | { type: 'other'; message: string }

export interface RerankingModelResult {
  /** Best first. `relevanceScore` is `score`, and 0 for documents that were not scored. */
  ranking: { index: number; relevanceScore: number }[]
  warnings: RerankingModelWarning[]
  response: { timestamp: Date; modelId: string }
}

/** A `RerankingModelV3` or `RerankingModelV4` of `@ai-sdk/provider`. */
export interface RerankingModel<Version extends SpecificationVersion = 'v3'> {
  readonly specificationVersion: Version
  readonly provider: string
  readonly modelId: string
  doRerank(call: RerankingModelCall): Promise<RerankingModelResult>
}

const checks: OptionChecks<RerankingModelOptions<SpecificationVersion>> = {
  modelId: aString,
  text: aFunction,
  specificationVersion: oneOf(VERSIONS),
  ...rankingChecks,
}

/**
 * A model for the AI SDK's `rerank()`.
 *
 * The order is the reranker's: where `firstStageWeight` counts, a document may stand above one with a higher score.
 *
 * @example
 * const model = rerankingModel(() => createReranker())
 * const { rerankedDocuments } = await rerank({ model, query, documents, topN: 5 })
 *
 * @throws InvalidInputError (`invalid-option`)
 */
export function rerankingModel<Version extends SpecificationVersion = 'v3'>(
  reranker: RerankerSource,
  given: RerankingModelOptions<Version> = {},
): RerankingModel<Version> {
  const { modelId = 'page-rerank', text, specificationVersion = 'v3', ...ranking } = readOptions('rerankingModel', given, checks)
  const ready = whenNeeded('rerankingModel', reranker)

  async function doRerank({ documents, query, topN, abortSignal, providerOptions }: RerankingModelCall): Promise<RerankingModelResult> {
    const timestamp = new Date()
    const options = { ...ranking, ...providerOptions?.pageRerank, topN, signal: abortSignal }
    // What is passed may be changed while the model loads.
    const own:
      | { values: ObjectDocument[]; text: (document: ObjectDocument, index: number) => string }
      | { values: string[]; text?: never } =
      documents.type === 'object' && text ? { values: [...documents.values], text } : { values: documents.values.map(textOf) }
    const isJson = documents.type === 'object' && !text && !documents.values.every(hasText)
    const ranker = await ready(abortSignal)
    const response = own.text
      ? await ranker.rerank(query, own.values, { ...options, text: own.text })
      : await ranker.rerank(query, own.values, options)
    const warnings = response.unscored > 0 ? [unscoredWarning(response, own.values.length)] : []
    if (isJson) warnings.push(JSON_WARNING)
    return {
      ranking: response.results.map(({ index, score = 0 }) => ({ index, relevanceScore: score })),
      warnings,
      response: { timestamp, modelId: ranker.info.model ?? modelId },
    }
  }

  return { specificationVersion: specificationVersion as Version, provider: 'page-rerank', modelId, doRerank }
}

const hasText = (document: ObjectDocument) => typeof document?.text === 'string'

function textOf(document: string | ObjectDocument): string {
  if (typeof document === 'string') return document
  return hasText(document) ? (document.text as string) : JSON.stringify(document)
}

const JSON_WARNING: RerankingModelWarning = {
  type: 'compatibility',
  feature: 'object documents',
  details:
    'Documents without a text property are read as JSON. Say what is to be read: rerankingModel(reranker, { text: (document) => … }).',
}

function unscoredWarning({ unscored, mismatch }: RerankResponse<unknown>, count: number): RerankingModelWarning {
  const why = mismatch ? mismatch.reason : 'budgetMs was over.'
  return { type: 'other', message: `${unscored} of ${count} documents were not scored and keep their order. ${why}` }
}
