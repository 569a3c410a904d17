import { wasm, worker } from './assets/library.js'
import { model } from './assets/model.js'
import { createWith } from './client/create-reranker.js'
import { type CreateRerankerOptions as AllOptions, readCreateOptions } from './client/options.js'
import type { LocalReranker } from './types.js'

export interface CreateRerankerOptions extends Omit<AllOptions, 'device'> {
  /** Both are WASM here. @default 'auto' */
  device?: 'auto' | 'wasm'
}

/**
 * `createReranker` of `page-rerank` for sites that want WASM alone: a bundler copies nothing that only WebGPU needs, so that a build
 * with the default model is less than 40 MB on disk.
 *
 * @example
 * import { createReranker } from 'page-rerank/no-webgpu'
 * const reranker = await createReranker()
 *
 * @throws as `createReranker` of `page-rerank`
 */
export async function createReranker(options: CreateRerankerOptions = {}): Promise<LocalReranker> {
  return createWith({ worker, ort: () => ({ wasm: wasm() }), model }, { ...readCreateOptions(options, ['auto', 'wasm']), device: 'wasm' })
}

export * from './page-exports.js'
