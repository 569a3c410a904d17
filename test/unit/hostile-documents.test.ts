import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { passages } from '../../src/core/passages.js'
import { createTokenizer } from '../../src/core/tokenizer.js'

/** Texts that somebody wrote to hang a tokenizer, or that a broken converter left: one thing over and over. */
const PARTS: [string, string][] = [
  ['spaces', ' '],
  ['line ends', '\r\n'],
  ['one letter', 'a'],
  ['digits', '7'],
  ['punctuation', '!'],
  ['apostrophes', "'s"],
  ['Chinese without a space', '港口里的船在'],
  ['Thai without a space', 'สวัสดีชาวโลก'],
  ['combining marks', '\u0301'],
  ['combining marks in another order than the canonical one', '\u0301\u0323'],
  ['joined emoji', '👩\u200d'],
  ['flags', '🇪'],
  ['lone surrogates', '\ud83d'],
  ['NUL and replacement characters', '\u0000\ufffd'],
  ['direction marks', '\u202e\u2066'],
  ['ligatures that a normalizer takes apart', 'ﷺ'],
  ['special tokens as text', '[SEP]</s><|im_end|> '],
]
/** After a letter, so that marks have something to stand on. */
const many = (part: string, length: number) => `e${part.repeat(length / part.length)}`

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
const tokenizerOf = (model: string) =>
  createTokenizer(json(`test/reference/${model}/tokenizer.json`), json(`test/reference/${model}/tokenizer_config.json`))

describe.each(['bert', 'roberta', 'modernbert', 'deberta-v2', 'xlm-roberta', 'qwen3'])('%s', (model) => {
  const { encodeDocument } = tokenizerOf(model)

  test.each(PARTS)('%s: tokens, soon, and the first ones of a part are those of the whole', (_, part) => {
    const text = many(part, 8000)
    const start = performance.now()
    const ids = encodeDocument(text, Number.POSITIVE_INFINITY)
    // Some 100 ms; a busy machine is given its time.
    expect(performance.now() - start).toBeLessThan(5000)
    expect(ids.every((id) => Number.isSafeInteger(id) && id >= 0)).toBe(true)
    expect(encodeDocument(text, 60).slice(0, 60)).toEqual(ids.slice(0, 60))
  })

  test.each([
    ['Chinese, as much as a library', '港口里的船在', 3_000_000],
    ['marks in another order than the canonical one', '\u0301\u0323', 150_000],
    ['the same of those that are not taken out', '\u{1d16d}\u{1d165}', 150_000],
  ])('%s: the first tokens, soon', (_, part, length) => {
    const text = many(part, length)
    const start = performance.now()
    encodeDocument(text, 512)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

test.each(PARTS)('%s: passages to the end', (_, part) => {
  const text = many(part, 8000)
  const { encodeDocument } = tokenizerOf('bert')
  const start = performance.now()
  let end = 0
  for (const passage of passages(text, 100, encodeDocument)) end = passage.end
  expect(performance.now() - start).toBeLessThan(5000)
  expect(text.slice(end).trim()).toBe('')
})

test('marks are put in order wherever a text has as many as languages write, and one with more of them elsewhere too', () => {
  const { encodeDocument } = tokenizerOf('modernbert')
  const ids = (text: string) => encodeDocument(text, Number.POSITIVE_INFINITY)
  const [inOrder, swapped] = ['e\u0323\u0301 Tie\u0302\u0301ng', 'e\u0301\u0323 Tiếng']
  const run = `x${'\u0301'.repeat(500)} `
  expect(ids(run + swapped)).toEqual(ids(run + inOrder))
  expect(ids(run + swapped).slice(-ids(inOrder).length + 1)).toEqual(ids(inOrder).slice(1))
})
