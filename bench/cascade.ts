// npm run cascade -- DIR… [--sample N] [--seed S] [--pool N] [--weight W] [--first MODEL] [--second MODEL]: quality and time of a cascade
// beside each of its stages alone, on test collections in BEIR's form with a candidates.jsonl (the first 50 of a keyword search). The
// second stage is the former bundled model, a cross-encoder, out of git's history. Everything runs in one process, one call at a time.
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { createCascade } from '../src/cascade/index.js'
import { readCandidates, readCorpus, readQrels, readQueries } from '../src/eval/beir.js'
import { mean, ndcg, percentile } from '../src/eval/metrics.js'
import { sample } from '../src/eval/sample.js'
import type { Reranker } from '../src/types.js'
import { FORMER_FOLDER, FORMER_MODEL, fetchFormerModel } from './former-model.js'
import { describeMachine } from './machine.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    pool: { type: 'string' },
    weight: { type: 'string' },
    first: { type: 'string', default: 'page-rerank-small-en' },
    second: { type: 'string' },
  },
})
const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))

const CANDIDATES = 50

// As built: the model runs in threads, which have scripts of their own.
const { createReranker } = (await import(pathToFileURL('dist/node.js').href)) as typeof import('../src/node/index.js')

if (values.second === undefined) fetchFormerModel()
const first = await createReranker({ model: values.first })
// It scores the cascade's pairs anew: what it kept of its own would cost nothing.
const second = await createReranker({ model: values.second ?? join(FORMER_FOLDER, FORMER_MODEL), states: { maxBytes: 0 } })
const cascade = createCascade({ first, second, pool: number(values.pool), firstStageWeight: number(values.weight) })
const contenders: Record<string, Reranker> = { first, second, cascade }

const quality: Record<string, number[]> = {}
const times: Record<string, number[]> = { reading: [] }
const note = (into: Record<string, number[]>, name: string, value: number) => {
  into[name] = [...(into[name] ?? []), value]
}

console.log(`${describeMachine()}\n`)
console.log(`| nDCG@10 | queries | keywords | ${Object.keys(contenders).join(' | ')} |\n|:--|--:|--:|--:|--:|--:|`)
for (const folder of positionals) {
  const qrels = await readQrels(folder)
  const queries = sample(await readQueries(folder, qrels), Number(values.sample), Number(values.seed))
  const candidates = await readCandidates(join(folder, 'candidates.jsonl'), CANDIDATES)
  const { texts } = await readCorpus(folder, qrels, new Set([...candidates.values()].flat()), { all: false })
  const text = (id: string) => texts.get(id) as string
  const found: Record<string, number[]> = {}
  for (const { id, text: query } of queries) {
    const ids = candidates.get(id) ?? []
    const judgements = qrels.get(id) ?? new Map()
    note(found, 'keywords', ndcg(ids, judgements, 10))
    const timed = async (name: string, work: () => Promise<unknown>) => {
      const start = performance.now()
      await work()
      note(times, name, performance.now() - start)
    }
    // A model that reads documents once has read them, as in a page after its first search.
    await timed('reading', () => first.prepare(ids, { text }))
    for (const [name, reranker] of Object.entries(contenders)) {
      await timed(name, async () => {
        const { results } = await reranker.rerank(query, ids, { text })
        const order = results.map(({ document }) => document)
        note(found, name, ndcg(order, judgements, 10))
      })
    }
  }
  for (const [name, all] of Object.entries(found)) note(quality, name, mean(all))
  console.log(
    `| ${basename(folder)} | ${queries.length} | ${Object.values(found)
      .map((all) => mean(all).toFixed(4))
      .join(' | ')} |`,
  )
}
console.log(
  `| **mean** | | ${Object.values(quality)
    .map((all) => mean(all).toFixed(4))
    .join(' | ')} |`,
)
console.log('\n| a query, ms | mean | median | p95 |\n|:--|--:|--:|--:|')
for (const [name, all] of Object.entries(times))
  console.log(`| ${name} | ${[mean(all), percentile(all, 0.5), percentile(all, 0.95)].map((ms) => ms.toFixed(1)).join(' | ')} |`)
await Promise.all([first.dispose(), second.dispose()])
