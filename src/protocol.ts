/**
 * What crosses the worker boundary. Calls go through comlink; everything that flows the other way while a call works
 * (progress, provisional orders, a changed device) goes through a port of its own: in order, and without proxies that
 * somebody has to release.
 */
import type { RerankRequest, ScoreRequest } from './core/engine.js'
import type { Ranking } from './core/ordering.js'
import type { WireError } from './errors.js'
import type { ModelLocation } from './model/location.js'
import type { OrtFiles } from './runtime/ort-files.js'
import type { CreateRerankerOptions, ProgressEvent, RerankerInfo, ScoreProgress } from './types.js'

/** Options a worker needs to open a model: plain data, every address absolute. */
export interface EngineOptions
  extends Pick<CreateRerankerOptions, 'device' | 'dtype' | 'modelFile' | 'cache' | 'localFilesOnly' | 'threads' | 'runtime'> {
  location: ModelLocation
  ort: OrtFiles
  transformersUrl?: string
}

/** A request as data: functions and signals stay on the caller's side, which says what it listens to. */
export type PlainRequest<T> = Omit<T, 'signal' | 'onProgress' | 'onUpdate'> & { wants: { progress: boolean; updates: boolean } }

/** Errors travel as data: comlink would keep only their message. */
export type Reply<T> = { ok: true; value: T } | { ok: false; error: WireError }

/** Every call has an id of the caller's, by which it can be cancelled. */
export interface WorkerApi {
  /** First call: where events go, and a lock the worker holds while it lives. Settles when it is held. */
  connect(lockName: string, events: MessagePort): Promise<void>
  open(id: number, options: EngineOptions): Promise<Reply<RerankerInfo>>
  rerank(id: number, request: PlainRequest<RerankRequest>): Promise<Reply<Ranking>>
  computeScore(id: number, request: PlainRequest<ScoreRequest>): Promise<Reply<number[]>>
  /** Stop a call; its reply is an `AbortError`. */
  cancel(id: number): Promise<void>
  dispose(id: number): Promise<Reply<null>>
}

export type WorkerEvent =
  | { type: 'load'; event: ProgressEvent }
  | { type: 'info'; info: RerankerInfo }
  | { type: 'progress'; id: number; progress: ScoreProgress }
  | { type: 'update'; id: number; ranking: Ranking; progress: ScoreProgress }
