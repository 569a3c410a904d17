/** Graded judgements of one query: document id to grade; 0 and below mean not relevant. */
export type Judgements = ReadonlyMap<string, number>

/** How good one ranking is. All in [0, 1]. */
export interface Metrics {
  ndcg10: number
  mrr10: number
  recall10: number
  /** Recall of all that was ranked: of a pool the same before and after reranking, of a whole corpus that of its first 50. */
  recallPool: number
}

/**
 * nDCG with linear gains, as trec_eval's `ndcg_cut` and BEIR have it. The ideal order is that of all judged documents,
 * found by the first stage or not. 0 where nothing is relevant.
 */
export function ndcg(ranking: readonly string[], judgements: Judgements, k: number): number {
  const ideal = discountedGain([...judgements.values()].sort((a, b) => b - a).slice(0, k))
  if (ideal === 0) return 0
  return discountedGain(ranking.slice(0, k).map((id) => judgements.get(id) ?? 0)) / ideal
}

function discountedGain(grades: readonly number[]): number {
  return grades.reduce((sum, grade, place) => sum + Math.max(grade, 0) / Math.log2(place + 2), 0)
}

/** One over the place of the first relevant document, 0 where none is among the first k. */
export function reciprocalRank(ranking: readonly string[], judgements: Judgements, k: number): number {
  const place = ranking.slice(0, k).findIndex((id) => isRelevant(id, judgements))
  return place === -1 ? 0 : 1 / (place + 1)
}

/** Share of the relevant documents that are among the first k. */
export function recall(ranking: readonly string[], judgements: Judgements, k: number): number {
  const relevant = [...judgements.values()].filter((grade) => grade > 0).length
  if (relevant === 0) return 0
  return ranking.slice(0, k).filter((id) => isRelevant(id, judgements)).length / relevant
}

function isRelevant(id: string, judgements: Judgements): boolean {
  return (judgements.get(id) ?? 0) > 0
}

/** Everything that is reported about one ranking. */
export function measure(ranking: readonly string[], judgements: Judgements): Metrics {
  return {
    ndcg10: ndcg(ranking, judgements, 10),
    mrr10: reciprocalRank(ranking, judgements, 10),
    recall10: recall(ranking, judgements, 10),
    recallPool: recall(ranking, judgements, ranking.length),
  }
}

/** nDCG@10 of the best order that the ranking's documents allow: the ceiling for any reranker. */
export function bestNdcg10(ranking: readonly string[], judgements: Judgements): number {
  const best = ranking.toSorted((a, b) => (judgements.get(b) ?? 0) - (judgements.get(a) ?? 0))
  return ndcg(best, judgements, 10)
}

/** Every metric's mean. `NaN` over nothing. */
export function meanMetrics(all: readonly Metrics[]): Metrics {
  return {
    ndcg10: mean(all.map((one) => one.ndcg10)),
    mrr10: mean(all.map((one) => one.mrr10)),
    recall10: mean(all.map((one) => one.recall10)),
    recallPool: mean(all.map((one) => one.recallPool)),
  }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The smallest value that at least `share` of the values do not exceed (nearest rank). `NaN` of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
