import { bundledModelUrls, ortFiles, workerUrl } from '../assets.js'
import { DocumentReranker } from '../core/document-reranker.js'
import { WorkerError } from '../errors.js'
import { locateModel } from '../model/location.js'
import { readPickedFiles } from '../model/picked-files.js'
import type { EngineOptions } from '../protocol.js'
import { ortFilesIn } from '../runtime/ort-files.js'
import type { Reranker } from '../types.js'
import { type ClientOptions, RerankerClient } from './client.js'
import { type CreateRerankerOptions, checkCreateOptions } from './options.js'
import { startWorker } from './start-worker.js'

/**
 * Load a cross-encoder and get a reranker that works beside the page, in a Web Worker.
 *
 * @example
 * const reranker = await createReranker()
 * const { results } = await reranker.rerank('how do I undo a commit', hits, { text: (hit) => hit.body, topN: 10 })
 *
 * @throws InvalidInputError (`invalid-option`); ModelLoadError; SessionError; WorkerError; AbortError
 */
export async function createReranker(options: CreateRerankerOptions = {}): Promise<Reranker> {
  checkCreateOptions(options)
  const { worker, onProgress, signal } = options
  signal?.throwIfAborted()
  if (typeof Worker === 'undefined' && typeof document === 'undefined') {
    throw new WorkerError('worker-failed', "There are no Web Workers here. In Node, import createReranker from 'page-rerank/node'.")
  }
  const base = globalThis.document?.baseURI ?? globalThis.location?.href
  const engine: EngineOptions = {
    location: locateModel({ ...options, model: await readPickedFiles(options.model) }, base, bundledModelUrls()),
    ort: options.wasmPaths === undefined ? ortFiles() : ortFilesIn(new URL(options.wasmPaths, base).href),
    transformersUrl: options.transformersUrl === undefined ? undefined : new URL(options.transformersUrl, base).href,
    device: options.device,
    dtype: options.dtype,
    modelFile: options.modelFile,
    cache: options.cache,
    localFilesOnly: options.localFilesOnly,
    threads: options.threads,
    runtime: options.runtime,
  }
  const openHere: ClientOptions['openHere'] = async (hooks) => {
    // Its own chunk: a page whose worker runs never loads it.
    const { openWebEngine } = await import('../worker/open-web-engine.js')
    return openWebEngine(engine, hooks)
  }
  if (worker === false) return new DocumentReranker(await openHere({ onProgress, signal, onInfo: () => undefined }))
  const makeWorker = workerMaker(worker, base)
  return new DocumentReranker(
    await RerankerClient.open({ engine, makeWorker, ownsWorker: !isWorker(worker), openHere, onProgress, signal }),
  )
}

function workerMaker(worker: Exclude<CreateRerankerOptions['worker'], false>, base: string | undefined): () => Worker {
  if (typeof worker === 'function') return worker
  if (isWorker(worker)) return () => worker
  const url = worker === undefined ? workerUrl() : new URL(worker, base)
  return () => startWorker(url)
}

function isWorker(worker: CreateRerankerOptions['worker']): worker is Worker {
  return typeof worker === 'object' && 'postMessage' in worker
}
