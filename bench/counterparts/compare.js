// @ts-check
import { readFileSync } from 'node:fs'
import { createReranker } from 'page-rerank'
import { createRemoteReranker } from 'page-rerank/remote'

/**
 * 200 pairs of a model's golden texts, scored here and by a server that has the same weights.
 *
 * node bench/counterparts/compare.js FLAVOUR URL [FOLDER]
 */
const [flavour, url, folder = 'test/reference/bert'] = /** @type {['infinity' | 'llama.cpp' | 'tei', string, string?]} */ (
  process.argv.slice(2)
)
/** @type {{ query: string, document: string }[]} */
const cases = JSON.parse(readFileSync(`${folder}/golden.json`, 'utf8')).cases
// What is longer each server cuts in its own way, and special tokens, words without an end and scripts that a vocabulary lacks each
// tokenizer: this is about weights.
const isPlain = (/** @type {string} */ text) => /^[a-z][\x20-\x5a\x5e-\x7e]*$/i.test(text) && text.length < 600 && !/\S{30}/.test(text)
const queries = [...new Set(cases.map(({ query }) => query).filter(isPlain))]
const documents = [...new Set(cases.map(({ document }) => document).filter(isPlain))]
/** @type {[string, string][]} */
const pairs = []
// Each query with as many documents as it takes.
for (let i = 0; pairs.length < 200 && i < documents.length; i++) {
  for (const [j, query] of queries.entries()) pairs.push([query, /** @type {string} */ (documents[(i + j) % documents.length])])
}
pairs.splice(200)
const here = await createReranker({ model: folder })
const there = createRemoteReranker({ url, flavour, ...(flavour === 'infinity' && { model: 'cross-encoder' }) })
const [ours, theirs] = await Promise.all([here.computeScore(pairs), there.computeScore(pairs)])
const differences = ours.map((score, i) => Math.abs(score - /** @type {number} */ (theirs[i])))
const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length
console.log(`${flavour}: ${pairs.length} pairs, logits from ${Math.min(...ours).toFixed(2)} to ${Math.max(...ours).toFixed(2)}`)
const sorted = differences.toSorted((a, b) => a - b)
console.log(`within 0.01: ${differences.filter((one) => one < 0.01).length}; median ${sorted[differences.length >> 1]?.toExponential(2)}`)
for (const i of [...differences.keys()]
  .sort((a, b) => /** @type {number} */ (differences[b]) - /** @type {number} */ (differences[a]))
  .slice(0, 3)) {
  if (/** @type {number} */ (differences[i]) > 0.01) console.log(JSON.stringify(pairs[i]), ours[i], theirs[i])
}
console.log(`largest difference ${Math.max(...differences).toExponential(2)}, mean ${mean.toExponential(2)}`)
await Promise.all([here.dispose(), there.dispose()])
