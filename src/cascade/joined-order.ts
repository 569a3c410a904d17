import type { RerankResponse, RerankResult, ScoredResult, Shortfall, Stage } from '../types.js'

/** What the first stage made of all documents, and the second of the first few of its order. */
export interface StageOrders {
  first: RerankResponse<string>
  /** Absent until it has ordered anything, and where it did not. */
  second?: RerankResponse<string>
  /** Documents that the second stage was to score. */
  pool: number
}

export interface JoinOptions {
  topN?: number
  minScore?: number
  shortfall?: Omit<Shortfall, 'scored'>
}

/**
 * Documents at the head of the first stage's order that the second has scored without a gap: so many have their place by it.
 */
export function scoredHead({ second, pool }: Pick<StageOrders, 'second' | 'pool'>): number {
  const scored = new Set(second?.results.flatMap((one) => (one.scored ? [one.index] : [])))
  let head = 0
  while (head < pool && scored.has(head)) head++
  return head
}

/**
 * One order of both: the head of the first stage's in the second's order, then the rest of the first's. A score of one stage is never
 * held against one of the other. What the second scored behind a gap counts as not scored by it: the documents before it would
 * have no place.
 *
 * With `minScore` only what the second stage scored is left; where that is nothing, the first's order stays whole.
 */
export function joinOrders<T>(documents: readonly T[], orders: StageOrders, { topN, minScore, shortfall }: JoinOptions): RerankResponse<T> {
  const { first, second } = orders
  const head = scoredHead(orders)
  const inHead = second?.results.filter((one): one is ScoredResult<string> => one.scored && one.index < head) ?? []
  const isWanted = ({ score }: ScoredResult<string>) => minScore === undefined || score >= minScore
  const rest = minScore === undefined || head === 0 ? first.results.slice(head) : []
  const results: RerankResult<T>[] = []
  const put = (index: number, result: RerankResult<string>, stage: Stage) => {
    if (topN !== undefined && results.length >= topN) return
    const place = { index, document: documents[index] as T, rank: results.length + 1 }
    results.push(result.scored ? { ...result, ...place, stage } : { ...place, scored: false })
  }
  for (const one of inHead) {
    const before = first.results[one.index] as RerankResult<string>
    if (isWanted(one)) put(before.index, { ...(before.scored && explanationOf(before)), ...one }, 'second')
  }
  for (const one of rest) put(one.index, one, 'first')
  const unscoredBefore = first.results.slice(0, head).filter(({ scored }) => !scored).length
  const mismatch = first.mismatch ?? (head > 0 ? second?.mismatch : undefined)
  return {
    results,
    ...(first.coarse && { coarse: true }),
    ...(mismatch && { mismatch }),
    ...(shortfall && { shortfall: { ...shortfall, scored: head } }),
    unscored: first.unscored - unscoredBefore,
  }
}

/** Why the first stage put a document where it is: the second may have nothing to say of it. */
function explanationOf({ matches, sentence }: ScoredResult<string>): Pick<ScoredResult<string>, 'matches' | 'sentence'> {
  return { ...(matches && { matches }), ...(sentence && { sentence }) }
}
