import type { AskedQuery } from './asked-query.js'
import { type Codes, isExact, RARITY_UNIT } from './codes.js'
import { BLOCK, exactValues, type KeptText, placeOf, planeBytes } from './kept-text.js'
import { TITLE_BLOCKS, WINDOW_BLOCKS } from './sums.js'
import { type Terms, unitOf } from './terms.js'

/**
 * Texts and queries as several vectors each, for engines that rank by MaxSim: the sum, over the query's vectors, of the largest dot
 * product with any vector of the document. That sum is the logit (docs/scale.md).
 *
 * A term of the logit looks at some of a document's vectors only, so each vector says in dimensions of its own, behind the model's,
 * what it is not; a query's vector has a number there that is far below all similarities.
 */
const NOT_TOKEN = 0
const NOT_MEAN = 1
const NOT_IN_WINDOW = 2
const NOT_IN_TITLE = 3
/** 1 in the mean, 0 in tokens: carries the logit's constant. */
const CONSTANT = 4
/** Dimensions behind the model's. */
export const EXTRA_DIMENSIONS = 5

/** The largest absolute value of a token's integers. */
function largestValue(codes: Codes): number {
  return isExact(codes) ? 32767 : 2 ** codes.bits - 1
}

/**
 * Vectors of a text: its mean, then its tokens as the integers that are compared. Of the window's term only the largest window counts,
 * which no one MaxSim can say: so a text comes once for each window of 48 tokens, with all its vectors, and its logit is the largest.
 *
 * @param everyWindow false: once, and the window is all of the text. Right up to 48 tokens, and a little high for longer ones
 */
export function* documentVectors(text: KeptText, codes: Codes, everyWindow: boolean): Generator<number[][]> {
  const { dimensions } = codes
  const values = integersOf(text, codes)
  const sum = new Float64Array(dimensions)
  for (let at = 0; at < values.length; at += dimensions) {
    for (let i = 0; i < dimensions; i++) sum[i] = (sum[i] as number) + (values[at + i] as number)
  }
  const mean = Array.from(sum, (value) => (text.norm > 0 ? asFloat32(value / text.norm) : 0))
  // A mean may be longer than any token is: then it has to be as much farther away for what looks at tokens, and they for it.
  const far = Math.ceil(mean.reduce((most, value) => Math.max(most, Math.abs(value) / largestValue(codes)), 1))
  const meanVector = [...mean, far, 0, 1, 1, 1]
  const windows = everyWindow ? Math.max(1, Math.ceil(text.tokens / BLOCK) - WINDOW_BLOCKS + 1) : 1
  for (let first = 0; first < windows; first++) {
    const vectors = [meanVector]
    for (let token = 0; token < text.tokens; token++) {
      const block = Math.floor(token / BLOCK)
      const isInWindow = !everyWindow || (block >= first && block < first + WINDOW_BLOCKS)
      const own = Array.from(values.subarray(token * dimensions, (token + 1) * dimensions))
      vectors.push([...own, 0, far, isInWindow ? 0 : 1, block < TITLE_BLOCKS ? 0 : 1, 0])
    }
    yield vectors
  }
}

/** A query's vectors: first what is compared with a text's mean, then one for each token that counts and each term that the model has. */
export function queryVectors(query: AskedQuery, codes: Codes, { weights, scale, shift }: Terms): number[][] {
  const { dimensions } = codes
  const unit = unitOf(query, codes, codes.bits) * scale
  const vector = (row: number, factor: number, not: readonly number[], constant = 0) => {
    const own = Array.from(query.values.subarray(row * dimensions, (row + 1) * dimensions), (value) => asFloat32(value * factor))
    // Twice what a similarity can come to at the most.
    const far = asFloat32(-2 * (own.reduce((total, value) => total + Math.abs(value), 0) * largestValue(codes) + Math.abs(constant)))
    const extra = Array.from({ length: EXTRA_DIMENSIONS }, (_, i) => (not.includes(i) ? far : 0))
    extra[CONSTANT] = asFloat32(constant)
    return [...own, ...extra]
  }
  const vectors = [vector(0, (weights.cos ?? 0) * unit, [NOT_MEAN], shift)]
  const whole = query.weights.reduce((total, one) => total + one, 0)
  const { best = 0, sum = 0, window = 0, title = 0 } = weights
  query.weights.forEach((weight, i) => {
    for (const [factor, not] of [
      [best / whole + sum / RARITY_UNIT, [NOT_TOKEN]],
      [window / whole, [NOT_TOKEN, NOT_IN_WINDOW]],
      [title / whole, [NOT_TOKEN, NOT_IN_TITLE]],
    ] as const) {
      if (factor !== 0) vectors.push(vector(i + 1, factor * weight * unit, not))
    }
  })
  return vectors
}

/** What a query's integers are multiplied with: odd numbers around 0 for codes of a few bits. Tokens × dimensions. */
function integersOf(text: KeptText, codes: Codes): Int16Array {
  const { dimensions, bits } = codes
  if (isExact(codes)) return exactValues(text, dimensions)
  const values = new Int16Array(text.tokens * dimensions)
  const length = planeBytes(text.tokens, dimensions)
  for (let token = 0; token < text.tokens; token++) {
    for (let i = 0; i < dimensions; i++) {
      let code = 0
      const at = placeOf(token, dimensions) + (i >> 3) * BLOCK
      for (let plane = 0; plane < bits; plane++) code = 2 * code + (((text.codes[plane * length + at] as number) >> (i & 7)) & 1)
      values[token * dimensions + i] = 2 * code + 1 - 2 ** bits
    }
  }
  return values
}

/** As engines keep it, in the fewest digits that say so. */
function asFloat32(value: number): number {
  return Number(Math.fround(value).toPrecision(9))
}
