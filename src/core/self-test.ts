import type { Fallback, SelfTest } from '../types.js'
import { batchEnd } from './batching.js'
import type { EncodedInput, Session } from './session.js'

/** Pairs whose logits PyTorch computed, as a model reads them. */
export interface Canaries<Output = number> {
  inputs: readonly EncodedInput[]
  /** What the outputs of `inputs` come to: a logit for each pair. */
  logits(outputs: readonly Output[]): readonly number[]
  /** PyTorch's; undefined where nobody computed one. */
  expected: readonly (number | undefined)[]
}

/** What makes a session unusable. */
export class SelfTestFailure extends Error {
  readonly code: Fallback['code'] = 'self-test-failed'
}

/** Run inputs through a session in batches that fit its policy. Order of the result is that of `inputs`. */
export async function runAll<Output>(session: Session<Output>, inputs: readonly EncodedInput[]): Promise<Output[]> {
  const outputs: Output[] = []
  for (let start = 0; start < inputs.length; ) {
    const end = batchEnd(inputs, start, session.policy)
    for (const output of Array.from(await session.run(inputs.slice(start, end)))) outputs.push(output)
    start = end
  }
  return outputs
}

/**
 * Score the canaries and compare. GPUs and quantized kernels go wrong in silence: the same score for everything,
 * NaN, or numbers that are merely off. The runs also warm the session up (V8 tiers WASM up over the first ones).
 *
 * @throws SelfTestFailure saying what was wrong
 */
export async function selfTest<Output>(session: Session<Output>, canaries: Canaries<Output>, tolerance: number): Promise<SelfTest> {
  const logits = canaries.logits(await runAll(session, canaries.inputs))
  const pairs = logits.length
  if (logits.some((logit) => !Number.isFinite(logit))) throw new SelfTestFailure('the self-test returned logits that are not numbers')
  if (logits.every((logit) => Math.abs(logit - (logits[0] as number)) < 1e-6)) {
    throw new SelfTestFailure('the self-test returned the same logit for every pair')
  }
  const errors = canaries.expected.flatMap((logit, i) => (logit === undefined ? [] : [Math.abs((logits[i] as number) - logit)]))
  if (errors.length === 0) return { result: 'unchecked', pairs, tolerance }
  const maxError = errors.reduce((most, error) => Math.max(most, error))
  // Neither may be NaN.
  if (!(maxError <= tolerance)) {
    throw new SelfTestFailure(`the self-test was off by ${maxError.toFixed(3)} logits (${tolerance} allowed)`)
  }
  return { result: 'passed', pairs, maxError, tolerance }
}
