import type { LongDocuments, Mismatch, OnMismatch, Pair, RerankerInfo, ScoreProgress, Truncation } from '../types.js'
import type { PassageRange } from './passages.js'

/** What the model has made of documents so far; all of it by one session, whose numbers are never mixed with another's. */
export interface Scores {
  /** One a document, `NaN` where it has none. */
  logits: Float64Array
  /** Documents that have their logit, or were found to be behind the `first` that are wanted. */
  scored: number
  /** The best passage of a scored document, where documents are read in passages. */
  passages?: readonly (PassageRange | undefined)[]
  /** Why the model does not fit the call, where it does not. */
  mismatch?: Mismatch
}

export interface RerankRequest {
  query: string
  texts: readonly string[]
  maxLength?: number
  longDocuments?: LongDocuments
  onMismatch?: OnMismatch
  /**
   * What parts of the answer are for, which puts first-stage order before speed: documents are scored roughly in it for updates,
   * and exactly in it for a deadline.
   */
  parts?: 'updates' | 'deadline'
  /** Where only the first of the order are wanted: how many, and what the first stage's order counts for in it. */
  first?: { topN: number; firstStageWeight: number }
  /** Called with what is scored so far, a hundred times a second at the most, and never with less than the time before. */
  onScored?: (scores: Scores) => void
  signal?: AbortSignal
}

export interface ScoreRequest {
  pairs: readonly Pair[]
  normalize?: boolean
  maxLength?: number
  queryMaxLength?: number
  truncation?: Truncation
  batchSize?: number
  onProgress?: (progress: ScoreProgress) => void
  signal?: AbortSignal
}

/** Documents to be read ahead, as `rerank` would read them. */
export interface PrepareRequest {
  texts: readonly string[]
  maxLength?: number
  longDocuments?: LongDocuments
  onProgress?: (progress: ScoreProgress) => void
  signal?: AbortSignal
}

/**
 * What stands behind a `Reranker`: takes plain strings and returns numbers, so that it can live in another thread.
 * `CrossEncoder` is the engine itself, `RerankerClient` the one that talks to a worker. Requests are already validated,
 * except for limits only the model knows.
 */
export interface Engine {
  readonly info: RerankerInfo
  /** The scores of documents; their order is the `Reranker`'s matter. */
  rerank(request: RerankRequest): Promise<Scores>
  computeScore(request: ScoreRequest): Promise<number[]>
  prepare(request: PrepareRequest): Promise<void>
  dispose(): Promise<void>
}
