// @ts-check
import { createReranker } from 'page-rerank'
import * as node from 'page-rerank/node'
import { hits, query, text } from './hits.js'

const reranker = await createReranker()
const { results } = await reranker.rerank(query, hits, { text })
const { runtime, device, fallbacks } = reranker.info
await reranker.dispose()
const sameEntry = createReranker === node.createReranker
console.log(JSON.stringify({ runtime, device, fallbacks, sameEntry, titles: results.map(({ document }) => document.title) }))
