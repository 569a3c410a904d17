/**
 * What the pipeline needs from whatever runs the model, and nothing of how it does it: no tensor types, no provider names.
 * onnxruntime-web, onnxruntime-node and transformers.js implement `Session`; another engine can.
 */

/** One (query, document) pair as the model reads it, unpadded. All arrays have the pair's length, in tokens. */
export interface EncodedPair {
  inputIds: Int32Array
  /** Segment of each token (0 query, 1 document, as the tokenizer's template says). */
  tokenTypeIds: Int32Array
}

/** How pairs may be put together in one run. */
export interface BatchPolicy {
  /** Most pairs in a run. 1 where a kernel would let batchmates change each other's scores (dynamic int8). */
  maxPairs: number
  /** Most tokens in a run, padding included; a single longer pair still goes, alone. */
  maxTokens: number
  /** `none`: only pairs of equal length share a run (cheapest on a CPU). `longest`: padded to the longest of the run. */
  padding: 'none' | 'longest'
}

/** The model on one device: the same pair gets the same logit in every run. */
export interface Session {
  readonly policy: BatchPolicy
  /**
   * Run the model once. Never called twice at a time.
   *
   * @param pairs a batch that fits `policy`
   * @returns one logit a pair, in order
   */
  run(pairs: readonly EncodedPair[]): Promise<Float32Array>
  /** Give back memory and device. */
  release(): Promise<void>
}

/** What a batch got, and from which session: the logits of two are never mixed in one order, since their devices differ. */
export interface Scored {
  logits: Float32Array
  session: Session
}

/** What the pipeline scores with: one session at a time, and another one when its device fails. */
export interface Scorer {
  /** May change between runs, with the session. */
  readonly policy: BatchPolicy
  /** As `Session.run`; a batch that failed with its device is run on the next one. */
  run(pairs: readonly EncodedPair[]): Promise<Scored>
  release(): Promise<void>
}
