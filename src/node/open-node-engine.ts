import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { pathToFileURL } from 'node:url'
import { ownAssets } from '../assets/own-assets.js'
import type { LocalEngine } from '../core/engine.js'
import { loading } from '../core/loading.js'
import { readAddress } from '../core/options.js'
import { InvalidInputError } from '../errors.js'
import { locateModel, type ModelLocation } from '../model/location.js'
import { packagedExport } from '../model/packages.js'
import { openEngine, type Platform } from '../runtime/open-engine.js'
import { CandidateError, type OpenSession } from '../runtime/open-session.js'
import { ortFilesIn } from '../runtime/ort-files.js'
import { openOrtWeb } from '../runtime/ort-web.js'
import { openTransformers } from '../runtime/transformers.js'
import { DiskStore } from './disk-store.js'
import { hubHost } from './hub-fetch.js'
import { installedModel } from './installed-model.js'
import { NodeFileReader } from './node-file-reader.js'
import type { CreateRerankerOptions } from './options.js'
import { openOrtNode } from './ort-node.js'

/**
 * An engine on this machine, in this process.
 *
 * @param options as they were checked
 * @throws InvalidInputError (`invalid-option`); ModelLoadError; SessionError; AbortError; what `onProgress` threw
 */
export async function openNodeEngine(options: CreateRerankerOptions): Promise<LocalEngine> {
  const { signal, device, dtype, modelFile, cache, localFilesOnly, states } = options
  signal?.throwIfAborted()
  const host = hubHost(options.host)
  const { cpus, openSession } = chooseRuntime(options)
  const location = await locate({ ...options, host })
  return loading(options, (hooks) =>
    openEngine(
      { location, dtype, modelFile, device, states, ...hooks },
      {
        reader: new NodeFileReader({ cache, localFilesOnly, host, token: process.env.HF_TOKEN }),
        cpus,
        openSession,
        readLimits: async () => ({ memory: totalmem() }),
        openStore: cache === false ? undefined : async () => new DiskStore(),
        inWorker: false,
      },
    ),
  )
}

/** A string that names a folder here is that folder, one that names a model's package that package; everything else is as in a page. */
async function locate(options: Parameters<typeof locateModel>[0]): Promise<ModelLocation> {
  const model = packagedExport(options.model) ? await installedModel(options.model as string) : options.model
  const here = pathToFileURL(`${process.cwd()}/`).href
  const isHere = typeof model === 'string' && isFolder(model)
  return locateModel({ ...options, model: isHere ? pathToFileURL(`${model}/`) : model }, here, ownAssets.model)
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // There is none, or this is no path at all.
    return false
  }
}

type RuntimeChoice = Pick<Platform, 'cpus' | 'openSession'>

/** @throws InvalidInputError where `runtime` does not run on `device` */
function chooseRuntime(options: CreateRerankerOptions): RuntimeChoice {
  const { runtime = 'auto', device = 'auto', threads = availableParallelism() } = options
  if (device === 'wasm' && (runtime === 'ort-node' || runtime === 'transformers')) {
    const message = `runtime ${runtime} does not run on device wasm in Node; leave one of the two out, or use runtime ort-web.`
    throw new InvalidInputError('invalid-option', message, { option: 'runtime' })
  }
  const onWasm = ortWeb(options)
  if (runtime === 'transformers') {
    return { cpus: ['cpu'], openSession: (request) => openTransformers(request, () => import('@huggingface/transformers')) }
  }
  if (runtime === 'ort-web' || device === 'wasm') return { cpus: ['wasm'], openSession: onWasm }
  if (runtime === 'ort-node') {
    return { cpus: ['cpu'], openSession: (request) => openOrtNode(request, threads).catch(orRefuse) }
  }
  // Threads were asked of onnxruntime-node; WASM has to come after it wherever it is missing.
  const afterwards = ortWeb({ ...options, threads: 1 })
  return {
    cpus: ['cpu', 'wasm'],
    openSession: (request) => (request.device === 'cpu' ? openOrtNode(request, threads) : afterwards(request)),
  }
}

/** Who asks for onnxruntime-node by name gets nothing else. */
function orRefuse(cause: unknown): never {
  if (!(cause instanceof CandidateError && cause.code === 'unavailable')) throw cause
  throw new InvalidInputError('invalid-option', `runtime ort-node cannot be had: ${cause.message}.`, { cause, option: 'runtime' })
}

function ortWeb({ threads = 1, wasmPaths }: CreateRerankerOptions): OpenSession {
  const files =
    wasmPaths === undefined
      ? ownAssets.ort()
      : ortFilesIn(readAddress('wasmPaths', wasmPaths, pathToFileURL(`${process.cwd()}/`).href).href)
  const readBinary = (address: string) => readFile(new URL(address))
  // Node has no cross-origin isolation to switch threads on; one is what works everywhere.
  return (request) => openOrtWeb(request, { files, threads, readBinary })
}
