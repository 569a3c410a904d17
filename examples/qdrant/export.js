// @ts-check

import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { createReranker, createVectorizer } from 'page-rerank/node'

/**
 * Documents and queries as multi-vectors, and beside each query our own order, to compare an engine's with it.
 *
 * node export.js corpus.jsonl queries.jsonl FOLDER [queries, 50] [--one-window]
 *
 * Both files have an object with a "text" a line. FOLDER must exist: points.jsonl and queries.jsonl are written there.
 */
const [corpus, asked, folder, count = '50', oneWindow] = /** @type {[string, string, string, string?, string?]} */ (process.argv.slice(2))
/** @param {string} path @returns {string[]} */
const textsOf = (path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line).text)

/** @param {string} path */
function lines(path) {
  const stream = createWriteStream(path)
  return {
    /** @param {unknown} value */
    async write(value) {
      if (!stream.write(`${JSON.stringify(value)}\n`)) await once(stream, 'drain')
    },
    async end() {
      stream.end()
      await once(stream, 'close')
    },
  }
}

const texts = textsOf(corpus)
const vectorizer = await createVectorizer()
const points = lines(`${folder}/points.jsonl`)
for await (const point of vectorizer.documents(texts, { everyWindow: !oneWindow })) await points.write(point)
await points.end()

const reranker = await createReranker()
const queries = lines(`${folder}/queries.jsonl`)
for (const query of textsOf(asked).slice(0, Number(count))) {
  // All of the corpus, whose order says nothing.
  const { results } = await reranker.rerank(query, texts, { firstStageWeight: 0 })
  await queries.write({
    query,
    vectors: await vectorizer.query(query),
    order: results.map(({ index }) => index),
    logits: results.map(({ logit }) => logit),
  })
}
await queries.end()
await Promise.all([reranker.dispose(), vectorizer.dispose()])
