/**
 * What crosses the worker boundary. A page hands a port to the worker for each reranker; calls go over it through comlink,
 * and so does everything that flows the other way while a call works (progress, what is scored so far, a changed device): one
 * port keeps them in order, so that nothing comes after the reply it belongs to.
 */
import type { PrepareIndexRequest, PrepareRequest, RerankRequest, ScoreRequest, Scores } from './core/engine.js'
import type { WireError } from './errors.js'
import type { ModelLocation } from './model/location.js'
import type { OrtFiles } from './runtime/ort-files.js'
import type { DeviceChoice, LocalRerankerInfo, ModelOptions, ProgressEvent, Runtime, ScoreProgress } from './types.js'

/** The page's only message to the worker itself: other messages of a worker that somebody shares with us are left alone. */
export interface ConnectMessage {
  'page-rerank': MessagePort
}

/** Options a worker needs to open a model: plain data, every address absolute. */
export interface EngineOptions extends Pick<ModelOptions, 'dtype' | 'modelFile' | 'cache' | 'localFilesOnly' | 'states'> {
  /** Of the page's side: a worker that was copied by hand may be of another one. */
  version: string
  device?: DeviceChoice
  threads?: number
  runtime?: 'auto' | Exclude<Runtime, 'ort-node'>
  location: ModelLocation
  ort: OrtFiles
  transformersUrl?: string
}

/**
 * A call's texts by reference: those that the worker has from earlier calls are named by their numbers alone. The page chooses the
 * numbers, and uses those of forgotten texts again.
 */
export interface TextReferences {
  /** One a document. */
  numbers: Uint32Array
  /** Texts that are new to the worker, and their numbers. */
  added: string[]
  addedNumbers: Uint32Array
  /** What this call was the last to name. */
  forgotten: Uint32Array
}

/** A request as data: functions and signals stay on the caller's side, which says whether it listens to reports. */
export type PlainRequest<T> = Omit<T, 'signal' | 'onProgress' | 'onScored'> & { reports: boolean }

/** The same, its texts by reference. */
export type ReferringRequest<T> = Omit<PlainRequest<T>, 'texts'> & { texts: TextReferences }

/** Errors travel as data: comlink would keep only their message. */
export type Reply<T> = { ok: true; value: T } | { ok: false; error: WireError }

/** One reranker in the worker. Every call has an id of the caller's, by which it can be cancelled; ids rise. */
export interface WorkerApi {
  open(options: EngineOptions): Promise<Reply<LocalRerankerInfo>>
  rerank(id: number, request: ReferringRequest<RerankRequest>): Promise<Reply<Scores>>
  computeScore(id: number, request: PlainRequest<ScoreRequest>): Promise<Reply<number[]>>
  prepare(id: number, request: ReferringRequest<PrepareRequest>): Promise<Reply<void>>
  prepareIndex(id: number, request: PlainRequest<PrepareIndexRequest>): Promise<Reply<void>>
  /** Stop a call; its reply is an `AbortError`. */
  cancel(id: number): Promise<void>
  /** Stop every call and a load under way, and release the model. Settles within `DISPOSE_GRACE_MS`. */
  dispose(): Promise<void>
  /** Hold a lock until it is released or the worker dies. Settles when it is held, with false where locks cannot be had. */
  holdLock(name: string): Promise<boolean>
  releaseLock(name: string): Promise<void>
  /** A sign of life. */
  ping(): Promise<void>
}

/** What the worker tells without being asked: one of these on the port, wrapped so that comlink leaves it alone. */
export interface EventMessage {
  event: WorkerEvent
}

export type WorkerEvent =
  | { type: 'load'; event: ProgressEvent }
  | { type: 'info'; info: LocalRerankerInfo }
  | { type: 'progress'; id: number; progress: ScoreProgress }
  | { type: 'scored'; id: number; scores: Scores }
