// @ts-check
import { createReranker } from 'page-rerank'
import { hits, query, text } from './hits.js'

try {
  const asked = new URLSearchParams(location.search)
  const threads = Number(asked.get('threads')) || undefined
  const model = asked.get('model') ?? undefined
  const assetsPath = asked.get('assetsPath') ?? undefined
  const reranker = await createReranker({ threads, model, assetsPath })
  const { results } = await reranker.rerank(query, hits, { text })
  Object.assign(globalThis, {
    outcome: { info: reranker.info, titles: results.map(({ document }) => document.title), sameObjects: results[0]?.document === hits[2] },
  })
} catch (error) {
  Object.assign(globalThis, { outcome: { error: String(error) } })
}
