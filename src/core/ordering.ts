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
  const most = topN ?? length
  const weighted = new Float64Array(length)
  const scored = new Uint32Array(length)
  const unscored: number[] = []
  let count = 0
  // Of a whole corpus: functions that make arrays of others by a function take several times as long.
  for (let index = 0; index < length; index++) {
    const logit = logits[index] as number
    weighted[index] = logit + firstStageWeight * (1 - index / length)
    if (Number.isNaN(logit)) unscored.push(index)
    else if (minScore === undefined || sigmoid(logit) >= minScore) scored[count++] = index
  }
  const best = firstOf(scored.subarray(0, count), weighted, topN).sort((a, b) => (weighted[b] as number) - (weighted[a] as number) || a - b)
  const ranked: Ranked[] = []
  for (const index of best) {
    const logit = logits[index] as number
    ranked.push({ index, scored: true, score: sigmoid(logit), logit })
  }
  if (minScore !== undefined) return ranked
  for (const index of unscored) {
    if (ranked.length >= most) break
    ranked.push({ index, scored: false })
  }
  return ranked
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
