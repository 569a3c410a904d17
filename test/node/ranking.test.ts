import { expect, test } from 'vitest'
import { DEEP, rankCorpus } from '../../src/eval/ranking.js'
import { createOverlapReranker } from './overlap-reranker.js'

/** 60 documents that share a word with the query, and one that shares none. */
const texts = new Map(Array.from({ length: 60 }, (_, i) => [`d${i}`, `fox number ${i}`]))
texts.set('other', 'nothing of it')
const ids = [...texts.keys()]

test('the first of a whole corpus, and candidates of the first stage that are not among them', async () => {
  const reranker = createOverlapReranker()
  const rank = (firstStageWeight: number) => rankCorpus(reranker, 'fox', ids, ['other', 'd7'], texts, { firstStageWeight })
  const plain = await rank(0)
  // All are equal; the first stage's candidate comes first.
  const expected = ['d7', ...ids.filter((id) => id !== 'd7').slice(0, DEEP - 1)]
  expect(plain.ranking.map(({ id }) => id)).toEqual(expected)
  expect(plain.unweighted).toEqual(expected)
  // The first candidate counts for the whole weight, the second for half of it.
  const joined = await rank(3)
  expect(joined.ranking.slice(0, 3)).toEqual([
    { id: 'other', score: 3 },
    { id: 'd7', score: 2.5 },
    { id: 'd0', score: 1 },
  ])
  expect(joined.ranking).toHaveLength(DEEP)
  expect(joined.unweighted).toEqual(plain.unweighted)
})

test('a model that cannot read the query leaves the first stage’s order, not the file’s', async () => {
  const reranker = createOverlapReranker()
  const rerank = reranker.rerank.bind(reranker)
  reranker.rerank = async (query, documents, options) => {
    const { results } = await rerank(query, documents, options)
    return {
      results: results.map(({ index, document, rank }) => ({ index, document, rank, scored: false })),
      mismatch: { part: 'query', code: 'language', reason: 'It is Spanish.' },
      unscored: results.length,
    }
  }
  const { ranking, unweighted, mismatch } = await rankCorpus(reranker, 'zorro', ids, ['other', 'd7'], texts, { firstStageWeight: 1 })
  expect(ranking.map(({ id }) => id)).toEqual(['other', 'd7'])
  expect(unweighted).toEqual(['other', 'd7'])
  expect(mismatch?.code).toBe('language')
})
