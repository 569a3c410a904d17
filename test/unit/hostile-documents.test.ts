import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { passages } from '../../src/core/passages.js'
import { createTokenizer } from '../../src/core/tokenizer.js'

/** Texts that somebody wrote to hang a tokenizer, or that a broken converter left. */
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
const LENGTH = 8_000
const many = (part: string) => part.repeat(LENGTH / part.length)

const TEXTS: [string, string][] = [
  ['spaces', many(' ')],
  ['spaces and a word', `${many(' ')}x`],
  ['line ends', many('\r\n')],
  ['one letter', many('a')],
  ['digits', many('7')],
  ['punctuation', many('!')],
  ['apostrophes', many("'s")],
  ['Chinese without a space', many('港口里的船在')],
  ['combining marks', `e${many('\u0301')}`],
  ['joined emoji', many('👩\u200d')],
  ['flags', many('🇪')],
  ['lone surrogates', many('\ud83d')],
  ['NUL and replacement characters', many('\u0000\ufffd')],
  ['direction marks', many('\u202e\u2066')],
  ['ligatures that a normalizer takes apart', many('ﷺ')],
  ['special tokens as text', many('[SEP]</s><|im_end|> ')],
]

describe.each(['bert', 'roberta', 'modernbert', 'deberta-v2', 'xlm-roberta', 'qwen3'])('%s', (model) => {
  const folder = `test/reference/${model}`
  const { encodeDocument } = createTokenizer(json(`${folder}/tokenizer.json`), json(`${folder}/tokenizer_config.json`))

  test.each(TEXTS)('%s: tokens, soon', (_, text) => {
    const start = performance.now()
    const ids = encodeDocument(text, 512)
    // Some 100 ms; a busy machine is given its time.
    expect(performance.now() - start).toBeLessThan(5000)
    expect(ids.every((id) => Number.isSafeInteger(id) && id >= 0)).toBe(true)
  })
})

test.each(TEXTS)('%s: passages to the end', (_, text) => {
  const { encodeDocument } = createTokenizer(json('test/reference/bert/tokenizer.json'), json('test/reference/bert/tokenizer_config.json'))
  const start = performance.now()
  let end = 0
  for (const passage of passages(text, 100, encodeDocument)) end = passage.end
  expect(performance.now() - start).toBeLessThan(5000)
  expect(text.slice(end).trim()).toBe('')
})
