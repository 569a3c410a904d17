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
  const weighted = ({ index, logit }: { index: number; logit: number }) => logit + firstStageWeight * (1 - index / logits.length)
  const ranked = Array.from(logits, (logit, index): Ranked => {
    return Number.isNaN(logit) ? { index, scored: false } : { index, scored: true, score: sigmoid(logit), logit }
  })
  // Array.prototype.sort is stable, which keeps ties and the unscored in first-stage order.
  ranked.sort((a, b) => {
    if (a.scored && b.scored) return weighted(b) - weighted(a) || 0
    return Number(b.scored) - Number(a.scored)
  })
  const kept = minScore === undefined ? ranked : ranked.filter((one) => one.scored && one.score >= minScore)
  return topN === undefined ? kept : kept.slice(0, topN)
}
