import type { LongDocuments, OnMismatch, Pair, RerankerInfo, ScoreProgress, Truncation } from '../types.js'
import type { Ranking } from './ordering.js'

/** Where a call reports to while it works. */
export interface CallHooks {
  signal?: AbortSignal
  onProgress?: (progress: ScoreProgress) => void
}

export interface RerankRequest extends CallHooks {
  query: string
  texts: readonly string[]
  topN?: number
  minScore?: number
  maxLength?: number
  longDocuments?: LongDocuments
  onMismatch?: OnMismatch
  firstStageWeight?: number
  budgetMs?: number
  onUpdate?: (ranking: Ranking, progress: ScoreProgress) => void
}

export interface ScoreRequest extends CallHooks {
  pairs: readonly Pair[]
  normalize?: boolean
  maxLength?: number
  queryMaxLength?: number
  truncation?: Truncation
  batchSize?: number
}

/**
 * What stands behind a `Reranker`: works on plain strings and returns places, so that it can live in another thread.
 * `CrossEncoder` is the engine itself, `RerankerClient` the one that talks to a worker. Requests are already validated,
 * except for limits only the model knows.
 */
export interface Engine {
  readonly info: RerankerInfo
  rerank(request: RerankRequest): Promise<Ranking>
  computeScore(request: ScoreRequest): Promise<number[]>
  dispose(): Promise<void>
}
