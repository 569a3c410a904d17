import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { pathToFileURL } from 'node:url'
import { bundledModelUrls, ortFiles } from '../assets.js'
import { DocumentReranker } from '../core/document-reranker.js'
import { InvalidInputError } from '../errors.js'
import { locateModel, type ModelLocation } from '../model/location.js'
import { openEngine, type Platform } from '../runtime/open-engine.js'
import { ortFilesIn } from '../runtime/ort-files.js'
import { type OrtNode, openOrtNode } from '../runtime/ort-node.js'
import { openOrtWeb } from '../runtime/ort-web.js'
import { openTransformers } from '../runtime/transformers.js'
import type { Fallback, Reranker } from '../types.js'
import { hubHost } from './hub-fetch.js'
import { NodeFileReader } from './node-file-reader.js'
import { type CreateRerankerOptions, checkCreateOptions } from './options.js'

/**
 * The same reranker in Node: onnxruntime-node where it is installed, else onnxruntime-web's WASM. `HF_ENDPOINT` and
 * `HF_TOKEN` are honoured. It runs in this thread (onnxruntime-node computes in threads of its own).
 *
 * @example
 * import { createReranker } from 'page-rerank'
 * const reranker = await createReranker()
 *
 * @throws InvalidInputError (`invalid-option`); ModelLoadError; SessionError; AbortError
 */
export async function createReranker(options: CreateRerankerOptions = {}): Promise<Reranker> {
  checkCreateOptions(options)
  const { onProgress, signal, device, dtype, modelFile, cache, localFilesOnly } = options
  signal?.throwIfAborted()
  const host = hubHost(options.host)
  const { cpu, openSession, fallbacks } = await chooseRuntime(options)
  const engine = await openEngine(
    { location: locate({ ...options, host }), dtype, modelFile, device, onProgress, signal },
    {
      reader: new NodeFileReader({ cache, localFilesOnly, host, token: process.env.HF_TOKEN }),
      cpu,
      openSession,
      fallbacks,
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

type RuntimeChoice = Pick<Platform, 'cpu' | 'openSession' | 'fallbacks'>

/** @throws InvalidInputError where `runtime` cannot be had, or not on `device` */
async function chooseRuntime(options: CreateRerankerOptions): Promise<RuntimeChoice> {
  const { runtime = 'auto', device = 'auto', threads = availableParallelism() } = options
  if (device === 'wasm' && (runtime === 'ort-node' || runtime === 'transformers')) {
    const message = `runtime ${runtime} does not run on device wasm in Node; leave one of the two out, or use runtime ort-web.`
    throw new InvalidInputError('invalid-option', message, { option: 'runtime' })
  }
  if (runtime === 'transformers') {
    return { cpu: 'cpu', openSession: (request) => openTransformers(request, () => import('@huggingface/transformers')) }
  }
  if (runtime === 'ort-web' || device === 'wasm') return ortWeb(options)
  try {
    const ort = await importOrtNode()
    return { cpu: 'cpu', openSession: (request) => openOrtNode(request, ort, threads) }
  } catch (cause) {
    if (runtime === 'auto') return { ...ortWeb(options), fallbacks: [withoutOrtNode(cause)] }
    const message = 'runtime ort-node needs the package onnxruntime-node: npm install onnxruntime-node'
    throw new InvalidInputError('invalid-option', message, { cause, option: 'runtime' })
  }
}

function ortWeb({ threads = 1, wasmPaths }: CreateRerankerOptions): RuntimeChoice {
  const files = wasmPaths === undefined ? ortFiles() : ortFilesIn(new URL(wasmPaths, pathToFileURL(`${process.cwd()}/`)).href)
  const readBinary = (address: string) => readFile(new URL(address))
  // Node has no cross-origin isolation to switch threads on; one is what works everywhere.
  return { cpu: 'wasm', openSession: (request) => openOrtWeb(request, { files, threads, readBinary }) }
}

async function importOrtNode(): Promise<OrtNode> {
  const module = (await import('onnxruntime-node')) as unknown as OrtNode & { default?: OrtNode }
  return module.default ?? module
}

/** WASM does the work, and several times as slowly. */
function withoutOrtNode(cause: unknown): Fallback {
  const { code, message } = cause as NodeJS.ErrnoException
  const why = code === 'ERR_MODULE_NOT_FOUND' ? 'is not installed' : `could not be loaded (${message})`
  return {
    device: 'cpu',
    code: 'unavailable',
    reason: `onnxruntime-node ${why}, which is faster than WASM here: npm install onnxruntime-node`,
  }
}

export * from '../shared-exports.js'
export { deleteCachedModel, listCachedModels } from './disk-cache.js'
export type { CreateRerankerOptions } from './options.js'
export { type PulledModel, type PullOptions, pullModel } from './pull-model.js'
