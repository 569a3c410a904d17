import { describe, expect, test } from 'vitest'
import { sigmoid } from '../../../src/core/ordering.js'
import { logitOf } from '../../../src/remote/read-scores.js'
import { backoff, readRetryAfter } from '../../../src/remote/retry-after.js'
import { Slots } from '../../../src/remote/slots.js'

describe('the logit of a score', () => {
  test('has it as its sigmoid, 0 and 1 exactly', () => {
    for (const score of [1e-300, 1e-9, 0.001, 0.25, 0.5, 0.99, 1 - 2 ** -24]) expect(sigmoid(logitOf(score)) / score).toBeCloseTo(1, 12)
    expect([0, 1].map((score) => sigmoid(logitOf(score)))).toEqual([0, 1])
  })

  test('is finite, and rises with the score all the way', () => {
    const scores = [-1, -0.5, -1e-3, 0, Number.MIN_VALUE, 1e-20, 1e-7, 0.5, 1 - 2 ** -24, 1 - 2 ** -53, 1]
    const logits = scores.map(logitOf)
    expect(logits.every(Number.isFinite)).toBe(true)
    expect(logits).toEqual(logits.toSorted((a, b) => a - b))
    expect(new Set(logits).size).toBe(scores.length)
    // Rounding of 32 bits.
    expect(logitOf(1 + 1e-7)).toBe(logitOf(1))
  })
})

test('Retry-After: seconds, a date, or nothing that can be read', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(readRetryAfter('3', now)).toBe(3000)
  expect(readRetryAfter(' 0.5 ', now)).toBe(500)
  expect(readRetryAfter('Thu, 01 Jan 2026 00:00:10 GMT', now)).toBe(10_000)
  for (const header of [null, '', 'soon', '-1x', '-5', '-1', 'Wed, 31 Dec 2025 00:00:00 GMT'])
    expect(readRetryAfter(header, now)).toBeUndefined()
})

test('without it the wait doubles, and is never the same for all', () => {
  for (const [attempt, most] of [500, 1000, 2000, 4000].entries()) {
    const waits = Array.from({ length: 50 }, () => backoff(attempt))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(most / 2)
    expect(Math.max(...waits)).toBeLessThanOrEqual(most)
    expect(new Set(waits).size).toBeGreaterThan(10)
  }
  expect(backoff(1000)).toBeLessThanOrEqual(60_000)
})

describe('slots', () => {
  const never = new AbortController().signal

  test('let so many in, the next when one goes, in the order in which they came', async () => {
    const slots = new Slots(2)
    const order: string[] = []
    const [one] = [await slots.take(never), await slots.take(never)]
    const waiting = ['a', 'b'].map(async (name) => {
      const giveBack = await slots.take(never)
      order.push(name)
      giveBack()
    })
    await Promise.resolve()
    expect(order).toEqual([])
    one()
    await Promise.all(waiting)
    expect(order).toEqual(['a', 'b'])
  })

  test('who goes away takes no place', async () => {
    const slots = new Slots(1)
    const giveBack = await slots.take(never)
    const gone = new AbortController()
    const waiting = slots.take(gone.signal)
    gone.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    await expect(slots.take(gone.signal)).rejects.toMatchObject({ name: 'AbortError' })
    giveBack()
    await slots.take(never)
  })
})
