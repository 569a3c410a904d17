// @ts-check
// node bench/long-documents.js [--words N] [--pool N]: whether 'truncate' and 'chunk' find the document that holds the
// answer deep inside, among documents of the same length, and whether 'chunk' points at it. It comes last in the first stage.
import { parseArgs } from 'node:util'
import { createReranker } from 'page-rerank/node'
import { plantedDocuments } from './planted-documents.js'

const { values } = parseArgs({
  options: {
    words: { type: 'string', default: '5000' },
    pool: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
  },
})
const documents = plantedDocuments(20, Number(values.words))
const pool = Number(values.pool)
const reranker = await createReranker({ threads: Number(values.threads) })
const found = { truncate: 0, chunk: 0 }
let covered = 0
let passageMs = 0
for (const [i, { question, answer }] of documents.entries()) {
  const candidates = Array.from({ length: pool }, (_, n) => documents[(i + n + 1 + documents.length - pool) % documents.length]?.text ?? '')
  for (const longDocuments of /** @type {const} */ (['truncate', 'chunk'])) {
    const start = performance.now()
    const { results } = await reranker.rerank(question, candidates, { longDocuments })
    const best = results[0]
    if (longDocuments === 'chunk') passageMs += performance.now() - start
    const right = best?.index === pool - 1
    if (right) found[longDocuments]++
    if (right && best.passage?.text.includes(answer)) covered++
  }
  console.error(`${i + 1} of ${documents.length}: truncate ${found.truncate}, chunk ${found.chunk}, passage ${covered}`)
}
await reranker.dispose()
const of = `of ${documents.length}`
console.log(`${documents.length} questions, ${pool} documents of ${values.words} words each`)
console.log(`truncate found ${found.truncate} ${of}, chunk ${found.chunk} ${of}; passage covers the answer in ${covered} ${of}`)
console.log(`${(passageMs / documents.length / pool / 1000).toFixed(2)} s a document with chunk`)
