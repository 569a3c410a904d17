import { describe, expect, test } from 'vitest'
import { batchEnd, padBatch } from '../../src/core/batching.js'
import type { BatchPolicy, EncodedInput } from '../../src/core/session.js'

const pair = (length: number): EncodedInput => ({ inputIds: new Int32Array(length).fill(7), tokenTypeIds: new Int32Array(length).fill(1) })

/** Lengths of the batches that a list of pair lengths falls into. */
function batches(lengths: number[], policy: BatchPolicy): number[][] {
  const pairs = lengths.map(pair)
  const result: number[][] = []
  for (let start = 0; start < pairs.length; ) {
    const end = batchEnd(pairs, start, policy)
    result.push(lengths.slice(start, end))
    start = end
  }
  return result
}

describe('batchEnd', () => {
  test('padding counts against the token budget', () => {
    expect(batches([10, 9, 8, 4, 4], { maxInputs: 99, maxTokens: 20, padding: 'longest' })).toEqual([[10, 9], [8, 4], [4]])
  })

  test('a pair over the budget goes alone', () => {
    expect(batches([50, 50], { maxInputs: 99, maxTokens: 20, padding: 'longest' })).toEqual([[50], [50]])
  })

  test('without padding only equal lengths share a run', () => {
    expect(batches([8, 8, 7, 7, 7], { maxInputs: 2, maxTokens: 99, padding: 'none' })).toEqual([[8, 8], [7, 7], [7]])
  })

  test('one at a time', () => {
    expect(batches([8, 8], { maxInputs: 1, maxTokens: 99, padding: 'longest' })).toEqual([[8], [8]])
  })
})

test('padBatch pads on the right and masks it', () => {
  const { size, length, inputIds, attentionMask, tokenTypeIds } = padBatch([pair(2), pair(3)], 5)
  expect([size, length]).toEqual([2, 3])
  expect([...inputIds]).toEqual([7n, 7n, 5n, 7n, 7n, 7n])
  expect([...attentionMask]).toEqual([1n, 1n, 0n, 1n, 1n, 1n])
  expect([...tokenTypeIds]).toEqual([1n, 1n, 0n, 1n, 1n, 1n])
})

test('padBatch takes as many pairs as a caller’s batchSize allows', () => {
  const one = pair(1)
  const { size, length } = padBatch(
    Array.from({ length: 200_000 }, () => one),
    0,
  )
  expect([size, length]).toEqual([200_000, 1])
})
