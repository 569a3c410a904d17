import { expect, test } from 'vitest'
import { extractTexts } from '../../src/core/documents.js'

test.each([
  ['one field', ['undefined', 'undefined']],
  ['several, with what stands between them', ['undefined\nnull', 'null — undefined: [object Object].']],
  ['an object', ['[object Object]']],
])('texts of fields that are not there are refused: %s', (_, texts) => {
  expect(() => extractTexts(texts, String)).toThrow(expect.objectContaining({ code: 'invalid-input', index: 0 }))
  expect(() => extractTexts(texts, String)).toThrow(JSON.stringify(texts[0]))
})

test.each([
  ['one of many has a text', ['undefined', 'undefined behaviour']],
  ['words that only contain them', ['nullable', 'undefined1', 'annulled']],
  ['empty ones', ['', ' ', '—']],
  ['an empty one among them', ['undefined', '']],
  ['none', []],
])('all else is taken: %s', (_, texts) => {
  expect(extractTexts(texts, String)).toEqual(texts)
})

test('texts that the text option did not make may say anything', () => {
  expect(extractTexts(['null'])).toEqual(['null'])
  expect(extractTexts([{ text: 'undefined' }])).toEqual(['undefined'])
})

test('a text function that is asynchronous is refused, and how it ends is nobody’s', async () => {
  const text = async () => {
    throw new Error('of the page')
  }
  expect(() => extractTexts([{}], text as never)).toThrow('The text of document 0 is an object. The text option must return a string.')
  await new Promise((resolve) => setTimeout(resolve))
})
