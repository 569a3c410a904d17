import type { Mismatch, Reranker, RerankOptions } from '../types.js'
import type { Qrels, Query } from './beir.js'
import { bestNdcg10, type Metrics, mean, meanMetrics, measure, percentile } from './metrics.js'
import { rankCandidates, rankCorpus } from './ranking.js'
import type { RunQuery } from './trec.js'

/** One test collection, read and ready. */
export interface Dataset {
  name: string
  /** Documents in the corpus. */
  documents: number
  /** Judged documents that the corpus lacks: they count as not found. */
  missing: number
  queries: readonly Query[]
  qrels: Qrels
  /** Texts of all candidates; of all documents, where all are ranked. */
  texts: ReadonlyMap<string, string>
  /** First stage: query id to document ids, best first. A query may be missing: nothing was found for it. */
  candidates: ReadonlyMap<string, readonly string[]>
}

/** How one query fared. */
export interface QueryReport extends RunQuery {
  /** Documents that were ranked. */
  pairs: number
  /** Milliseconds that ranking them took. */
  ms: number
  base: Metrics
  reranked: Metrics
  /** The same logits without the first stage's order: `firstStageWeight` 0. */
  unweighted: Metrics
  /** nDCG@10 of the best possible order of those documents. */
  best: number
  /** Why the model does not fit this query or its candidates, where it does not. */
  mismatch?: Mismatch
}

/** Numbers of one test collection, or of several together. */
export interface Summary {
  documents: number
  queries: number
  pairs: number
  base: Metrics
  reranked: Metrics
  unweighted: Metrics
  /** nDCG@10 of the best possible order of what was ranked: no reranker can do better. */
  best: number
  /** Milliseconds per query. */
  latency: { p50: number; p95: number }
  pairsPerSecond: number
  /** Queries whose nDCG@10 rose, fell, stayed. */
  won: number
  lost: number
  tied: number
  /** Queries that the model does not fit, or whose candidates it does not. */
  mismatched: number
}

/** The numbers of one named test collection. */
export interface SetReport extends Summary {
  set: string
  /** Milliseconds that reading all documents ahead took, where they were. */
  readMs?: number
}

/** Two values of nDCG that differ by less are the same ranking quality, summed in another order. */
const SAME = 1e-9

interface EvaluateOptions
  extends Pick<RerankOptions<string>, 'maxLength' | 'longDocuments' | 'onMismatch' | 'firstStageWeight' | 'signal'> {
  /** Rank all documents for every query, in place of its candidates. */
  whole?: boolean
  onQuery?: (report: QueryReport) => void
}

/** Rerank the candidates of every query, or rank all documents. A query without candidates counts, with 0. */
export async function evaluate(
  { queries, qrels, texts, candidates }: Dataset,
  reranker: Reranker,
  { whole = false, firstStageWeight = reranker.info.firstStageWeight ?? 0, signal, onQuery, ...given }: EvaluateOptions,
): Promise<QueryReport[]> {
  const options = { ...given, firstStageWeight, signal }
  const ids = [...texts.keys()]
  const reports: QueryReport[] = []
  for (const { id, text: query } of queries) {
    signal?.throwIfAborted()
    const judgements = qrels.get(id) ?? new Map<string, number>()
    const base = candidates.get(id) ?? []
    const { ranking, unweighted, ms, mismatch } = await (whole
      ? rankCorpus(reranker, query, ids, base, texts, options)
      : rankCandidates(reranker, query, base, texts, options))
    const report: QueryReport = {
      id,
      ranking,
      pairs: whole ? ids.length : base.length,
      ms,
      base: measure(base, judgements),
      reranked: measure(
        ranking.map((document) => document.id),
        judgements,
      ),
      unweighted: measure(unweighted, judgements),
      best: bestNdcg10(whole ? [...judgements.keys()].filter((document) => texts.has(document)) : base, judgements),
      ...(mismatch && { mismatch }),
    }
    reports.push(report)
    onQuery?.(report)
  }
  return reports
}

/** What the queries of one test collection come to. */
export function summarize(documents: number, reports: readonly QueryReport[]): Summary {
  // A query without candidates cost nothing and says nothing about speed.
  const timed = reports.filter(({ pairs }) => pairs > 0).map(({ ms }) => ms)
  const pairs = reports.reduce((sum, report) => sum + report.pairs, 0)
  const changes = reports.map(({ base, reranked }) => reranked.ndcg10 - base.ndcg10)
  const won = changes.filter((change) => change > SAME).length
  const lost = changes.filter((change) => change < -SAME).length
  return {
    documents,
    queries: reports.length,
    pairs,
    base: meanMetrics(reports.map(({ base }) => base)),
    reranked: meanMetrics(reports.map(({ reranked }) => reranked)),
    unweighted: meanMetrics(reports.map(({ unweighted }) => unweighted)),
    best: mean(reports.map(({ best }) => best)),
    latency: { p50: percentile(timed, 0.5), p95: percentile(timed, 0.95) },
    pairsPerSecond: pairs / (timed.reduce((sum, ms) => sum + ms, 0) / 1000),
    won,
    lost,
    tied: reports.length - won - lost,
    mismatched: reports.filter(({ mismatch }) => mismatch).length,
  }
}

/**
 * Several test collections together: quality is the mean over collections (each counts the same, as in BEIR), speed is
 * that of all queries.
 *
 * @param summaries one a collection, in the order of `reports`
 */
export function summarizeAll(summaries: readonly Summary[], reports: readonly (readonly QueryReport[])[]): Summary {
  const documents = summaries.reduce((sum, summary) => sum + summary.documents, 0)
  return {
    ...summarize(documents, reports.flat()),
    base: meanMetrics(summaries.map(({ base }) => base)),
    reranked: meanMetrics(summaries.map(({ reranked }) => reranked)),
    unweighted: meanMetrics(summaries.map(({ unweighted }) => unweighted)),
    best: mean(summaries.map(({ best }) => best)),
  }
}
