import { describe, expect, test } from 'vitest'
import { order, type PageScore } from '../../../src/pagefind/order.js'
import type { Result } from '../../../src/pagefind/pagefind.js'

const result = (id: string): Result => ({ id, score: 1, words: [], data: () => Promise.reject(new Error('not asked for')) })
const scores = (logits: Record<string, number>) =>
  new Map(Object.entries(logits).map(([id, logit]): [string, PageScore] => [id, { logit, best: 0, sections: new Map([[0, logit]]) }]))
const idsOf = (found: string[], logits: Record<string, number>, options: { weight?: number; takeMissed?: boolean } = {}) =>
  order(found.map(result), scores(logits), { weight: 0, takeMissed: true, ...options }).map((place) =>
    'missed' in place ? `+${place.missed}` : place.result.id,
  )

describe('the order of pages', () => {
  test('is the model’s; what it did not get to stays below as it was', () => {
    expect(idsOf(['a', 'b', 'c', 'd'], { b: 1, d: 2 })).toEqual(['d', 'b', 'a', 'c'])
  })

  test('counts the keywords’ own order for as much as the model says', () => {
    expect(idsOf(['a', 'b'], { a: 0, b: 0.1 })).toEqual(['b', 'a'])
    expect(idsOf(['a', 'b'], { a: 0, b: 0.1 }, { weight: 0.3 })).toEqual(['a', 'b'])
  })

  test('has pages that the keywords missed, where they answer more likely than not', () => {
    expect(idsOf(['a'], { a: -0.4, yes: 0.5, no: -0.5 })).toEqual(['+yes', 'a'])
    expect(idsOf(['a'], { a: -2, yes: 0.5 }, { takeMissed: false })).toEqual(['a'])
  })

  test('is less strict with those that the model prefers to all that the keywords found', () => {
    expect(idsOf([], { maybe: -0.5, no: -1.5 })).toEqual(['+maybe'])
    expect(idsOf(['a'], { a: -0.7, better: -0.5, worse: -0.8 })).toEqual(['+better', 'a'])
  })

  test('has no more than ten places for them, and keeps everything that was found', () => {
    const missed = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`m${i}`, 1 - i / 100]))
    const found = Array.from({ length: 30 }, (_, i) => `f${i}`)
    const ids = idsOf(found, { ...missed, ...Object.fromEntries(found.map((id) => [id, -1])) })
    expect(ids.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => `+m${i}`))
    expect(ids.slice(10)).toEqual(found)
  })
})
