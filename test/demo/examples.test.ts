import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createReranker } from 'page-rerank/node'
import { beforeAll, describe, expect, test } from 'vitest'
import { questions } from '../../scripts/example-questions.js'
import { extractWebApis } from '../../src/demo/corpus/web-apis.js'
import { buildWebApisIndex } from '../../src/demo/corpus/web-apis-index.js'
import { toEntries } from '../../src/demo/document-entry.js'
import { EXAMPLES } from '../../src/demo/examples.js'
import { FirstStage } from '../../src/demo/first-stage.js'

/** Places of the best right entry, from 1; beyond all where there is none. */
interface Ranks {
  keywords: number
  everything: number
}

describe('the example questions of the demo', () => {
  const ranks = new Map<string, Ranks>()

  beforeAll(async () => {
    const entries = toEntries(extractWebApis(readFileSync(createRequire(import.meta.url).resolve('@types/web/index.d.ts'), 'utf8')))
    const firstStage = new FirstStage()
    await firstStage.add(entries)
    // The demo's build has left it; reading everything would take a minute and more.
    const index = await buildWebApisIndex(entries)
    if (!index) throw new Error('The bundled model reads nothing ahead.')
    await using reranker = await createReranker()
    await reranker.prepare({ index: index.out })
    for (const { question } of EXAMPLES) {
      const right = questions.find(([asked]) => asked === question)?.[1]
      if (!right) throw new Error(`scripts/example-questions.js does not say what answers "${question}".`)
      const best = (ids: (string | undefined)[]) => Math.min(...right.map((id) => ids.indexOf(id) + 1).filter((rank) => rank > 0))
      const found = Array.from(firstStage.search(question, 0).places, (at) => entries[at]?.id)
      const { results } = await reranker.rerank(question, entries, { text: ({ read }) => read, firstStageWeight: 0 })
      ranks.set(question, { keywords: best(found), everything: best(results.map(({ document }) => document.id)) })
    }
  }, 300_000)

  test('but for those that say otherwise: keywords do not have the right entry among their first hundred, the page among its first three', () => {
    const lost = EXAMPLES.filter(({ keywordsBetter }) => keywordsBetter).map(({ question }) => question)
    const found = [...ranks].filter(([, { keywords, everything }]) => keywords > 100 && everything <= 3).map(([question]) => question)
    expect(found.length).toBeGreaterThanOrEqual(6)
    expect(found).toEqual(EXAMPLES.map(({ question }) => question).filter((question) => !lost.includes(question)))
  })

  test('say where keywords do better, and only there', () => {
    const noted = EXAMPLES.filter(({ keywordsBetter }) => keywordsBetter).map(({ question }) => question)
    const lost = [...ranks].filter(([, { keywords, everything }]) => everything > keywords).map(([question]) => question)
    expect(noted.length).toBeGreaterThanOrEqual(1)
    expect(lost).toEqual(noted)
  })
})
