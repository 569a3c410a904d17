import type { Mismatch } from '../types.js'
import type { PassageRange } from './passages.js'

/** A document's place, without the document. */
export type Ranked =
  | {
      index: number
      scored: true
      score: number
      logit: number
      /** Where the best passage is, for documents that are read in passages. */
      passage?: PassageRange
    }
  | { index: number; scored: false }

/** The public `RerankResponse` without the documents: what crosses the worker boundary. */
export interface Ranking {
  ranked: Ranked[]
  /** Why the model does not fit the call, where it does not. */
  mismatch?: Mismatch
  /** Documents of the call without a logit. */
  unscored: number
}

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
