/**
 * Tries the candidate questions of the demo page and says where each right entry stands before and after reranking:
 *
 *   npm run build:lib && node scripts/find-examples.js [pool] > src/demo/examples.md
 *   npx biome format --write src/demo/examples.md
 *
 * It runs what the page runs: the same corpus, the same first stage, the same bundled model (in Node). A late-interaction model ranks all
 * entries, a cross-encoder the first stage's candidates.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createReranker } from 'page-rerank/node'
import { runnerImport } from 'vite'
import { questions } from './example-questions.js'

const pool = Number(process.argv[2] ?? 100)

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
const { rerankText } = await load('document-entry.ts')

const source = createRequire(import.meta.url).resolve('@types/web/index.d.ts')
const entries = extractWebApis(readFileSync(source, 'utf8'))
const known = new Set(entries.map(({ id }) => id))
const firstStage = new FirstStage()
await firstStage.add(entries)
/** @type {import('../src/types.js').Reranker} */
const reranker = await createReranker()
const ranksAll = reranker.info.kind === 'late-interaction'
if (ranksAll) {
  const onProgress = (/** @type {{ scored: number, total: number }} */ { scored, total }) =>
    process.stderr.write(`read ${scored} of ${total}\r`)
  await reranker.prepare(entries, { text: rerankText, onProgress })
}

/**
 * The best place among the right entries, from 1; undefined where the list has none.
 *
 * @param {string[]} ids
 * @param {string[]} right
 */
const bestRank = (ids, right) => {
  const ranks = right.map((id) => ids.indexOf(id) + 1).filter((rank) => rank > 0)
  return ranks.length > 0 ? Math.min(...ranks) : undefined
}

/** @type {{ question: string, before: number | undefined, after: number | undefined, first: string | undefined }[]} */
const rows = []
for (const [question, right] of questions) {
  if (!right.some((id) => known.has(id))) throw new Error(`The corpus has no answer to "${question}".`)
  const { places } = firstStage.search(question, pool)
  const hits = Array.from(places.subarray(0, pool), (at) => /** @type {typeof entries[number]} */ (entries[at]))
  const { results } = ranksAll
    ? await reranker.rerank(question, entries, { text: rerankText, topN: pool, firstStageWeight: 0 })
    : await reranker.rerank(question, hits, { text: rerankText })
  const before = bestRank(
    hits.map(({ id }) => id),
    right,
  )
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
process.stdout.write(`# Example questions, before and after reranking

Written by \`scripts/find-examples.js\`: ${entries.length} entries, ${ranksAll ? 'all of them ranked' : `pool ${pool}`}, ${model} (${revision}, ${dtype}). The number is
the place of the best right entry; – is "not among the first ${pool}"${ranksAll ? '' : ', where no reranker can help'}.

| right entry in the | first stage | reranked |
| --- | --- | --- |
| first place | ${share('before', 1)} | ${share('after', 1)} |
| top three | ${share('before', 3)} | ${share('after', 3)} |
| top ten | ${share('before', 10)} | ${share('after', 10)} |

| question | first stage | reranked | now first |
| --- | --- | --- | --- |
${rows.map(({ question, before, after, first }) => `| ${question} | ${before ?? '–'} | ${after ?? '–'} | ${first} |`).join('\n')}
`)
