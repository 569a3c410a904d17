import { type Assets, assetsIn } from '../assets/assets.js'
import { DocumentReranker } from '../core/document-reranker.js'
import { loading } from '../core/loading.js'
import { readAddress } from '../core/options.js'
import { WorkerError } from '../errors.js'
import { locateModel } from '../model/location.js'
import { readPickedFiles } from '../model/picked-files.js'
import type { EngineOptions } from '../protocol.js'
import { ortFilesIn } from '../runtime/ort-files.js'
import type { LocalReranker } from '../types.js'
import { VERSION } from '../version.js'
import { type ClientOptions, RerankerClient } from './client.js'
import { type CreateRerankerOptions, isWorker } from './options.js'
import { byPackageName } from './packaged-model.js'
import { startWorker } from './start-worker.js'

/**
 * `createReranker` of the package's entries, which differ in the files that they carry.
 *
 * @param options as they were checked
 * @param ownAssets the entry's files
 */
export async function createWith(ownAssets: Assets, options: CreateRerankerOptions): Promise<LocalReranker> {
  const { worker } = options
  options.signal?.throwIfAborted()
  if (typeof Worker === 'undefined' && typeof document === 'undefined') {
    throw new WorkerError('worker-failed', "There are no Web Workers here. In Node, import createReranker from 'page-rerank/node'.")
  }
  const base = globalThis.document?.baseURI ?? globalThis.location?.href
  const folder = options.assetsPath === undefined ? undefined : readAddress('assetsPath', asFolder(options.assetsPath), base)
  const assets = folder ? assetsIn(folder) : ownAssets
  const model = await readPickedFiles(await byPackageName(options.model, folder))
  const engine: EngineOptions = {
    version: VERSION,
    location: locateModel({ ...options, model }, base, assets.model),
    ort: options.wasmPaths === undefined ? assets.ort() : ortFilesIn(readAddress('wasmPaths', options.wasmPaths, base).href),
    transformersUrl: options.transformersUrl === undefined ? undefined : readAddress('transformersUrl', options.transformersUrl, base).href,
    device: options.device,
    dtype: options.dtype,
    modelFile: options.modelFile,
    cache: options.cache,
    localFilesOnly: options.localFilesOnly,
    states: options.states && { ...options.states },
    threads: options.threads,
    runtime: options.runtime,
  }
  const openHere: ClientOptions['openHere'] = async (hooks) => {
    // Its own chunk: a page whose worker runs never loads it.
    const { openWebEngine } = await import('../worker/open-web-engine.js')
    return openWebEngine(engine, hooks)
  }
  const opened = await loading(options, (hooks) => {
    if (worker === false) return openHere({ ...hooks, onInfo: () => undefined })
    return RerankerClient.open({ engine, ...workerMaker(worker, base, assets), ownsWorker: !isWorker(worker), openHere, ...hooks })
  })
  return new DocumentReranker(opened, (index) => readAddress('index', index, base).href)
}

/** With a final slash, so that what is relative to it is inside. */
function asFolder(address: string | URL): string {
  return String(address).replace(/\/*$/, '/')
}

function workerMaker(
  worker: Exclude<CreateRerankerOptions['worker'], false>,
  base: string | undefined,
  assets: Assets,
): Pick<ClientOptions, 'makeWorker' | 'workerScript'> {
  if (typeof worker === 'function') return { makeWorker: worker }
  if (isWorker(worker)) return { makeWorker: () => worker }
  const url = worker === undefined ? assets.worker() : readAddress('worker', worker, base)
  return { makeWorker: () => startWorker(url), workerScript: url.href }
}
