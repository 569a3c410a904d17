import type { AskedQuery } from './asked-query.js'
import { type Codes, isExact, RARITY_UNIT } from './codes.js'
import type { KeptText } from './kept-text.js'
import type { Sums } from './sums.js'

/** What a logit is made of, in the order in which the terms are added. */
export const TERMS = ['cos', 'best', 'window', 'title', 'sum'] as const
export type Term = (typeof TERMS)[number]

/** How a model makes a logit of its terms. */
export interface Terms {
  weights: Partial<Record<Term, number>>
  scale: number
  shift: number
}

/** What a step of similarities by the first `bits` bits is worth. */
export function unitOf({ step }: AskedQuery, codes: Codes, bits: number): number {
  if (isExact(codes)) return step * codes.step
  return (step * (codes.scales[bits - 1] as number)) / Math.sqrt(codes.dimensions)
}

/**
 * - `cos`: cosine of the mean embeddings of query and document
 * - `best`: mean over the query's tokens of the largest similarity to a document token, weighed by rarity (MaxSim)
 * - `window`: the same to tokens that stand near each other, of the best such place
 * - `title`: the same to the first tokens
 * - `sum`: as `best`, but the sum and not the mean (ColBERT's score, where all tokens weigh 1)
 *
 * One division and one product each, so that every machine comes to the same bits.
 *
 * @param unit of the sums
 */
export function termsOf(sums: Sums, query: AskedQuery, { norm }: KeptText, unit: number): Record<Term, number> {
  let weight = 0
  for (const one of query.weights) weight += one
  const mean = (sum: number) => (query.weights.length > 0 ? (sum / weight) * unit : 0)
  return {
    cos: norm > 0 ? (sums.mean / norm) * unit : 0,
    best: mean(sums.best),
    window: mean(sums.window),
    title: mean(sums.title),
    sum: query.weights.length > 0 ? (sums.best / RARITY_UNIT) * unit : 0,
  }
}

export function logitOf(values: Record<Term, number>, { weights, scale, shift }: Terms): number {
  let raw = 0
  for (const term of TERMS) raw += (weights[term] ?? 0) * values[term]
  return scale * raw + shift
}
