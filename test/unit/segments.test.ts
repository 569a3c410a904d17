import { describe, expect, test } from 'vitest'
import { type Granularity, segments } from '../../src/core/segments.js'
import { Random } from '../support/random.js'

/** What segmenters' rules look behind and ahead for. */
const ATOMS = [
  ...['word ', 'Sentence end. ', 'e.g. lower ', 'U.S.A. ', "can't ", '3.5 ', '?) ', '"A" ', 'x'.repeat(40)],
  ...['港', '口', '。', '한국어 ', '\n', '\r\n', ' ', '\u3000'],
  ...['👩‍👩‍👧', '👍🏻', '🇪🇺', '🇪', 'e\u0301', '\u0301', '\u200d', '\ud83d', 'क्ष'],
]

describe.each(['sentence', 'word', 'grapheme'] satisfies Granularity[])('%s', (granularity) => {
  test('a small window finds what a look at the whole text finds', () => {
    const random = new Random(1)
    const segmenter = new Intl.Segmenter('en', { granularity })
    for (let i = 0; i < 400; i++) {
      const atoms = ATOMS.filter(() => random.next() < 0.4)
      const text = Array.from({ length: 1 + random.below(150) }, () => random.pick([...atoms, 'a'])).join('')
      const expected = Array.from(segmenter.segment(text), ({ index, segment }) => ({ start: index, end: index + segment.length }))
      expect([...segments(text, granularity, undefined, 16 + random.below(32))]).toEqual(expected)
    }
  })

  test('ten times the text takes about ten times the time', () => {
    const time = (length: number) => {
      const text = '港口里的船在冬天被重新粉刷过一次。'.repeat(length / 17)
      // The processor's time: a busy machine stretches the clock's.
      const start = process.cpuUsage()
      let count = 0
      for (const _ of segments(text, granularity)) count++
      const { user, system } = process.cpuUsage(start)
      return (user + system) / count
    }
    time(4_250)
    // Where the whole text is copied for each segment, one of the longer text takes ten times as long.
    expect(Math.min(time(42_500), time(42_500))).toBeLessThan(4 * Math.max(time(4_250), time(4_250)))
  })
})

test('only the range asked for', () => {
  const text = 'One. Two two. Three.'
  const found = [...segments(text, 'sentence', { start: 5, end: 14 })].map(({ start, end }) => text.slice(start, end))
  expect(found).toEqual(['Two two. '])
})
