// @ts-check
import { createVectorizer } from 'page-rerank/node'
import { ask } from './ask.js'
import { DOCUMENTS, query } from './documents.js'
import { printReranked } from './rerank.js'

/**
 * Qdrant first, page-rerank over its hits; then Qdrant alone, which finds with one vector of the model and ranks with all of them.
 *
 * QDRANT_URL=http://localhost:6333 QDRANT_KEY=… node qdrant.js "undo the last commit but keep my files"
 */
const { QDRANT_URL: url = 'http://localhost:6333', QDRANT_KEY: key } = process.env
const headers = { 'api-key': key }
const collection = `${url}/collections/page-rerank-example`

const vectorizer = await createVectorizer()
const text = (/** @type {import('./documents.js').Hit} */ { title, body }) => `${title}\n${body}`
const points = []
for await (const { document, vectors } of vectorizer.documents(DOCUMENTS, { text }))
  points.push({ id: points.length, vector: { first: oneOf(vectors), all: vectors }, payload: { document, ...DOCUMENTS[document] } })
const asked = await vectorizer.query(query)
await vectorizer.dispose()

// 409: it is there from the last time.
const [size, sizeOfAll] = [oneOf(asked).length, asked[0]?.length]
const all = { size: sizeOfAll, distance: 'Dot', multivector_config: { comparator: 'max_sim' }, hnsw_config: { m: 0 } }
await ask('PUT', collection, { vectors: { first: { size, distance: 'Dot' }, all } }, headers, [409])
await ask('PUT', `${collection}/points?wait=true`, { points }, headers)

const find = { query: oneOf(asked), using: 'first', limit: 100 }
const found = JSON.parse(await ask('POST', `${collection}/points/query/groups`, { ...find, ...byDocument(100) }, headers))
await printReranked(
  query,
  hitsOf(found).map(({ payload }) => payload),
)

const rank = { prefetch: find, query: asked, using: 'all' }
const ranked = JSON.parse(await ask('POST', `${collection}/points/query/groups`, { ...rank, ...byDocument(10) }, headers))
const scores = hitsOf(ranked).map(({ score, payload }) => `  ${sigmoid(score).toFixed(3)}  ${payload.title}\n`)
console.log(`The engine alone:\n${scores.join('')}`)

/**
 * Qdrant's score is the model's logit.
 *
 * @param {number} logit
 */
function sigmoid(logit) {
  return 1 / (1 + Math.exp(-logit))
}

/**
 * The vector to find with: the mean, without the numbers that only MaxSim needs.
 *
 * @param {readonly number[][]} vectors
 */
function oneOf(vectors) {
  return vectors[0]?.slice(0, -5) ?? []
}

/**
 * A long document has several points, and its score is that of the best.
 *
 * @param {number} limit
 */
function byDocument(limit) {
  return { group_by: 'document', group_size: 1, limit, with_payload: true }
}

/**
 * @typedef {{ score: number, payload: import('./documents.js').Hit }} Point
 * @param {{ result: { groups: { hits: Point[] }[] } }} answer
 */
function hitsOf({ result }) {
  return result.groups.flatMap(({ hits }) => hits)
}
