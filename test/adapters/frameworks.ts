import { ContextualCompressionRetriever } from '@langchain/classic/retrievers/contextual_compression'
import { Document } from '@langchain/core/documents'
import { BaseRetriever } from '@langchain/core/retrievers'
import { rerank as rerankTanStack } from '@tanstack/ai'
import { rerank as rerank6 } from 'ai'
import { rerank as rerank7 } from 'ai-v7'
import { type RerankerSource, rerankingModel } from 'page-rerank/ai-sdk'
import { documentCompressor } from 'page-rerank/langchain'
import { relevanceScoreProvider } from 'page-rerank/mastra'
import { rerankAdapter } from 'page-rerank/tanstack-ai'
import { rerankWithScorer } from './mastra-as-recorded.js'

/** A document's place in the list that was ranked, and its score as the framework tells it. */
export interface Ranked {
  index: number
  score: number | undefined
}

export interface Call {
  topN?: number
  signal?: AbortSignal
}

export type Rank = (query: string, documents: string[], call?: Call) => Promise<Ranked[]>

/** Finds all, in the order in which they are. */
class Finds extends BaseRetriever {
  lc_namespace = ['test']
  readonly #found: Document[]

  constructor(texts: string[]) {
    super()
    this.#found = texts.map((pageContent, place) => new Document({ pageContent, metadata: { place } }))
  }

  override async _getRelevantDocuments() {
    return this.#found
  }
}

/** What the frameworks do with their adapter: their own functions, asked for the same. Types are checked as well: by the compiler. */
export const FRAMEWORKS: Record<string, (reranker: RerankerSource) => Rank> = {
  'ai 6': (reranker) => {
    const model = rerankingModel(reranker)
    return async (query, documents, { topN, signal } = {}) =>
      (await rerank6({ model, query, documents, topN, abortSignal: signal })).ranking.map(({ originalIndex, score }) => ({
        index: originalIndex,
        score,
      }))
  },
  'ai 7': (reranker) => {
    const model = rerankingModel(reranker, { specificationVersion: 'v4' })
    return async (query, documents, { topN, signal } = {}) =>
      (await rerank7({ model, query, documents, topN, abortSignal: signal })).ranking.map(({ originalIndex, score }) => ({
        index: originalIndex,
        score,
      }))
  },
  'TanStack AI': (reranker) => {
    const adapter = rerankAdapter(reranker)
    return async (query, documents, { topN, signal } = {}) =>
      (await rerankTanStack({ adapter, query, documents, topN, abortSignal: signal, debug: false })).ranking
  },
  LangChain: (reranker) => {
    const all = documentCompressor(reranker, { topN: 1000 })
    return async (query, documents, { topN, signal } = {}) => {
      const baseCompressor = topN === undefined ? all : documentCompressor(reranker, { topN })
      const baseRetriever = new Finds(documents)
      // The retriever knows no signal.
      const kept = signal
        ? await baseCompressor.compressDocuments(await baseRetriever.invoke(query), query, { signal })
        : await new ContextualCompressionRetriever({ baseCompressor, baseRetriever }).invoke(query)
      return kept.map(({ metadata }) => ({ index: metadata.place, score: metadata.relevanceScore }))
    }
  },
}

/** Mastra has an order of its own: what its first stage counts for is asked to be nothing. */
export function rankWithMastra(reranker: RerankerSource): Rank {
  const scorer = relevanceScoreProvider(reranker)
  return async (query, documents, { topN = documents.length } = {}) => {
    const results = documents.map((text, place) => ({ id: String(place), score: 0, metadata: { text } }))
    const options = { topK: topN, weights: { semantic: 1, vector: 0, position: 0 } }
    const ranked = await rerankWithScorer({ results, query, scorer, options })
    return ranked.map(({ result, score }) => ({ index: Number(result.id), score }))
  }
}
