import kernel from 'virtual:kernels/sum-up'
import { createSimdSumUp } from '../core/late-interaction/simd-sums.js'
import { type SumUp, sumUp } from '../core/late-interaction/sums.js'

/** The fastest sums that this engine can compute; all of them come to the same integers. */
export function createSumUp(): SumUp {
  try {
    return createSimdSumUp(Uint8Array.from(atob(kernel), (character) => character.charCodeAt(0)))
  } catch {
    // No 128-bit SIMD, or a policy that forbids WebAssembly.
    return sumUp
  }
}
