// @ts-check
import { createReranker } from 'page-rerank/node'
import { createRemoteReranker } from 'page-rerank/remote'

/**
 * The second stage: the default model in this process, or, with RERANK_URL, a model behind a server. RERANK_FLAVOUR is what it speaks
 * (tei, infinity, vllm, llama.cpp, …), RERANK_MODEL its name there, RERANK_KEY a bearer token.
 */
export async function openReranker() {
  const { RERANK_URL: url, RERANK_FLAVOUR: flavour = 'tei', RERANK_MODEL: model, RERANK_KEY: key } = process.env
  if (url === undefined) return createReranker()
  return createRemoteReranker({
    url,
    flavour: /** @type {import('page-rerank/remote').Flavour} */ (flavour),
    ...(model !== undefined && { model }),
    ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
  })
}

/**
 * Prints what the engine found, and the same in the model's order.
 *
 * @param {string} query
 * @param {readonly import('./documents.js').Hit[]} hits the engine's best first: fifty to a hundred of them
 */
export async function printReranked(query, hits) {
  console.log(`The engine found ${hits.length}:\n${hits.map(({ title }) => `  ${title}\n`).join('')}`)
  const reranker = await openReranker()
  const { results } = await reranker.rerank(query, hits, { text: ({ title, body }) => `${title}\n${body}`, topN: 10 })
  console.log(`Reranked:\n${results.map(({ score, document }) => `  ${score?.toFixed(3)}  ${document.title}\n`).join('')}`)
  await reranker.dispose()
}
