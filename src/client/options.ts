import { modelOptionChecks } from '../core/model-options.js'
import { anAddress, isAddress, kind, numberFrom, type OptionChecks, oneOf, readOptions } from '../core/options.js'
import type { PickedFiles } from '../model/picked-files.js'
import { DEVICE_CHOICES, type DeviceChoice, type ModelOptions } from '../types.js'

const PAGE_RUNTIMES = ['auto', 'ort-web', 'transformers'] as const

/** Options of `createReranker` in a page. */
export interface CreateRerankerOptions extends Omit<ModelOptions, 'model'> {
  /**
   * As in Node (a registry name, a hub id, an address, files by their paths), and in a page the files as an
   * `<input type="file">` lists them, or a folder that the reader picked. @default 'page-rerank-small-en'
   */
  model?: ModelOptions['model'] | PickedFiles
  /**
   * Address of the package's folder, where a bundler does not copy its files (worker, runtime, model): of what
   * `npx page-rerank copy DIR` wrote, or of a CDN. @default beside the script, where bundlers put them
   */
  assetsPath?: string | URL
  /** `auto` takes WebGPU when it proves itself on the model's canaries, else WASM. @default 'auto' */
  device?: DeviceChoice
  /** CPU threads for WASM; more than 1 needs a cross-origin isolated page. @default up to 4, one core left to the page */
  threads?: number
  /** `transformers` runs the model through @huggingface/transformers, to cross-check. @default 'auto': `ort-web` */
  runtime?: (typeof PAGE_RUNTIMES)[number]
  /** Address of transformers.js, which `runtime: 'transformers'` needs. */
  transformersUrl?: string | URL
  /**
   * Where the model runs: the library's worker; a worker of yours that imports `page-rerank/worker`, as its address (of any
   * origin), a function that makes one (both are started again when they die, and terminated by `dispose()`), or the `Worker`
   * itself (which stays yours: it is never terminated, and several rerankers may share it); or `false` for this thread.
   */
  worker?: Worker | (() => Worker) | string | URL | false
}

const aWorker = kind(
  'a Worker, a function that makes one, the address of its script, or false',
  (value) => value === false || typeof value === 'function' || isAddress(value) || isWorker(value),
)

const checks: OptionChecks<CreateRerankerOptions> = {
  ...modelOptionChecks,
  assetsPath: anAddress,
  device: oneOf(DEVICE_CHOICES),
  threads: numberFrom({ min: 1, max: 64, integer: true }),
  runtime: oneOf(PAGE_RUNTIMES),
  transformersUrl: anAddress,
  worker: aWorker,
}

/**
 * @param devices what `device` may be
 * @throws InvalidInputError (`invalid-option`) naming the option and what it may be
 */
export function readCreateOptions(
  options: CreateRerankerOptions,
  devices: readonly DeviceChoice[] = DEVICE_CHOICES,
): CreateRerankerOptions {
  return readOptions('createReranker', options, { ...checks, device: oneOf(devices) })
}

/** Not by instanceof: a worker may come from another frame. */
export function isWorker(worker: unknown): worker is Worker {
  return typeof worker === 'object' && worker !== null && 'postMessage' in worker
}
