import { describe, expect, test } from 'vitest'
import { Tally } from '../../src/core/tally.js'

const passage = (start: number) => ({ start, end: start + 1 })

describe('Tally', () => {
  test('a document has its best passage’s logit, of equal ones the first’s, and only when all are read', () => {
    const tally = new Tally(1)
    for (const [i, logit] of [1, 3, 3, 2].entries()) {
      expect(tally.scored).toBe(0)
      tally.expect(0, i === 3)
      tally.add(0, logit, passage(i))
    }
    expect(tally.scores()).toEqual({ logits: Float64Array.of(3), scored: 1, passages: Uint32Array.of(passage(1).start, passage(1).end) })
  })

  test.each([[[Number.NaN, 5]], [[5, Number.NaN]], [[5, Number.NaN, 6]]])(
    'a logit that is not a number does not vanish among others: %j',
    (logits) => {
      const tally = new Tally(1)
      for (const [i] of logits.entries()) tally.expect(0, i === logits.length - 1)
      for (const logit of logits) tally.add(0, logit)
      expect(tally.logits[0]).toBeNaN()
    },
  )
})
