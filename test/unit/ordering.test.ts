import { expect, test } from 'vitest'
import { order } from '../../src/core/ordering.js'

const indices = (logits: number[], options = {}) => order(logits, options).map((one) => one.index)

test('highest logit first, ties in first-stage order', () => {
  expect(indices([1, 3, 2, 3])).toEqual([1, 3, 2, 0])
})

test('logits beyond the sigmoid’s resolution still decide', () => {
  expect(order([40, 50])).toEqual([
    { index: 1, scored: true, score: 1, logit: 50 },
    { index: 0, scored: true, score: 1, logit: 40 },
  ])
})

test('the unscored follow in first-stage order, whatever is negative', () => {
  expect(indices([Number.NaN, -9, Number.NaN, 4])).toEqual([3, 1, 0, 2])
  expect(order([Number.NaN])).toEqual([{ index: 0, scored: false }])
})

test('minScore drops the unscored, topN cuts last', () => {
  expect(indices([2, Number.NaN, -2, 1], { minScore: 0.5 })).toEqual([0, 3])
  expect(indices([2, Number.NaN, -2, 1], { minScore: 0.5, topN: 1 })).toEqual([0])
})
