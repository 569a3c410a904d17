import { createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reranker } from '../../src/types.js'
import { FRAMEWORKS, type Rank, rankWithMastra } from './frameworks.js'
import { type Question, readQuestions } from './questions.js'

/** The frameworks' own functions give the order of `rerank`, with the built package and the default model. */
let reranker: Reranker
let questions: Question[]

beforeAll(async () => {
  ;[reranker, questions] = await Promise.all([createReranker(), readQuestions(20, 15)])
})
afterAll(() => reranker?.dispose())

async function expectOurOrder(rank: Rank, firstStageWeight?: number): Promise<void> {
  expect(questions).toHaveLength(20)
  let moved = 0
  for (const { query, documents } of questions) {
    const { results } = await reranker.rerank(query, documents, { firstStageWeight })
    const ranked = await rank(query, documents)
    expect(
      ranked.map(({ index }) => index),
      query,
    ).toEqual(results.map(({ index }) => index))
    for (const [i, { score }] of results.entries()) expect(ranked[i]?.score).toBeCloseTo(score as number, 6)
    moved += Number(results.some(({ index }, i) => index !== i))
    const firstFive = await rank(query, documents, { topN: 5 })
    expect(firstFive.map(({ index }) => index)).toEqual(results.slice(0, 5).map(({ index }) => index))
  }
  // Else this would say nothing.
  expect(moved).toBe(20)
}

describe.each(Object.entries(FRAMEWORKS))('%s', (_, using) => {
  test('20 questions come in our order', () => expectOurOrder(using(reranker)))
})

test('20 questions come in our order: Mastra, which weighs the first stage itself', () => expectOurOrder(rankWithMastra(reranker), 0))
