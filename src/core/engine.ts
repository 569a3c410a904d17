import type {
  LocalRerankerInfo,
  LongDocuments,
  Match,
  Mismatch,
  OnMismatch,
  Pair,
  RerankerInfo,
  ScoreProgress,
  Truncation,
} from '../types.js'
import type { OrderOptions } from './ordering.js'
import type { TextRange } from './segments.js'

/** What the model has made of documents so far; all of it by one session, whose numbers are never mixed with another's. */
export interface Scores {
  /** One a document, `NaN` where it has none. */
  logits: Float64Array
  /** Documents that have their logit, or were found to be behind the `first` that are wanted. */
  scored: number
  /** Where documents are read in passages: start and end of the best one, two numbers a document, 0 where it is not scored. */
  passages?: Uint32Array
  /** Where they were asked for and the model has any: of the documents that the order keeps, by their places. */
  explanations?: ReadonlyMap<number, Explanation>
  /** Logits come from the first bit of the codes alone. */
  coarse?: true
  /** Why the model does not fit the call, where it does not. */
  mismatch?: Mismatch
}

/** Why a document has its logit. */
export interface Explanation {
  /** In the text's order. */
  matches: Match[]
  sentence?: TextRange
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
  /** Explain the documents that this order keeps, at the end; what is told on the way comes without. */
  explain?: OrderOptions
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

/** A built index to be loaded. */
export interface PrepareIndexRequest {
  /** Its absolute address. */
  index: string
  onProgress?: (progress: ScoreProgress) => void
  signal?: AbortSignal
}

/**
 * What stands behind a `Reranker`: takes plain strings and returns numbers, so that it can live in another thread.
 * `CrossEncoder` is the engine itself, `RerankerClient` the one that talks to a worker, `RemoteEngine` the one that talks to a server. Requests are already validated,
 * except for limits only the model knows.
 */
export interface Engine<Info extends RerankerInfo = RerankerInfo> {
  readonly info: Info
  /** The scores of documents; their order is the `Reranker`'s matter. */
  rerank(request: RerankRequest): Promise<Scores>
  computeScore(request: ScoreRequest): Promise<number[]>
  prepare(request: PrepareRequest): Promise<void>
  prepareIndex(request: PrepareIndexRequest): Promise<void>
  dispose(): Promise<void>
}

/** An engine of a model that runs here. */
export type LocalEngine = Engine<LocalRerankerInfo>
