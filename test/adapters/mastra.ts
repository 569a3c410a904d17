// npm run mastra: @mastra/rag itself, installed for the moment, ranks the 20 questions by the default model; its order has to be ours, and
// what is recorded of it for the tests has to be what it does. Needs a registry and some 180 MB. Exits with 1 where an order differs.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { run } from '../bundlers/processes.js'
import * as recorded from './mastra-as-recorded.js'
import { readQuestions } from './questions.js'

/** An exact one: of a range npm takes one that wants this Node, however old. */
const VERSION = '2.6.4'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'page-rerank-mastra-')))
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
writeFileSync(join(folder, 'package.json'), '{ "private": true }')
await run(['npm', 'install', '--force', '--ignore-scripts', '--no-audit', '--no-fund', `@mastra/rag@${VERSION}`], folder)
const path = createRequire(join(folder, 'package.json')).resolve('@mastra/rag')
const { rerankWithScorer }: typeof recorded = await import(pathToFileURL(path).href)

const built = (file: string) => import(pathToFileURL(`dist/${file}.js`).href)
const { createReranker } = (await built('node')) as typeof import('../../src/node/index.js')
const { relevanceScoreProvider } = (await built('mastra')) as typeof import('../../src/adapters/mastra.js')
const reranker = await createReranker()
const computeScore = reranker.computeScore.bind(reranker)
let calls = 0
reranker.computeScore = (...args) => {
  calls++
  return computeScore(...args)
}
const scorer = relevanceScoreProvider(reranker)
let same = 0
let asRecorded = 0
const questions = await readQuestions(20, 15)
for (const { query, documents } of questions) {
  const { results } = await reranker.rerank(query, documents, { firstStageWeight: 0 })
  const found = documents.map((text, place) => ({ id: String(place), score: 1 - place / 20, metadata: { text } }))
  const order = async (rank: typeof rerankWithScorer, options: Parameters<typeof rerankWithScorer>[0]['options']) =>
    (await rank({ results: found, query, scorer, options })).map(({ result }) => result.id).join()
  const alone = { topK: documents.length, weights: { semantic: 1, vector: 0, position: 0 } }
  if ((await order(rerankWithScorer, alone)) === results.map(({ index }) => index).join()) same++
  if ((await order(rerankWithScorer, {})) === (await order(recorded.rerankWithScorer, {}))) asRecorded++
}
await reranker.dispose()
const count = questions.length
console.log(
  `@mastra/rag ${VERSION}: our order on ${same} of ${count} questions, with ${calls} calls for ${2 * count} rankings of its own and ${count} as recorded.`,
)
console.log(`With its own weights, as recorded for the tests: ${asRecorded} of ${count}.`)
if (same < count || asRecorded < count) process.exitCode = 1
