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
  /** How far two outputs are apart, as a share of how large they are. */
  distance(one: Output, other: Output): number
  /** Tokens that the model has positions for. */
  maxPositions: number
}

/**
 * Tokens of the text that is run as it is and padded: more than a sliding window of 128 reaches to one side. Kernels take four numbers
 * at once where a length is a multiple of 4, and the padded one is none.
 */
const SEEN_TWICE = 76
const PADDING = 3
/** Of what padding and rounding make. */
const MAX_DISTANCE = 0.05

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
  if (errors.length === 0) {
    await seeTwice(session, canaries)
    return { result: 'unchecked', pairs, tolerance }
  }
  const maxError = errors.reduce((most, error) => Math.max(most, error))
  // Neither may be NaN.
  if (!(maxError <= tolerance)) {
    throw new SelfTestFailure(`the self-test was off by ${maxError.toFixed(3)} logits (${tolerance} allowed)`)
  }
  return { result: 'passed', pairs, maxError, tolerance }
}

/**
 * Where nobody knows the right numbers, those of one text have to be the same alone and padded: what is wrong at some lengths only shows
 * so (ORT Web 1.30 on WebGPU: ModernBERT's sliding window, at lengths that are multiples of 4).
 *
 * @throws SelfTestFailure
 */
async function seeTwice<Output>(session: Session<Output>, { inputs, distance, maxPositions }: Canaries<Output>): Promise<void> {
  const length = Math.min(SEEN_TWICE, 4 * Math.floor((maxPositions - PADDING) / 4))
  if (session.policy.padding !== 'longest' || length < 8) return
  const longest = inputs.reduce((most, one) => (one.inputIds.length > most.inputIds.length ? one : most))
  const text = (tokens: number): EncodedInput => ({
    inputIds: Int32Array.from({ length: tokens }, (_, i) => longest.inputIds[i % longest.inputIds.length] as number),
    tokenTypeIds: new Int32Array(tokens),
    attended: length,
  })
  const [alone] = Array.from(await session.run([text(length)]))
  const [padded] = Array.from(await session.run([text(length + PADDING)]))
  const apart = distance(alone as Output, padded as Output)
  // Neither may be NaN.
  if (!(apart <= MAX_DISTANCE)) {
    throw new SelfTestFailure(`the self-test returned other numbers for a text of ${length} tokens than for the same one padded`)
  }
}
