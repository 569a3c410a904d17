import { expect, test } from 'vitest'
import { order } from '../../src/core/ordering.js'
import { Random } from '../support/random.js'

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

test('firstStageWeight adds to a logit what its place is worth, and changes neither logit nor score', () => {
  // Of four places the first is worth the whole weight, the last a quarter of it.
  expect(indices([0, 0.5, 0, 1.4], { firstStageWeight: 2 })).toEqual([0, 1, 3, 2])
  expect(indices([0, 0.5, 0, 1.6], { firstStageWeight: 2 })).toEqual([3, 0, 1, 2])
  expect(indices([-9, 0, 9, Number.NaN], { firstStageWeight: 1e6 })).toEqual([0, 1, 2, 3])
  expect(indices([Number.NaN, 5, 7], { firstStageWeight: 1e6 })).toEqual([1, 2, 0])
  expect(order([0, 0.5], { firstStageWeight: 2 })).toEqual(order([0, 0.5]).reverse())
})

test('with and without firstStageWeight ties keep their first-stage order', () => {
  expect(indices([1, 3, 3, 3], { firstStageWeight: 0 })).toEqual([1, 2, 3, 0])
  expect(indices([1, 1.5], { firstStageWeight: 1 })).toEqual([0, 1])
})

test('minScore drops the unscored, topN cuts last', () => {
  expect(indices([2, Number.NaN, -2, 1], { minScore: 0.5 })).toEqual([0, 3])
  expect(indices([2, Number.NaN, -2, 1], { minScore: 0.5, topN: 1 })).toEqual([0])
})

test('the first of many are those of the whole order, with ties, places and without logits', () => {
  const random = new Random(5)
  for (let round = 0; round < 300; round++) {
    const logits = Array.from({ length: random.below(40) }, () => random.pick([Number.NaN, -0, 0, 1, 2.5, random.next()]))
    const options = { firstStageWeight: random.pick([0, 0.5]), minScore: random.pick([undefined, 0.6]) }
    const all = order(logits, options)
    for (const topN of [1, 3, 10, 100]) expect(order(logits, { ...options, topN })).toEqual(all.slice(0, topN))
  }
})
