import type { RelevanceScoreProvider } from 'page-rerank/mastra'

interface Result {
  id: string
  score: number
  metadata?: { text?: string }
}

interface Asked {
  results: Result[]
  query: string
  scorer: Pick<RelevanceScoreProvider, 'getRelevanceScore'>
  options: { topK?: number; weights?: { semantic: number; vector: number; position: number } }
}

/**
 * What `rerankWithScorer` of `@mastra/rag` 2.6.4 asks of a scorer, and what it makes of the answers, as its dist/index.js was read
 * (`executeRerank`): one call a result, all at once, none for a result without text; a failed one fails the ranking. The package brings
 * 181 MB in 221 packages and wants Node 22, so that the suite does without; `npm run mastra` installs it and compares.
 */
export async function rerankWithScorer({ results, query, scorer, options }: Asked) {
  const { topK = 3, weights = { semantic: 0.4, vector: 0.4, position: 0.2 } } = options
  const ranked = await Promise.all(
    results.map(async (result, place) => {
      const text = result.metadata?.text
      const semantic = text ? await scorer.getRelevanceScore(query, text) : 0
      const position = 1 - place / results.length
      return { result, score: weights.semantic * semantic + weights.vector * result.score + weights.position * position }
    }),
  )
  return ranked.sort((one, other) => other.score - one.score).slice(0, topK)
}
