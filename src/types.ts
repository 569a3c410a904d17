/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The public vocabulary: what goes in, what comes out, what is reported. Values that an option may have stand here as
 * arrays, for the checks and the command line; the types follow from them.
 * This file imports nothing, so every layer may import it, and it names nothing that only pages have.
 */

/** Where the model runs. `cpu` is onnxruntime-node's own provider and exists in Node only. */
export type Device = 'webgpu' | 'wasm' | 'cpu'

/** What the option `device` may ask a page for. */
export const DEVICE_CHOICES = ['auto', 'webgpu', 'wasm'] as const
export type DeviceChoice = (typeof DEVICE_CHOICES)[number]

export const DTYPES = ['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16'] as const
/**
 * Number format of the weights, named as in transformers.js. The file is `onnx/model{suffix}.onnx` with
 * suffix `''` (fp32), `_fp16`, `_quantized` (q8), `_int8`, `_uint8`, `_q4`, `_q4f16`.
 */
export type Dtype = (typeof DTYPES)[number]

/**
 * How a model ranks. A `cross-encoder` reads every document anew, together with each query. A `late-interaction` model (ColBERT)
 * reads each text once and compares the embeddings of their tokens: what was read of a document is kept for the next query.
 */
export type ModelKind = 'cross-encoder' | 'late-interaction'

export const RUNTIMES = ['ort-web', 'ort-node', 'transformers'] as const
/** Which engine executes the graph; `ort-node` exists in Node only. */
export type Runtime = (typeof RUNTIMES)[number]

export const TRUNCATIONS = ['only_second', 'longest_first'] as const
/**
 * How a pair longer than `maxLength` is cut. Special tokens and the final separator always stay.
 *
 * - `only_second`: FlagEmbedding's `FlagReranker`: the query is cut to `queryMaxLength`, then the document to what is left.
 * - `longest_first`: what Hugging Face tokenizers do for `truncation=True` on a pair.
 */
export type Truncation = (typeof TRUNCATIONS)[number]

export const LONG_DOCUMENTS = ['truncate', 'chunk'] as const
/**
 * What becomes of a document longer than the room the query leaves it.
 *
 * - `truncate`: its start is read, the rest is not.
 * - `chunk`: all of it is read, in overlapping passages that end at the ends of sentences where they can; the document
 *   has the logit of its best passage. Costs one run of the model a passage.
 */
export type LongDocuments = (typeof LONG_DOCUMENTS)[number]

export const ON_MISMATCH = ['keep-order', 'warn', 'ignore'] as const
/**
 * What happens when the model cannot read the query, or most of the documents.
 *
 * - `keep-order`: nothing is scored and the first-stage order stays; `minScore` leaves nothing out.
 * - `warn`: everything is scored all the same.
 * - `ignore`: nobody looks.
 *
 * With the first two `mismatch` of the response says why.
 */
export type OnMismatch = (typeof ON_MISMATCH)[number]

/** Why a model should not be trusted with a query and its documents. */
export interface Mismatch {
  part: 'query' | 'documents'
  /** Another script or another language than the model's only one, or tokens that are not in its vocabulary. */
  code: 'script' | 'language' | 'unknown-tokens'
  /** One sentence for a person. */
  reason: string
}

/** A (query, document) pair, as FlagReranker's `compute_score` takes it. */
export type Pair = readonly [query: string, document: string]

/** Progress while a model loads; the event shapes are those of transformers.js. */
export type ProgressEvent =
  | { status: 'initiate'; name: string; file: string }
  | { status: 'download'; name: string; file: string }
  | { status: 'progress'; name: string; file: string /** 0–100 */; progress: number; loaded: number; total: number }
  | {
      status: 'progress_total'
      name: string
      /** 0–100 over all files known so far. */
      progress: number
      /** Bytes that have arrived. */
      loaded: number
      /** Bytes in all. */
      total: number
      /** Bytes a second over the last five seconds; undefined until they can be told, and where nothing is fetched. */
      rate?: number
      /** Seconds until the rest has arrived at this rate. */
      secondsLeft?: number
      files: Record<string, { loaded: number; total: number }>
    }
  | { status: 'done'; name: string; file: string }
  /** Before the weights are fetched; not one of transformers.js's. */
  | ({ status: 'estimate'; name: string } & CostEstimate)
  | { status: 'ready'; task: 'text-ranking'; model: string; device: Device; dtype: Dtype }

/** What running a model will cost, guessed from its config.json before its weights are fetched. */
export interface CostEstimate {
  /** The device and dtype tried first. */
  device: Device
  dtype: Dtype
  /** Bytes of the weights, or the least they can be. */
  bytes?: number
  /** Tokens of the pair that is meant. */
  tokens: number
  /** Billions of floating-point operations that such a pair takes. */
  gflop: number
  /** Seconds for such a pair, on WASM: a rough guess, at 20 billion operations a second. */
  seconds?: number
}

/** How far one call is. */
export interface ScoreProgress {
  /** Documents or pairs that have their logit. */
  scored: number
  /** Documents or pairs in the call. */
  total: number
}

/** The part of a document that answers the query best. */
export interface Passage {
  /** Where it starts in the document's text, in UTF-16 code units: `text.slice(start, end)` is the passage. */
  start: number
  /** Where it ends, exclusive. */
  end: number
  text: string
}

/** A word of a document that answers a word of the query. */
export interface Match {
  /** Where it starts in the document's text, in UTF-16 code units: `text.slice(start, end)` is the word. */
  start: number
  /** Where it ends, exclusive. */
  end: number
  /** How strongly, in (0, 1]: how near the two words are in what they mean here, and how rare both are. */
  weight: number
  /** The word of the query that it answers best, by its place in the query. */
  query: { start: number; end: number }
}

/** Which stage of a cascade scored a document. */
export type Stage = 'first' | 'second'

/** Why a cascade's second stage did not score all of its documents. */
export interface Shortfall {
  /** The time was over, its model does not fit the call, or it threw an error. */
  code: 'budget' | 'mismatch' | 'failed'
  /** One sentence for a person. */
  reason: string
  /** Documents that it ordered all the same: the first ones of the first stage's order. */
  scored: number
  /** What it threw; `JSON.stringify` says little of it. */
  error?: unknown
}

interface Place<T> {
  /** Position of the document in the list that was passed in (0-based). */
  index: number
  /** The caller's own object, not a copy. */
  document: T
  /** Place in the reranked order, from 1. */
  rank: number
}

/** A document that the model read. */
export interface ScoredResult<T> extends Place<T> {
  scored: true
  /**
   * Sigmoid of the logit, in [0, 1]. What a value means is each model's own matter: the score of page-rerank's own models is calibrated
   * (on short passages of documentation, questions and answers) to read as the probability that the document answers the
   * query; that of another model is not, and with `info.activation` `identity` it only orders.
   */
  score: number
  /** What the model returned; the order is decided on it and `firstStageWeight`. */
  logit: number
  /** With `longDocuments: 'chunk'`, the passage the logit is of; a document that fits is one passage. */
  passage?: Passage
  /**
   * With `explain`, words of the document that answer words of the query, in the text's order; only what the model read is looked
   * at: with `longDocuments: 'chunk'` the passage, else the start of the text. A cross-encoder cannot tell, and leaves them out.
   */
  matches?: Match[]
  /** With `explain`, the sentence whose words answer most of the query, where any do. */
  sentence?: Passage
  /** Of a cascade alone: whose `score` and `logit` these are. Those of two stages cannot be compared. */
  stage?: Stage
}

/** A document that `budgetMs` or `onMismatch` left unscored: it stands in first-stage order below the scored ones. */
export interface UnscoredResult<T> extends Place<T> {
  scored: false
  // Never there; named so that `const { scored, score } = result` compiles.
  score?: undefined
  logit?: undefined
  passage?: undefined
  matches?: undefined
  sentence?: undefined
  stage?: undefined
}

/** One place in the reranked order; `scored` tells which kind. */
export type RerankResult<T> = ScoredResult<T> | UnscoredResult<T>

/** What `rerank` answers: the order, and the facts of the whole call. Survives `JSON.stringify`. */
export interface RerankResponse<T> {
  /** Best first; fewer than the documents with `topN` or `minScore`. */
  results: RerankResult<T>[]
  /**
   * There while an index is still arriving: every logit comes from the first bit of each number alone, and is off by a few tenths or
   * more. The same call is exact once `prepare` has resolved.
   */
  coarse?: true
  /** Why the model does not fit this call's query or documents, where it does not. */
  mismatch?: Mismatch
  /** Of a cascade alone, where its second stage did not score all of its documents: what is behind the others is in the first stage's order. */
  shortfall?: Shortfall
  /** Documents of the call without a logit, because of `budgetMs` or `mismatch`, whether `results` holds them or not. */
  unscored: number
}

export interface RerankOptions<T> {
  /** Keep this many results. @default all */
  topN?: number
  /** The text of a document. @default the document itself where it is a string, else its `text` property */
  text?: (document: T, index: number) => string
  /**
   * Leave out results whose `score` is under this, in [0, 1]; unscored documents too, unless `onMismatch` kept the order. A
   * threshold holds for the model it was found with (see `score`): find it on results of your own. @default none
   */
  minScore?: number
  /**
   * Tokens that are read, special tokens included, up to `info.maxPositions`: by a cross-encoder of query and document together, by a
   * late-interaction model of the document. @default `info.maxLength`
   */
  maxLength?: number
  /** What becomes of documents longer than `maxLength` leaves room for. @default 'truncate' */
  longDocuments?: LongDocuments
  /** What happens when the model cannot read the query, or most of the documents. @default 'keep-order' */
  onMismatch?: OnMismatch
  /**
   * What the order of `documents` counts for, in logits, 0 or more: the final order is by
   * `logit + firstStageWeight · (1 − place / count)`, with the document's place from 0 and the count of all documents.
   * `score` and `logit` stay the model's. @default the model's own (`info.firstStageWeight`)
   */
  firstStageWeight?: number
  /**
   * Have the results say why: `matches` and `sentence`. Only late-interaction models can (`info.kind`). It is worked out at the end
   * and for the results alone: orders of `onUpdate`, and one that `budgetMs` cut short, come without. @default false
   */
  explain?: boolean
  /**
   * Milliseconds for the whole call, from when it is made. Documents are scored in the order given; when the time is over, what
   * is scored is reordered and the rest stays below in its own order. @default no limit
   */
  budgetMs?: number
  /**
   * Called with provisional orders while the call works, a few times a second at the most. What it returns is not waited for; where
   * it throws, or returns a promise that rejects, the call ends with that error.
   */
  onUpdate?: (response: RerankResponse<T>, progress: ScoreProgress) => void
  /** Called as pairs are scored, a few times a second at the most. As `onUpdate`, it may end the call. */
  onProgress?: (progress: ScoreProgress) => void
  /**
   * A newer call supersedes the unfinished one with the same key, which gets an `AbortError`: name one for each search box.
   * @default none: calls run side by side
   */
  key?: string
  signal?: AbortSignal
}

export interface ScoreOptions {
  /** Return sigmoid(logit) instead of the logit, as FlagReranker's `normalize`. @default false */
  normalize?: boolean
  /**
   * Tokens that are read, special tokens included, up to `info.maxPositions`: by a cross-encoder of query and document together, by a
   * late-interaction model of the document. @default `info.maxLength`
   */
  maxLength?: number
  /** Tokens kept of the query (with a cross-encoder by `only_second` alone). @default ¾ of `maxLength`, as FlagReranker; of late interaction the model's own */
  queryMaxLength?: number
  /** @default 'only_second' */
  truncation?: Truncation
  /** Most pairs in one run of the model. Scores do not depend on it. @default what suits the device */
  batchSize?: number
  onProgress?: (progress: ScoreProgress) => void
  signal?: AbortSignal
}

export interface PrepareOptions<T> extends Pick<RerankOptions<T>, 'text' | 'maxLength' | 'longDocuments' | 'signal'> {
  /** Called as documents are read, a few times a second at the most. */
  onProgress?: (progress: ScoreProgress) => void
}

/** An index that was built with `page-rerank index` or `buildIndex`. */
export interface PreparedIndex {
  /** Its address; relative ones are the page's. In Node a path, too. */
  index: string | URL
}

export interface PrepareIndexOptions {
  /** Called as it arrives, with its documents' number and how many of them that would be; a few times a second at the most. */
  onProgress?: (progress: ScoreProgress) => void
  signal?: AbortSignal
}

/** A device or dtype that was not used, and why. */
export interface Fallback {
  /** What was given up: a device, or the worker itself. */
  device: Device | 'worker'
  dtype?: Dtype
  /** Machine-readable reason. */
  code:
    | 'unavailable'
    | 'no-adapter'
    | 'unsupported-dtype'
    | 'missing-file'
    | 'does-not-fit'
    | 'session-failed'
    | 'self-test-failed'
    | 'invalid-logits'
    | 'device-lost'
    | 'slower'
    | 'worker-failed'
  /** One sentence for a person. */
  reason: string
}

/** What the self-test on the model's canary pairs found. */
export interface SelfTest {
  /** `unchecked`: the model brings no canaries with known logits, so only NaN and equal scores were looked for. */
  result: 'passed' | 'unchecked'
  /** Canary pairs scored. */
  pairs: number
  /** Largest distance to PyTorch's logit; absent where unchecked. */
  maxError?: number
  /** Distance that counts as wrong for this dtype. */
  tolerance: number
}

/**
 * What a model's authors make of its logit: a probability by the sigmoid, or nothing (`identity`): a number that orders.
 * `score` is the sigmoid in either case; with `identity` that is nothing but a number from 0 to 1.
 */
export type Activation = 'sigmoid' | 'identity'

/** What is known of whatever answers. Nothing in it is guessed: a server tells next to nothing, a model that runs here all of it. */
export interface RerankerInfo extends Partial<LocalRerankerInfo> {
  /** The server that answers, where one does. */
  server?: {
    /** Where its requests go, without what follows a `?`. */
    url: string
    flavour: string
    /** `logits`: the model's own numbers. `scores`: from 0 to 1, out of which `logit` was worked out (the inverse of the sigmoid). */
    tells: 'logits' | 'scores'
  }
  /** Of a cascade alone: what its stages run. */
  stages?: Record<Stage, RerankerInfo>
}

/** What is really running, where it runs here. */
export interface LocalRerankerInfo {
  kind: ModelKind
  /** Registry name, hub id or address. */
  model: string
  revision: string
  device: Device
  dtype: Dtype
  runtime: Runtime
  /** CPU threads in use (1 on WebGPU). */
  threads: number
  /** True where the model runs in a worker. */
  worker: boolean
  /** The GPU's own description, when it runs on one. */
  adapter?: string
  /** Everything that was tried and given up, in order. */
  fallbacks: Fallback[]
  selfTest: SelfTest
  /** What a pair was expected to cost; left out where config.json says too little. */
  cost?: CostEstimate
  /** Milliseconds. */
  timings: { download: number; session: number; selfTest: number; total: number }
  /** Bytes of model files, by where they came from. */
  bytes: { network: number; cache: number; local: number }
  /** Tokens that are read by default, of a pair or of a late-interaction model's document: what the model was trained for, at most 512. */
  maxLength: number
  /** The most tokens that the model takes: what `maxLength` of a call may be. */
  maxPositions: number
  activation: Activation
  /** What the first stage's order counts for where a call does not say it, in logits; 0 for models that recommend nothing. */
  firstStageWeight: number
  /** Languages the model was trained on (BCP 47), empty if unknown. */
  languages: string[]
  /** Documents that a late-interaction model has read and keeps in memory, and what they take, in bytes. */
  kept?: {
    documents: number
    bytes: number
    maxBytes: number
    /** With `states.keep`: bytes of them on the device. */
    bytesOnDevice?: number
  }
  /** Pairs whose scores a cross-encoder keeps in memory, and what they take, in bytes. */
  keptScores?: { pairs: number; bytes: number; maxBytes: number }
}

/** The one interface: in the page's thread, through the worker, in Node, behind a server. */
export interface Reranker {
  /**
   * Reorder documents by how well they answer the query. Order is decided on raw logits and `firstStageWeight`; ties keep
   * their first-stage order.
   *
   * @throws InvalidInputError (`invalid-input`, `invalid-option`) before anything is scored; the error that `text`, `onUpdate` or
   *   `onProgress` threw, which ends the call;
   *   `AbortError` when aborted, superseded or ended by `dispose()` (then with a `DisposedError` as its cause), or the signal's
   *   own reason; `DisposedError` after `dispose()`; `SessionError`; `WorkerError` when the call's worker died, and the next one
   *   too, or no worker can be started for now; of a server's `RemoteError`.
   */
  rerank<T>(query: string, documents: readonly T[], options?: RerankOptions<T>): Promise<RerankResponse<T>>
  /**
   * FlagReranker's `compute_score`: one number a pair, in input order.
   *
   * @throws as `rerank`
   */
  computeScore(pairs: readonly Pair[] | Pair, options?: ScoreOptions): Promise<number[]>
  /**
   * Have a late-interaction model read documents ahead, between other calls and never in front of one: `rerank` then finds them
   * read. Nothing is read twice. A cross-encoder has nothing to prepare, and the promise resolves at once.
   *
   * @throws as `rerank`
   */
  prepare<T>(documents: readonly T[], options?: PrepareOptions<T>): Promise<void>
  /**
   * Load documents that a late-interaction model has read before, at build time. They are found by their texts, which have to be the
   * same to the letter. Once the first part of the index is there, `rerank` uses it (`coarse`); when the promise resolves, all of it.
   * Where it cannot be used nothing is lost: `rerank` reads the documents.
   *
   * @throws IndexError (`index-not-found`, `index-invalid`, `index-mismatch`, `does-not-fit`); ModelLoadError where it cannot be
   *   fetched; and as `rerank`
   */
  prepare(index: PreparedIndex, options?: PrepareIndexOptions): Promise<void>
  readonly info: RerankerInfo
  /**
   * Release the model, the device and the worker. Calls in flight end at once, with an `AbortError`; nothing that hangs is waited
   * for longer than a second. Calling it again does nothing.
   */
  dispose(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A reranker whose model runs here, so that everything is known of it: what `createReranker` makes. */
export interface LocalReranker extends Reranker {
  readonly info: LocalRerankerInfo
}

/** A model on this machine's disk. */
export interface CachedModel {
  /** Hub id, name of a bundled model, or the folder's address; what the model has read, and indexes, have the same. */
  model: string
  /** The hub or mirror it came from, without `https://`; undefined for models that come from elsewhere. */
  host?: string
  /** The commit that its files are of, or the branch where its host tells no commits; undefined for models that are not the hub's. */
  revision?: string
  /** Branches and tags by which that commit was asked for. */
  askedFor?: string[]
  /** Bytes of its complete files. */
  bytes: number
  /** Bytes of interrupted downloads, which the next attempt goes on from. */
  partialBytes: number
  /** Its complete files. */
  files: { file: string; bytes: number }[]
}

/** Model files already in hand, or their addresses, by their path in the hub layout (`config.json`, `onnx/model_quantized.onnx`, …). */
export type ModelFiles = Record<string, Blob | ArrayBuffer | Uint8Array | URL>

/**
 * What a model keeps, so that it reads nothing twice: a late-interaction model what it read of documents, a cross-encoder the scores of
 * pairs. They are of one session, and go when it is replaced.
 */
export interface StateOptions {
  /**
   * Bytes of memory that it may take: a document of 55 tokens takes some 7,000, the score of a pair 240. What was not used for the
   * longest time goes first, and is read again when it is needed. 0 keeps nothing. @default 134217728 (128 MiB), of scores 16777216
   */
  maxBytes?: number
  /**
   * Keep what a late-interaction model read on the device, too, so that the next visit need not read: beside the model's files in the
   * cache, listed and deleted with them, and as many bytes at the most. It is not the texts, but something of these can be told from
   * it. A device that is full or blocked loses speed, never an answer. With `cache: false` nothing is kept. Scores are kept in
   * memory alone. @default false
   */
  keep?: boolean
}

/** Which model, and how it is loaded: what `createReranker` takes in a page and in Node alike. */
export interface ModelOptions {
  /**
   * The bundled model (`page-rerank-small-en`), what the package of another exports (`page-rerank-tiny-en` where kilobytes count,
   * `page-rerank-small-zh` for Chinese), the name of a known one (`bge-reranker-v2-m3`; docs/models.md lists them), a hub id
   * (`owner/name`), an address of a folder in the hub's layout (a `URL`, or a string that starts with a scheme, `/` or `.`), in Node a
   * folder's path, or the files themselves by their paths. @default 'page-rerank-small-en'
   */
  model?: string | URL | ModelFiles
  /**
   * Path of the ONNX file in the model's layout, where it has none of the usual names: `onnx/model_quint8_avx2.onnx`. Its
   * dtype is told by its name unless `dtype` says it. @default by `dtype`: `onnx/model{suffix}.onnx`
   */
  modelFile?: string
  /** @default 'auto': what the model recommends for the device */
  dtype?: 'auto' | Dtype
  /** Branch, tag or commit on the hub. @default 'main' */
  revision?: string
  /** Address of the hub or a mirror. @default 'https://huggingface.co' (Node: `HF_ENDPOINT` first) */
  host?: string
  /** Keep model files in the Cache API (Node: on disk), under transformers.js's own keys. @default true */
  cache?: boolean
  /** Never touch the network. @default false */
  localFilesOnly?: boolean
  /**
   * Folder that holds ONNX Runtime's files by the names that onnxruntime-web gives them; for a copy of this package's, a page has
   * `assetsPath`. @default beside the package's script
   */
  wasmPaths?: string | URL
  /** What the model keeps of what it has read. */
  states?: StateOptions
  /** Loading progress; loading ends with what it throws. @see ProgressEvent */
  onProgress?: (event: ProgressEvent) => void
  /** Stops loading, at whatever point it is; the promise rejects with `AbortError`, or the signal's own reason. */
  signal?: AbortSignal
}
