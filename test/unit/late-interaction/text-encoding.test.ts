import { describe, expect, test } from 'vitest'
import { withoutSpaceAround } from '../../../src/core/late-interaction/plain-text.js'
import { countedEmbeddings, encodeText } from '../../../src/core/late-interaction/text-encoding.js'

describe('a text in its template', () => {
  const template = { before: [1, 9], after: [2] }

  test('is cut at its end, special tokens counted', () => {
    expect([...encodeText([5, 6, 7], template, 10).inputIds]).toEqual([1, 9, 5, 6, 7, 2])
    expect([...encodeText([5, 6, 7], template, 5).inputIds]).toEqual([1, 9, 5, 6, 2])
  })

  test('is filled up where its form says so; what fills it is looked at or not', () => {
    const unattended = encodeText([5, 6], { ...template, fill: { tokenId: 4, attended: false } }, 8)
    expect([...unattended.inputIds]).toEqual([1, 9, 5, 6, 2, 4, 4, 4])
    expect(unattended.attended).toBe(5)
    expect(unattended.tokenTypeIds).toHaveLength(8)
    expect(encodeText([5, 6], { ...template, fill: { tokenId: 4, attended: true } }, 8).attended).toBeUndefined()
    expect([...encodeText([5, 6, 7, 8], { ...template, fill: { tokenId: 4, attended: false } }, 5).inputIds]).toEqual([1, 9, 5, 6, 2])
  })
})

describe('tokens left out of account', () => {
  const embeddings = { tokens: 4, data: Float32Array.of(1, 1, 2, 2, 3, 3, 4, 4) }

  test('have no embeddings', () => {
    const counted = countedEmbeddings(embeddings, [7, 8, 9, 8], { skip: new Set([8]) })
    expect(counted).toEqual({ tokens: 2, data: Float32Array.of(1, 1, 3, 3) })
    expect(countedEmbeddings(embeddings, [7, 8, 9, 8], {})).toBe(embeddings)
  })

  test('are never all of a text', () => {
    expect(countedEmbeddings(embeddings, [8, 8, 8, 8], { skip: new Set([8]) }).tokens).toBe(4)
  })
})

test('white space around a text is what Python takes for it', () => {
  expect(withoutSpaceAround('\x1c\x85\u3000 a b \n\u2028')).toBe('a b')
  expect(withoutSpaceAround('\ufeffa\u200b')).toBe('\ufeffa\u200b')
  expect(withoutSpaceAround(' \t ')).toBe('')
})
