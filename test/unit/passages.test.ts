import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { passages } from '../../src/core/passages.js'
import { createTokenizer } from '../../src/core/tokenizer.js'

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
const tokenizerIn = (folder: string) => {
  const { encodeDocument } = createTokenizer(read(`${folder}/tokenizer.json`), read(`${folder}/tokenizer_config.json`))
  return { encode: encodeDocument }
}

const tokenizers: Record<string, { encode(text: string, atLeast: number): number[] }> = {
  'WordPiece, lower-cased': tokenizerIn('models/page-rerank-small-en'),
  Unigram: tokenizerIn('test/reference/xlm-roberta'),
  // White space counts here, so pieces have more tokens together than alone.
  'a token a character': { encode: (text) => Array.from(text, (character) => character.codePointAt(0) as number) },
}

const sentence = (i: number) => `Sentence number ${i} tells how the harbour’s ${i % 7} boats were painted.`
const prose = (count: number, end = ' ') => Array.from({ length: count }, (_, i) => sentence(i)).join(end)

const texts = {
  prose: prose(60),
  'lines that end in \\r\\n': prose(60, '\r\n'),
  'no sentence ends': prose(60).replaceAll('.', ''),
  'Chinese without spaces': '港口里的船在冬天被重新粉刷过一次。'.repeat(40),
  'Chinese without sentence ends': '港口里的船在冬天被重新粉刷过一次'.repeat(40),
  'surrogate pairs and joined emoji': '👩‍👩‍👧 𝔥𝔞𝔯𝔟𝔬𝔲𝔯 🇪🇺🚢'.repeat(60),
  'characters a normalizer changes in number': 'ﬁne ½ Ǆ é ﷺ ＡＢＣ\u200b\u00ad Straße İ. '.repeat(40),
  'one endless word': 'x'.repeat(3000),
  'white space in front, between and behind': `\n\n\t ${prose(20)}\n\n\n   \u3000 ${prose(20)}   \n`,
  'lone surrogates': `${'\ud83d '.repeat(50)}${prose(20)}`,
}

describe.each(Object.entries(tokenizers))('%s', (_, { encode }) => {
  describe.each([16, 50, 240])('room for %i tokens', (room) => {
    test.each(Object.entries(texts))('%s', (_, text) => {
      const all = [...passages(text, room, encode)]
      expect(all.filter(({ last }) => last)).toEqual([all.at(-1)])
      let covered = 0
      for (const [i, { start, end, ids }] of all.entries()) {
        // Exactly what the range holds, and never more than the model reads.
        expect(ids).toEqual(encode(text.slice(start, end), Number.POSITIVE_INFINITY))
        expect(ids.length).toBeLessThanOrEqual(room)
        // On and on, leaving out only white space, and no half of a character.
        expect(end).toBeGreaterThan(covered)
        expect(text.slice(covered, Math.max(covered, start)).trim()).toBe('')
        expect(start).toBeGreaterThanOrEqual(i === 0 ? 0 : (all[i - 1] as { start: number }).start)
        for (const edge of [start, end]) expect(text.slice(edge - 1, edge + 1)).not.toMatch(/^[\ud800-\udbff][\udc00-\udfff]$/)
        covered = end
      }
      expect(text.slice(covered).trim()).toBe('')
    })
  })

  test('passages are of whole sentences, repeat one, and use the room there is', () => {
    const room = 500
    const text = prose(300)
    const longest = Math.max(...Array.from({ length: 300 }, (_, i) => encode(`${sentence(i)} `, room).length))
    const all = [...passages(text, room, encode)]
    expect(all.length).toBeGreaterThan(5)
    all.forEach(({ start, end, ids }, i) => {
      expect(text.slice(start, end)).toMatch(/^Sentence number .*painted\.$/)
      expect(ids.length).toBeGreaterThan(room - longest)
      const previous = all[i - 1]
      if (previous) expect(start).toBeLessThan(previous.end)
    })
  })

  test('a text that fits is one passage, white space and all', () => {
    const text = `  ${sentence(1)}\n`
    expect([...passages(text, 100, encode)]).toEqual([{ start: 0, end: text.length, ids: encode(text, 100), last: true }])
    expect([...passages('', 8, encode)]).toEqual([{ start: 0, end: 0, ids: [], last: true }])
  })

  test('a text without sentence ends still fills its passages', () => {
    for (const text of [texts['no sentence ends'], texts['Chinese without sentence ends']]) {
      for (const { ids } of passages(text, 100, encode)) expect(ids.length).toBeGreaterThan(75)
    }
  })
})

test('100,000 passages of one Chinese text without a space, each as it is asked for', () => {
  const { encode } = tokenizers['a token a character'] as (typeof tokenizers)[string]
  const text = '港口里的船'.repeat(40_000)
  let count = 0
  let covered = 0
  for (const { start, end, ids } of passages(text, 2, encode)) {
    count++
    if (start > covered || end <= covered || ids.length > 2) expect.fail(`passage ${count} is ${start} to ${end}, behind ${covered}`)
    covered = end
  }
  expect(count).toBeGreaterThanOrEqual(100_000)
  expect(covered).toBe(text.length)
})
