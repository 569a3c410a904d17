import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { KeptText } from '../../../src/core/late-interaction/kept-text.js'
import { WordPlaces } from '../../../src/core/late-interaction/word-places.js'
import { createTokenizer, type Tokenizer } from '../../../src/core/tokenizer.js'

const read = (folder: string): Tokenizer => {
  const json = (file: string) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))
  return createTokenizer(json('tokenizer.json'), json('tokenizer_config.json'))
}
const tokenizers = {
  WordPiece: read('models/page-rerank-small-en'),
  'byte-level BPE': read('test/reference/modernbert'),
  SentencePiece: read('test/reference/xlm-roberta'),
}

/** The word of each token, a word's tokens in a row counted: `loaf×2 keeps`. */
function placed({ encodeDocument }: Tokenizer, text: string): string {
  const { words, tokens } = new WordPlaces(encodeDocument, 0).place(text, Number.POSITIVE_INFINITY)
  const names = tokens.map(({ first, last }) => text.slice(words[first]?.start, words[last]?.end))
  const runs: { name: string; count: number }[] = []
  for (const name of names) {
    if (runs.at(-1)?.name === name) (runs.at(-1) as (typeof runs)[number]).count++
    else runs.push({ name, count: 1 })
  }
  return runs.map(({ name, count }) => (count > 1 ? `${name}×${count}` : name)).join(' ')
}

describe('every token is in the word that it reads', () => {
  test.each([
    ['WordPiece', 'Größe, naïve cafe\u0301: 3.14', 'Größe×3 , naïve cafe\u0301 : 3.14×3'],
    ['WordPiece', "the Array.from_x doesn't", "the Array . from _ x doesn't×3"],
    ['WordPiece', 'ΟΔΥΣΣΕΥΣ ΣΟΦΟΣ', 'ΟΔΥΣΣΕΥΣ×8 ΣΟΦΟΣ×5'],
    ['WordPiece', '保存三天。保存', '保存×2 三天×2 。 保存×2'],
    // Kana run on: a token of the second word is no token of the word alone.
    ['WordPiece', 'パンの方法', 'パン×2 の 方法×2'],
    ['WordPiece', 'one 😀😀 👩‍💻 two', 'one 😀 👩‍💻 two'],
    ['WordPiece', 'left\u200bright soft\u00adhyphen', 'left right soft\u00adhyphen×4'],
    ['WordPiece', 'a [SEP] b', 'a [SEP] b'],
    ['byte-level BPE', 'Größe, naïve 😀', 'Größe×6 , naïve×4 😀×5'],
    ['byte-level BPE', 'ข้าวผัดมาก', 'ข้าว×5 ผัด×4 มาก×2'],
    ['SentencePiece', 'The map(x) method', 'The map×2 ( x ) method'],
    ['SentencePiece', '面包可以', '面包×3 可以×2'],
  ] as const)('%s: %s', (name, text, expected) => {
    expect(placed(tokenizers[name], text)).toBe(expected)
  })

  test.each(Object.entries(tokenizers))('%s: as many tokens as the text has, in order', (_, { encodeDocument }) => {
    for (const text of [
      readFileSync('README.md', 'utf8').slice(0, 6000).trim(),
      'ひらがなだけのぶんしょうです',
      'สวัสดีครับ ผมชื่อสมชาย',
      '한국어 문장은',
      '',
    ]) {
      const ids = encodeDocument(text, Number.POSITIVE_INFINITY)
      const { tokens, words } = new WordPlaces(encodeDocument, 0).place(text, ids.length)
      expect(tokens).toHaveLength(ids.length)
      let before = 0
      for (const { first, last } of tokens) {
        expect(first).toBeGreaterThanOrEqual(before)
        expect(last).toBeGreaterThanOrEqual(first)
        before = first
      }
      for (const { start, end } of words) expect(text.slice(start, end).trim()).toHaveLength(end - start)
    }
  })

  /** Places of a tokenizer that counts the characters it is given. */
  function counting({ encodeDocument }: Tokenizer, maxBytes = 1e5) {
    const seen = { characters: 0, calls: 0 }
    const places = new WordPlaces((text, atLeast) => {
      seen.characters += text.length
      seen.calls++
      return encodeDocument(text, atLeast)
    }, maxBytes)
    return { places, seen }
  }

  const kept = (): KeptText => ({ tokens: 100, norm: 1, codes: new Uint8Array(100), planes: 1 })

  test('no more of a long text is looked at than is wanted', () => {
    const long = 'A loaf keeps for three days. '.repeat(5000)
    const { places, seen } = counting(tokenizers.WordPiece)
    const text = kept()
    expect(places.placeKept(long, 100, text).tokens).toHaveLength(100)
    expect(seen.characters).toBeLessThan(3000)
    // And the second time nothing is.
    const { calls } = seen
    places.placeKept(long, 100, text)
    expect(seen.calls).toBe(calls)
  })

  test('places are remembered within their bytes, and none when they are cleared', () => {
    const { places, seen } = counting(tokenizers.WordPiece, 1000)
    const [first, second] = [kept(), kept()]
    const callsOf = (text: KeptText) => {
      const { calls } = seen
      places.placeKept('the cat', 100, text)
      return seen.calls - calls
    }
    const all = [callsOf(first), callsOf(first), callsOf(second), callsOf(first), callsOf(second)]
    expect(all.map((calls) => calls > 0)).toEqual([true, false, true, false, false])
    for (let i = 0; i < 10; i++) callsOf(kept())
    expect(callsOf(first)).toBeGreaterThan(0)
    places.clear()
    expect(callsOf(first)).toBeGreaterThan(0)
  })

  test.each([
    ['zero-width spaces', '\u200b'],
    ['NUL', '\0'],
    ['lone surrogates', '\ud83d'],
    ['both kinds of white space and zero-width spaces', '\n \u200b'],
    ['spaces', ' '],
    ['spaces and newlines', ' \n'],
  ])('%s, very many of them, are not so many words', (_, filling) => {
    const { places, seen } = counting(tokenizers.WordPiece)
    const text = `Restart the server. ${filling.repeat(2e5 / filling.length)} And a box. `
    const { words, tokens } = places.place(text, 100)
    expect(tokens.map(({ first }) => text.slice(words[first]?.start, words[first]?.end)).join(' ')).toBe('Restart the server . And a box .')
    expect(seen.calls).toBeLessThan(2000)
    expect(seen.characters).toBeLessThan(2e6)
    expect(words.length).toBeLessThan(300)
  })

  test('ten million spaces have no words', () => {
    expect(new WordPlaces(tokenizers.WordPiece.encodeDocument, 0).place(' '.repeat(1e7), 100).words).toEqual([])
  })

  test.each(Object.keys(tokenizers) as (keyof typeof tokenizers)[])('%s: a word of a million characters', (name) => {
    const { places, seen } = counting(tokenizers[name])
    const text = `Restart ${'0123456789abcdef'.repeat(65536)}`
    expect(places.place(text, 20).tokens.length).toBeGreaterThan(1)
    expect(seen.calls).toBeLessThan(2000)
  })
})
