import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { pathToFileURL } from 'node:url'
import { bundledModelUrls, ortFiles } from '../assets.js'
import { checkCreateOptions } from '../core/create-options.js'
import { DocumentReranker } from '../core/document-reranker.js'
import { InvalidInputError } from '../errors.js'
import { locateModel, type ModelLocation } from '../model/location.js'
import { readPickedFiles } from '../model/picked-files.js'
import { openEngine } from '../runtime/open-engine.js'
import type { OpenSession } from '../runtime/open-session.js'
import { ortFilesIn } from '../runtime/ort-files.js'
import { type OrtNode, openOrtNode } from '../runtime/ort-node.js'
import { openOrtWeb } from '../runtime/ort-web.js'
import { openTransformers } from '../runtime/transformers.js'
import type { CreateRerankerOptions, Reranker, Runtime } from '../types.js'
import { hubHost } from './hub-fetch.js'
import { NodeFileReader } from './node-file-reader.js'

/**
 * The same reranker in Node: onnxruntime-node where it is installed, else onnxruntime-web's WASM. `HF_ENDPOINT` and
 * `HF_TOKEN` are honoured. It runs in this thread (onnxruntime-node computes in threads of its own).
 *
 * @example
 * import { createReranker } from 'page-rerank/node'
 * const reranker = await createReranker()
 *
 * @throws InvalidInputError (`invalid-option`); ModelLoadError; SessionError; AbortError
 */
export async function createReranker(options: CreateRerankerOptions = {}): Promise<Reranker> {
  checkCreateOptions(options)
  const { onProgress, signal, device, dtype, modelFile, cache, localFilesOnly } = options
  signal?.throwIfAborted()
  if (device === 'webgpu')
    throw new InvalidInputError('invalid-option', 'device webgpu is not available in Node; use auto or wasm.', { option: 'device' })
  const host = hubHost(options.host)
  const { runtime, openSession } = await chooseRuntime(options)
  const engine = await openEngine(
    { location: locate({ ...options, host, model: await readPickedFiles(options.model) }), dtype, modelFile, device, onProgress, signal },
    {
      reader: new NodeFileReader({ cache, localFilesOnly, host, token: process.env.HF_TOKEN }),
      cpu: runtime === 'ort-web' ? 'wasm' : 'cpu',
      openSession,
      readLimits: async () => ({ memory: totalmem() }),
      inWorker: false,
    },
  )
  return new DocumentReranker(engine)
}

/** A string that names a folder here is that folder; everything else is as in a page. */
function locate(options: Parameters<typeof locateModel>[0]): ModelLocation {
  const { model } = options
  const here = pathToFileURL(`${process.cwd()}/`).href
  const isFolder = typeof model === 'string' && statSync(model, { throwIfNoEntry: false })?.isDirectory()
  return locateModel({ ...options, model: isFolder ? pathToFileURL(`${model}/`) : model }, here, bundledModelUrls())
}

async function chooseRuntime({
  runtime = 'auto',
  device,
  threads,
  wasmPaths,
}: CreateRerankerOptions): Promise<{ runtime: Runtime; openSession: OpenSession }> {
  const count = threads ?? availableParallelism()
  if (runtime === 'transformers') {
    return { runtime, openSession: (request) => openTransformers(request, () => import('@huggingface/transformers')) }
  }
  const ortNode = runtime === 'ort-web' || device === 'wasm' ? undefined : await importOrtNode(runtime === 'ort-node')
  if (ortNode) return { runtime: 'ort-node', openSession: (request) => openOrtNode(request, ortNode, count) }
  const files = wasmPaths === undefined ? ortFiles() : ortFilesIn(new URL(wasmPaths, pathToFileURL(`${process.cwd()}/`)).href)
  // Node has no cross-origin isolation to switch threads on; one is what works everywhere.
  return {
    runtime: 'ort-web',
    openSession: (request) => openOrtWeb(request, { files, threads: threads ?? 1, readBinary: (address) => readFile(new URL(address)) }),
  }
}

async function importOrtNode(required: boolean): Promise<OrtNode | undefined> {
  try {
    const module = (await import('onnxruntime-node')) as unknown as OrtNode & { default?: OrtNode }
    return module.default ?? module
  } catch (cause) {
    if (!required) return undefined
    throw new InvalidInputError('invalid-option', 'runtime ort-node needs the package onnxruntime-node: npm install onnxruntime-node', {
      cause,
      option: 'runtime',
    })
  }
}

export * from '../public-names.js'
export { deleteCachedModel, listCachedModels } from './disk-cache.js'
export { type PulledModel, type PullOptions, pullModel } from './pull-model.js'
