import type { Fallback, SelfTest } from '../types.js'
import { batchEnd } from './batching.js'
import type { EncodedPair, Session } from './session.js'

/** A pair, and the logit PyTorch computed for it, where it did. */
export interface Canary {
  pair: EncodedPair
  logit?: number
}

/** What makes a session unusable. */
export class SelfTestFailure extends Error {
  readonly code: Fallback['code'] = 'self-test-failed'
}

/** Run pairs through a session in batches that fit its policy. Order of the result is that of `pairs`. */
export async function runAll(session: Session, pairs: readonly EncodedPair[]): Promise<Float32Array> {
  const logits = new Float32Array(pairs.length)
  for (let start = 0; start < pairs.length; ) {
    const end = batchEnd(pairs, start, session.policy)
    logits.set(await session.run(pairs.slice(start, end)), start)
    start = end
  }
  return logits
}

/**
 * Score the canaries and compare. GPUs and quantized kernels go wrong in silence: the same score for everything,
 * NaN, or numbers that are merely off. The runs also warm the session up (V8 tiers WASM up over the first ones).
 *
 * @throws SelfTestFailure saying what was wrong
 */
export async function selfTest(session: Session, canaries: readonly Canary[], tolerance: number): Promise<SelfTest> {
  const logits = await runAll(
    session,
    canaries.map((canary) => canary.pair),
  )
  if (logits.some((logit) => !Number.isFinite(logit))) throw new SelfTestFailure('the self-test returned logits that are not numbers')
  if (logits.every((logit) => Math.abs(logit - (logits[0] as number)) < 1e-6)) {
    throw new SelfTestFailure('the self-test returned the same logit for every pair')
  }
  const errors = canaries.flatMap(({ logit }, i) => (logit === undefined ? [] : [Math.abs((logits[i] as number) - logit)]))
  if (errors.length === 0) return { result: 'unchecked', pairs: canaries.length, tolerance }
  const maxError = errors.reduce((most, error) => Math.max(most, error))
  if (maxError > tolerance) {
    throw new SelfTestFailure(`the self-test was off by ${maxError.toFixed(3)} logits (${tolerance} allowed)`)
  }
  return { result: 'passed', pairs: canaries.length, maxError, tolerance }
}
