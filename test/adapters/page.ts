import { createReranker } from 'page-rerank'
import { FRAMEWORKS, rankWithMastra } from './frameworks.js'

/**
 * In a page: places of the documents, best first, as `rerank` and as each framework has them.
 *
 * @param model its address
 */
export async function rankWithAll(model: string, query: string, documents: string[]): Promise<Record<string, number[]>> {
  await using reranker = await createReranker({ model })
  const { results } = await reranker.rerank(query, documents)
  const orders: Record<string, number[]> = { rerank: results.map(({ index }) => index) }
  const ranks = { ...FRAMEWORKS, Mastra: rankWithMastra }
  for (const [name, using] of Object.entries(ranks)) orders[name] = (await using(reranker)(query, documents)).map(({ index }) => index)
  return orders
}
