/**
 * Tries the questions of the demo page and says where each right entry stands by keywords and by the bundled model, which ranks
 * all entries:
 *
 *   npm run build:lib && node scripts/find-examples.js > src/demo/examples.md
 *   npx biome format --write src/demo/examples.md
 *
 * It runs what the page runs: the same corpus, the same first stage, the same index, the same bundled model (in Node).
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createReranker } from 'page-rerank/node'
import { runnerImport } from 'vite'
import { questions } from './example-questions.js'

/**
 * The demo's modules are TypeScript; Vite runs them here as it bundles them there.
 *
 * @template Module
 * @param {string} path
 * @returns {Promise<Module>}
 */
const load = async (path) =>
  /** @type {Module} */ ((await runnerImport(fileURLToPath(new URL(`../src/demo/${path}`, import.meta.url)))).module)
/** @type {typeof import('../src/demo/corpus/web-apis.js')} */
const { extractWebApis } = await load('corpus/web-apis.ts')
/** @type {typeof import('../src/demo/first-stage.js')} */
const { FirstStage } = await load('first-stage.ts')
/** @type {typeof import('../src/demo/document-entry.js')} */
const { toEntries } = await load('document-entry.ts')
/** @type {typeof import('../src/demo/corpus/corpus-index.js')} */
const { buildCorpusIndex } = await load('corpus/corpus-index.ts')

const source = createRequire(import.meta.url).resolve('@types/web/index.d.ts')
const entries = toEntries(extractWebApis(readFileSync(source, 'utf8')))
const known = new Set(entries.map(({ id }) => id))
const firstStage = new FirstStage()
await firstStage.add(entries)
/** @type {import('../src/types.js').Reranker} */
const reranker = await createReranker()

/**
 * The best place among the right entries, from 1; undefined where the list has none of them.
 *
 * @param {string[]} ids
 * @param {string[]} right
 */
const bestRank = (ids, right) => {
  const ranks = right.map((id) => ids.indexOf(id) + 1).filter((rank) => rank > 0)
  return ranks.length > 0 ? Math.min(...ranks) : undefined
}

const index = await buildCorpusIndex('web-apis', entries)
if (!index) throw new Error('The bundled model is a cross-encoder: it cannot rank everything.')
await reranker.prepare({ index: index.out })

/** @type {{ question: string, before: number | undefined, after: number | undefined, first: string | undefined }[]} */
const rows = []
for (const [question, right] of questions) {
  if (!right.some((id) => known.has(id))) throw new Error(`The corpus has no answer to "${question}".`)
  const found = Array.from(firstStage.search(question, 0).places, (at) => /** @type {typeof entries[number]} */ (entries[at]).id)
  const { results } = await reranker.rerank(question, entries, { text: ({ read }) => read, firstStageWeight: 0 })
  const before = bestRank(found, right)
  const after = bestRank(
    results.map((result) => result.document.id),
    right,
  )
  rows.push({ question, before, after, first: results[0]?.document.id })
  process.stderr.write(`${before ?? '-'} -> ${after ?? '-'}  ${question}\n`)
}
const { model, revision, dtype } = reranker.info
await reranker.dispose()

/** @type {(rank: number | undefined, top: number) => boolean} */
const inTop = (rank, top) => rank !== undefined && rank <= top
/** @type {(key: 'before' | 'after', top: number) => string} */
const share = (key, top) => `${rows.filter((row) => inTop(row[key], top)).length} of ${rows.length}`
/** @type {(test: (row: typeof rows[number]) => boolean) => number} */
const number = (test) => rows.filter(test).length
const never = number(({ before }) => !inTop(before, 100))
process.stdout.write(`# Example questions, by keywords and by late interaction

Written by \`scripts/find-examples.js\`: ${rows.length} questions, ${entries.length} entries, all of them ranked by ${model} (${revision}, ${dtype}); keywords are
the demo's own BM25. The number is the place of the best right entry; – is "no right entry has a word of the question".

| right entry in the | keywords | late interaction |
| --- | --- | --- |
| first place | ${share('before', 1)} | ${share('after', 1)} |
| top three | ${share('before', 3)} | ${share('after', 3)} |
| top ten | ${share('before', 10)} | ${share('after', 10)} |

Of ${never} questions whose right entry keywords do not have among the first hundred, late interaction has ${number(({ before, after }) => !inTop(before, 100) && inTop(after, 1))} in the first place and
${number(({ before, after }) => !inTop(before, 100) && inTop(after, 10))} in the top ten. It loses where keywords put the right entry higher: ${number(({ before, after }) => (before ?? Number.POSITIVE_INFINITY) < (after ?? Number.POSITIVE_INFINITY))} questions.

| question | keywords | late interaction | now first |
| --- | --- | --- | --- |
${rows.map(({ question, before, after, first }) => `| ${question} | ${before ?? '–'} | ${after ?? '–'} | ${first} |`).join('\n')}
`)
