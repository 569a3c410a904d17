import { describe, expect, test } from 'vitest'
import { bestNdcg10, mean, meanMetrics, measure, ndcg, percentile, recall, reciprocalRank } from '../../src/eval/metrics.js'

const log = Math.log2
/** Grades: a 2, b 1, c 3; d judged not relevant; e judged with a negative grade, as some TREC collections have. */
const judgements = new Map([
  ['a', 2],
  ['b', 1],
  ['c', 3],
  ['d', 0],
  ['e', -1],
])

describe('ndcg', () => {
  test('is 1 for the ideal order and 0 for nothing relevant', () => {
    expect(ndcg(['c', 'a', 'b', 'd'], judgements, 10)).toBe(1)
    expect(ndcg(['d', 'x', 'e'], judgements, 10)).toBe(0)
    expect(ndcg([], judgements, 10)).toBe(0)
    expect(ndcg(['a'], new Map([['a', 0]]), 10)).toBe(0)
  })

  test('takes gains as they are, not as powers of two', () => {
    const ideal = 3 / log(2) + 2 / log(3) + 1 / log(4)
    expect(ndcg(['x', 'a', 'c'], judgements, 10)).toBeCloseTo((2 / log(3) + 3 / log(4)) / ideal, 12)
  })

  test('cuts both the ranking and the ideal order', () => {
    expect(ndcg(['a', 'c'], judgements, 1)).toBeCloseTo(2 / 3, 12)
  })

  test('measures against every judged document, found or not', () => {
    expect(ndcg(['c'], judgements, 10)).toBeCloseTo(3 / (3 + 2 / log(3) + 1 / 2), 12)
  })

  test('a negative grade counts as 0', () => {
    expect(ndcg(['e', 'c'], judgements, 10)).toBe(ndcg(['x', 'c'], judgements, 10))
  })
})

test('reciprocal rank looks no further than the cut', () => {
  expect(reciprocalRank(['d', 'x', 'b', 'a'], judgements, 10)).toBe(1 / 3)
  expect(reciprocalRank(['d', 'x', 'b', 'a'], judgements, 2)).toBe(0)
})

test('recall is the share of relevant documents', () => {
  expect(recall(['a', 'x', 'b', 'c'], judgements, 2)).toBe(1 / 3)
  expect(recall(['a', 'x', 'b', 'c'], judgements, 4)).toBe(1)
  expect(recall(['a'], new Map(), 10)).toBe(0)
})

test('measure puts them together; the pool is the whole ranking', () => {
  const ranking = ['x', ...Array.from({ length: 10 }, (_, i) => `y${i}`), 'a']
  expect(measure(ranking, judgements)).toEqual({ ndcg10: 0, mrr10: 0, recall10: 0, recallPool: 1 / 3 })
})

test('the best order of a pool is the ceiling for any reranker', () => {
  expect(bestNdcg10(['b', 'x', 'c'], judgements)).toBe(ndcg(['c', 'b', 'x'], judgements, 10))
})

test('means and percentiles', () => {
  const one = { ndcg10: 1, mrr10: 0.5, recall10: 0, recallPool: 1 }
  const other = { ndcg10: 0, mrr10: 0.5, recall10: 1, recallPool: 0 }
  expect(meanMetrics([one, other])).toEqual({ ndcg10: 0.5, mrr10: 0.5, recall10: 0.5, recallPool: 0.5 })
  expect(mean([])).toBeNaN()
  const values = [5, 1, 4, 2, 3]
  expect([0, 0.5, 0.95, 1].map((share) => percentile(values, share))).toEqual([1, 3, 5, 5])
  expect(percentile([], 0.5)).toBeNaN()
})
