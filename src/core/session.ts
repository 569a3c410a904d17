/**
 * What a pipeline needs from whatever runs the model, and nothing of how it does it: no tensor types, no provider names.
 * onnxruntime-web, onnxruntime-node and transformers.js implement `Session`; another engine can.
 */

/** What the model reads in one row, unpadded: a (query, document) pair, or one text. All arrays have its length, in tokens. */
export interface EncodedInput {
  inputIds: Int32Array
  /** Segment of each token (0 query, 1 document, as the tokenizer's template says; 0 throughout in a single text). */
  tokenTypeIds: Int32Array
  /** Tokens behind so many of them look at others and are looked at by none. @default all are looked at */
  attended?: number
}

/** How inputs may be put together in one run. */
export interface BatchPolicy {
  /** Most inputs in a run. 1 where a kernel would let batchmates change each other's outputs (dynamic int8). */
  maxInputs: number
  /** Most tokens in a run, padding included; a single longer input still goes, alone. */
  maxTokens: number
  /**
   * `none`: only inputs of equal length share a run (cheapest on a CPU). `longest`: padded to the longest of the run. `apart`: any
   * inputs, which the session does not put together.
   */
  padding: 'none' | 'longest' | 'apart'
  /** Whether a run leaves the calling thread free, so that there is something to gain from working beside it. @default false */
  elsewhere?: boolean
}

/** A text's token embeddings, row by row. */
export interface TokenEmbeddings {
  tokens: number
  /** `tokens` × the model's dimensions. */
  data: Float32Array
}

/**
 * The model on one device: the same input gets the same output in every run. A cross-encoder's output is a logit, a
 * late-interaction model's the embeddings of a text's tokens.
 */
export interface Session<Output = number> {
  readonly policy: BatchPolicy
  /**
   * Run the model once. Never called twice at a time.
   *
   * @param inputs a batch that fits `policy`
   * @returns one output an input, in order
   */
  run(inputs: readonly EncodedInput[]): Promise<ArrayLike<Output>>
  /** Give back memory and device. */
  release(): Promise<void>
}

/** What a batch got, and from which session: the outputs of two are never mixed in one order, since their devices differ. */
export interface RunResult<Output = number> {
  outputs: readonly Output[]
  session: Session<Output>
}

/** What a pipeline runs the model with: one session at a time, and another one when its device fails. */
export interface ReplaceableSession<Output = number> {
  /** May change between runs, with the session. */
  readonly policy: BatchPolicy
  /** As `Session.run`; a batch that failed with its device is run on the next one. */
  run(inputs: readonly EncodedInput[]): Promise<RunResult<Output>>
  release(): Promise<void>
}
