import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { questions } from '../../scripts/example-questions.js'
import { extractWebApis } from '../../src/demo/corpus/web-apis.js'
import { type DocumentEntry, rerankText } from '../../src/demo/document-entry.js'
import { EXAMPLES } from '../../src/demo/examples.js'
import { FirstStage } from '../../src/demo/first-stage.js'
import { CANDIDATES } from '../../src/demo/settings.js'
import type { Reranker } from '../../src/types.js'

/** Places of the best right entry, from 1. */
interface Ranks {
  before: number
  after: number
}

describe('the example questions of the demo', () => {
  let reranker: Reranker
  const ranks = new Map<string, Ranks>()

  beforeAll(async () => {
    const firstStage = new FirstStage()
    const entries = extractWebApis(readFileSync(createRequire(import.meta.url).resolve('@types/web/index.d.ts'), 'utf8'))
    await firstStage.add(entries)
    reranker = await createReranker()
    for (const { question } of EXAMPLES) {
      const right = questions.find(([asked]) => asked === question)?.[1]
      if (!right) throw new Error(`scripts/example-questions.js does not say what answers "${question}".`)
      const { places } = firstStage.search(question, CANDIDATES)
      const hits = Array.from(places.subarray(0, CANDIDATES), (at) => entries[at] as DocumentEntry)
      const { results } = await reranker.rerank(question, hits, { text: rerankText })
      const best = (ids: string[]) => Math.min(...right.map((id) => ids.indexOf(id) + 1).filter((rank) => rank > 0))
      ranks.set(question, { before: best(hits.map(({ id }) => id)), after: best(results.map(({ document }) => document.id)) })
    }
  })
  afterAll(() => reranker?.dispose())

  test('are at least six; four or more bring an entry from below the top three into it', () => {
    const risen = [...ranks.values()].filter(({ before, after }) => before > 3 && after <= 3)
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(6)
    expect(risen.length).toBeGreaterThanOrEqual(4)
  })

  test('say where reranking loses, and only there', () => {
    const noted = EXAMPLES.filter(({ keywordsBetter }) => keywordsBetter).map(({ question }) => question)
    const lost = [...ranks].filter(([, { before, after }]) => after > before).map(([question]) => question)
    expect(noted.length).toBeGreaterThanOrEqual(1)
    expect(lost).toEqual(noted)
  })
})
