import { expect, test } from 'vitest'
import { createUnigram } from '../../src/core/unigram.js'

const unigram = createUnigram({
  type: 'Unigram',
  vocab: [
    ['<unk>', 0],
    ['港', -3],
    ['口', -3],
    ['港口', -4],
  ],
  unk_id: 0,
})

test('the most likely pieces, in the order of the text; neighbouring unknown characters are one', () => {
  expect(unigram(['港口港', '口xy港'])).toEqual(['港口', '港', '口', 'xy', '港'])
})

test('a word as long as an unspaced document', () => {
  const pieces = unigram(['港港口'.repeat(200_000)])
  expect(pieces).toHaveLength(400_000)
  expect(pieces.slice(-3)).toEqual(['港口', '港', '港口'])
})
