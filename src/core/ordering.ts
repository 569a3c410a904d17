/** A document's place in an order, without the document. */
export type Ranked = { index: number; scored: true; score: number; logit: number } | { index: number; scored: false }

/** How documents are ordered, and which places of the order are kept. */
export interface OrderOptions {
  /** What the first stage's order counts for, in logits: all of it for the first document, nothing behind the last. */
  firstStageWeight?: number
  topN?: number
  minScore?: number
}

export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

/**
 * Order documents by raw logit and first-stage place, highest first. Sigmoid saturates, so the order is never decided on
 * scores. Ties keep their first-stage order; documents without a logit (`NaN`) follow in theirs.
 *
 * @param logits one a document, first-stage order, `NaN` where unscored
 */
export function order(logits: ArrayLike<number>, { firstStageWeight = 0, topN, minScore }: OrderOptions = {}): Ranked[] {
  const { length } = logits
  const weighted = Float64Array.from(logits, (logit, index) => logit + firstStageWeight * (1 - index / length))
  const isScored = (index: number) => !Number.isNaN(logits[index])
  const all = Uint32Array.from({ length }, (_, index) => index)
  const scored = all.filter((index) => isScored(index) && (minScore === undefined || sigmoid(logits[index] as number) >= minScore))
  const best = firstOf(scored, weighted, topN).sort((a, b) => (weighted[b] as number) - (weighted[a] as number) || a - b)
  const unscored = minScore === undefined && best.length === scored.length ? all.filter((index) => !isScored(index)) : []
  const ranked = [...best, ...unscored].map((index): Ranked => {
    const logit = logits[index] as number
    return Number.isNaN(logit) ? { index, scored: false } : { index, scored: true, score: sigmoid(logit), logit }
  })
  return topN === undefined ? ranked : ranked.slice(0, topN)
}

/** Those that come first, in the order given: of a whole corpus, sorting numbers finds them in a fraction of the time. */
function firstOf(indices: Uint32Array, weighted: Float64Array, count = indices.length): Uint32Array {
  if (count >= indices.length) return indices
  const weights = Float64Array.from(indices, (index) => weighted[index] as number).sort()
  const least = weights[weights.length - count] as number
  let above = 0
  for (const weight of weights) if (weight > least) above++
  let equal = count - above
  return indices.filter((index) => {
    const weight = weighted[index] as number
    return weight > least || (weight === least && equal-- > 0)
  })
}
