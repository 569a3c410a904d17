import type { Mismatch, Reranker, RerankOptions, RerankResult } from '../types.js'

/** Documents of a whole corpus's ranking that are looked at, and as many of a first stage's. */
export const DEEP = 50

/** What one query's documents came to. */
export interface Ranking {
  /** Best first, with scores that fall with the rank, whether there are logits or not. */
  ranking: { id: string; score: number }[]
  /** The order of the same logits without the first stage's: `firstStageWeight` 0. */
  unweighted: string[]
  /** Milliseconds that the calls took. */
  ms: number
  mismatch?: Mismatch
}

/** How every query of an evaluation is ranked. */
export interface RankingOptions extends Pick<RerankOptions<string>, 'maxLength' | 'longDocuments' | 'onMismatch' | 'signal'> {
  firstStageWeight: number
}

/** Rerank what a first stage found, best first. */
export async function rankCandidates(
  reranker: Reranker,
  query: string,
  candidates: readonly string[],
  texts: ReadonlyMap<string, string>,
  options: RankingOptions,
): Promise<Ranking> {
  const start = performance.now()
  const { results, mismatch } = await reranker.rerank(query, candidates, { text: textIn(texts), ...options })
  const ms = performance.now() - start
  const ranking = results.map(({ document, index, rank, scored, logit }) => ({
    id: document,
    score: scored ? logit + options.firstStageWeight * (1 - index / candidates.length) : -rank,
  }))
  return { ranking, unweighted: unweightedOrder(results), ms, ...(mismatch && { mismatch }) }
}

/**
 * Rank all documents, and join in the order of what a first stage found: `firstStageWeight · (1 − place / found)` is added to the
 * logits of those, and nothing to the others'. The first `DEEP` of it.
 *
 * @param ids of all documents; their order says nothing
 * @param found by the first stage, best first
 */
export async function rankCorpus(
  reranker: Reranker,
  query: string,
  ids: readonly string[],
  found: readonly string[],
  texts: ReadonlyMap<string, string>,
  options: RankingOptions,
): Promise<Ranking> {
  const text = textIn(texts)
  const start = performance.now()
  const { results, mismatch } = await reranker.rerank(query, ids, { text, ...options, firstStageWeight: 0, topN: DEEP })
  const logits = new Map<string, number>()
  for (const one of results) if (one.scored) logits.set(one.document, one.logit)
  // The model was not asked: the order that stays is the first stage's, not the file's.
  if (logits.size === 0) {
    const kept = found.slice(0, DEEP)
    const ranking = kept.map((id, place) => ({ id, score: -place - 1 }))
    return { ranking, unweighted: kept, ms: performance.now() - start, ...(mismatch && { mismatch }) }
  }
  const places = new Map(found.map((id, place) => [id, place]))
  const placeOf = (id: string) => places.get(id) ?? found.length
  const inOrder = (weight: number) =>
    Array.from(logits, ([id, logit]) => ({ id, score: logit + weight * (1 - placeOf(id) / Math.max(1, found.length)) }))
      // As in a pool, ties keep the first stage's order.
      .sort((a, b) => b.score - a.score || placeOf(a.id) - placeOf(b.id))
  const unweighted = inOrder(0).map(({ id }) => id)
  const { firstStageWeight } = options
  const others = firstStageWeight > 0 ? found.filter((id) => !logits.has(id)) : []
  if (others.length > 0) {
    const more = await reranker.rerank(query, others, { text, ...options, firstStageWeight: 0 })
    for (const one of more.results) if (one.scored) logits.set(one.document, one.logit)
  }
  const ranking = inOrder(firstStageWeight).slice(0, DEEP)
  return { ranking, unweighted, ms: performance.now() - start, ...(mismatch && { mismatch }) }
}

function textIn(texts: ReadonlyMap<string, string>): (id: string) => string {
  return (id) => texts.get(id) as string
}

function unweightedOrder(results: readonly RerankResult<string>[]): string[] {
  return results
    .toSorted((a, b) => (a.scored && b.scored ? b.logit - a.logit : Number(b.scored) - Number(a.scored)) || a.index - b.index)
    .map(({ document }) => document)
}
