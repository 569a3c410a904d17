import { rerankChecks } from '../core/call-options.js'
import { describe, type OptionChecks, readOptions } from '../core/options.js'
import { InvalidInputError } from '../errors.js'
import { type RankingOptions, type RerankerSource, rankingChecks, whenNeeded } from './reranker-source.js'

export type { RankingOptions, RerankerSource }

export interface DocumentCompressorOptions extends RankingOptions {
  /** Keep this many documents. @default 3, as LangChain's own `CohereRerank` */
  topN?: number
}

/** A `Document` of any version of `@langchain/core`. */
export interface LangChainDocument {
  pageContent: string
  // biome-ignore lint/suspicious/noExplicitAny: as LangChain has it
  metadata: Record<string, any>
}

/** For one call. */
export interface CompressorCall {
  topN?: number
  signal?: AbortSignal
}

/** A `BaseDocumentCompressor` of `@langchain/core`, and what its `CohereRerank` has besides. */
export interface DocumentCompressor {
  /**
   * The best documents, best first: copies with `metadata.relevanceScore`, the `score`. Documents that were not scored have none.
   *
   * @param callbacks LangChain's: nothing here calls a model of LangChain's that would be told of. An object with a `signal`, as its
   *   configurations are, ends the call when that is aborted; LangChain's own retrievers pass none.
   */
  compressDocuments<T extends LangChainDocument>(documents: T[], query: string, callbacks?: unknown): Promise<T[]>
  /**
   * Places of the best documents, best first, without copying any. `relevanceScore` is `score`, and 0 for documents that were not
   * scored.
   */
  rerank(
    documents: readonly (string | { pageContent: string })[],
    query: string,
    options?: CompressorCall,
  ): Promise<{ index: number; relevanceScore: number }[]>
}

const TOP_N = 3

const checks: OptionChecks<DocumentCompressorOptions> = { topN: rerankChecks.topN, ...rankingChecks }

/**
 * What makes a `ContextualCompressionRetriever` keep the best of what another retriever finds.
 *
 * It has the shape of LangChain's class and is none: LangChain asks for its methods alone, and so every version of it will do.
 *
 * @example
 * const baseCompressor = documentCompressor(() => createReranker(), { topN: 5 })
 * const retriever = new ContextualCompressionRetriever({ baseCompressor, baseRetriever })
 *
 * @throws InvalidInputError (`invalid-option`)
 */
export function documentCompressor(reranker: RerankerSource, given: DocumentCompressorOptions = {}): DocumentCompressor {
  const { topN: most = TOP_N, ...ranking } = readOptions('documentCompressor', given, checks)
  const ready = whenNeeded('documentCompressor', reranker)

  async function rank(documents: readonly (string | { pageContent: string })[], query: string, call: CompressorCall | null) {
    // With nothing to rank nothing has to load.
    if (!documents?.length) return []
    const { topN = most, signal } = call ?? {}
    const texts = documents.map(textOf)
    const ranker = await ready(signal ?? undefined)
    return (await ranker.rerank(query, texts, { ...ranking, topN, signal: signal ?? undefined })).results
  }

  return {
    async compressDocuments<T extends LangChainDocument>(documents: T[], query: string, callbacks?: unknown) {
      const { signal } = (callbacks ?? {}) as CompressorCall
      // The caller may go on to change the array that was passed.
      const own = [...(documents ?? [])]
      const results = await rank(own, query, { signal })
      return results.map(({ index, score }) => withScore(own[index] as T, score))
    },
    async rerank(documents, query, options = {}) {
      const results = await rank(documents, query, options)
      return results.map(({ index, score = 0 }) => ({ index, relevanceScore: score }))
    },
  }
}

function textOf(document: string | { pageContent: string }, index: number): string {
  const text: unknown = typeof document === 'string' ? document : document?.pageContent
  if (typeof text === 'string') return text
  throw new InvalidInputError('invalid-input', `The pageContent of document ${index} is ${describe(text)}; it must be a string.`, { index })
}

/** A copy of the same class: whoever found the document may show it elsewhere, with another query's score. */
function withScore<T extends LangChainDocument>(document: T, score: number | undefined): T {
  const { relevanceScore: _, ...metadata } = document.metadata ?? {}
  if (score !== undefined) metadata.relevanceScore = score
  return Object.assign(Object.create(Object.getPrototypeOf(document)), document, { metadata })
}
