import type { BatchPolicy, EncodedInput } from './session.js'

/**
 * End (exclusive) of the longest run of `pairs` from `start` that fits the policy. Sorted by length, runs are dense: others
 * measured 41–54 % fewer token slots than in input order.
 */
export function batchEnd(pairs: readonly EncodedInput[], start: number, policy: BatchPolicy): number {
  let longest = 0
  let end = start
  while (end < pairs.length && end - start < policy.maxInputs) {
    const { length } = (pairs[end] as EncodedInput).inputIds
    if (end > start && policy.padding === 'none' && length !== longest) break
    longest = Math.max(longest, length)
    if (end > start && longest * (end - start + 1) > policy.maxTokens) break
    end++
  }
  return end
}

/** A batch as rectangular tensors: row-major, `size` × `length`. */
export interface PaddedBatch {
  size: number
  /** Tokens a row. */
  length: number
  inputIds: BigInt64Array
  attentionMask: BigInt64Array
  tokenTypeIds: BigInt64Array
}

/** Right-pad pairs to the longest of them; int64, as the exported graphs want it. */
export function padBatch(pairs: readonly EncodedInput[], padTokenId: number): PaddedBatch {
  const size = pairs.length
  const length = pairs.reduce((longest, pair) => Math.max(longest, pair.inputIds.length), 0)
  const inputIds = new BigInt64Array(size * length).fill(BigInt(padTokenId))
  const attentionMask = new BigInt64Array(size * length)
  const tokenTypeIds = new BigInt64Array(size * length)
  pairs.forEach((pair, row) => {
    const offset = row * length
    for (let i = 0; i < pair.inputIds.length; i++) {
      inputIds[offset + i] = BigInt(pair.inputIds[i] as number)
      tokenTypeIds[offset + i] = BigInt(pair.tokenTypeIds[i] as number)
      attentionMask[offset + i] = i < (pair.attended ?? length) ? 1n : 0n
    }
  })
  return { size, length, inputIds, attentionMask, tokenTypeIds }
}
