import { describe, expect, test } from 'vitest'
import { SentTexts } from '../../src/client/sent-texts.js'
import type { TextReferences } from '../../src/protocol.js'
import { ReceivedTexts } from '../../src/worker/received-texts.js'
import { Random } from '../support/random.js'

/** Both sides, with a copy in between as a port makes it. */
function pair(maxBytes: number) {
  const sent = new SentTexts(maxBytes)
  const received = new ReceivedTexts()
  /** Texts that crossed, of the last call and those the worker has. */
  const state = { added: 0, known: new Set<number>() }
  const call = (texts: readonly string[]): string[] => {
    const references: TextReferences = structuredClone(sent.refer(texts))
    state.added = references.added.length
    for (const number of references.addedNumbers) state.known.add(number)
    const got = received.resolve(references)
    for (const number of references.forgotten) state.known.delete(number)
    return got
  }
  return { call, sent, state }
}

/** As a template makes it: another string of the same characters at every call. */
const fresh = (...parts: unknown[]) => parts.map(String).join(' ')

describe('texts by reference', () => {
  test('cross once, though they are made anew at every call and come in another order', () => {
    const { call, state } = pair(1e6)
    const texts = () => Array.from({ length: 100 }, (_, i) => fresh('document', i))
    expect(call(texts())).toEqual(texts())
    expect(state.added).toBe(100)
    expect(call(texts())).toEqual(texts())
    expect(state.added).toBe(0)
    expect(call(texts().reverse())).toEqual(texts().reverse())
    expect(call(texts().slice(40, 50))).toEqual(texts().slice(40, 50))
    expect(state.added).toBe(0)
  })

  test('a changed text is another one, at whatever place it is', () => {
    const { call, state } = pair(1e6)
    const texts = ['a', 'b', 'c']
    call(texts)
    texts[1] = 'B'
    expect(call(texts)).toEqual(['a', 'B', 'c'])
    expect(state.added).toBe(1)
    expect(call(['a', 'b', 'c'])).toEqual(['a', 'b', 'c'])
    expect(state.added).toBe(0)
  })

  test('duplicates cross once, where there is room and where there is none', () => {
    for (const maxBytes of [0, 1e6]) {
      const { call, state } = pair(maxBytes)
      expect(call(['x', 'y', 'x', 'x'])).toEqual(['x', 'y', 'x', 'x'])
      expect(state.added).toBe(2)
    }
  })

  test('with no budget nothing stays on the other side', () => {
    const { call, state } = pair(0)
    for (let i = 0; i < 50; i++) expect(call([`a${i}`, 'b'])).toEqual([`a${i}`, 'b'])
    expect(state.known.size).toBe(0)
  })

  test('more than there is room for: the first stay from call to call, the others are sent again', () => {
    const { call, state } = pair(10 * 220)
    const texts = Array.from({ length: 30 }, (_, i) => `text ${i}`)
    call(texts)
    const { size } = state.known
    expect(size).toBeGreaterThan(5)
    expect(call(texts)).toEqual(texts)
    expect(state.added).toBe(30 - size)
    expect(state.known.size).toBe(size)
    // Others take their room when they are no longer in use, and are sent again when they come back.
    const others = Array.from({ length: 30 }, (_, i) => `other ${i}`)
    call(others)
    expect(call(others)).toEqual(others)
    expect(state.added).toBe(30 - state.known.size)
    expect(call(texts)).toEqual(texts)
  })

  test('after a call that could not be sent everything is sent again, and the worker keeps nothing else', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed)
      const { call, sent, state } = pair(3000)
      for (let i = 0; i < 60; i++) {
        const texts = Array.from({ length: random.below(20) }, () => `text ${random.below(60)}`)
        if (random.below(4) === 0) {
          sent.refer(texts)
          sent.restart()
        } else {
          expect(call(texts)).toEqual(texts)
          expect(200 * state.known.size).toBeLessThanOrEqual(3000)
        }
      }
    }
  })

  test('whatever is called in whatever order, the worker has the same texts, under the budget', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed)
      const maxBytes = random.pick([0, 500, 3000, 20_000])
      const { call, state } = pair(maxBytes)
      for (let i = 0; i < 60; i++) {
        const start = random.below(80)
        const texts = Array.from({ length: random.below(40) }, (_, at) =>
          fresh(random.below(5) === 0 ? random.below(120) : start + at, 'x'.repeat((start + at) % 7)),
        )
        expect(call(texts)).toEqual(texts)
        expect(200 * state.known.size).toBeLessThanOrEqual(maxBytes)
      }
    }
  })
})
