import { ownAssets } from './assets/own-assets.js'
import { createWith } from './client/create-reranker.js'
import { type CreateRerankerOptions, readCreateOptions } from './client/options.js'
import type { LocalReranker } from './types.js'

/**
 * Load a model and get a reranker that works beside the page, in a Web Worker.
 *
 * @example
 * const reranker = await createReranker()
 * const { results } = await reranker.rerank('how do I undo a commit', hits, { text: (hit) => hit.body, topN: 10 })
 *
 * @throws InvalidInputError (`invalid-option`); ModelLoadError; SessionError; WorkerError; AbortError; what `onProgress` threw
 */
export async function createReranker(options: CreateRerankerOptions = {}): Promise<LocalReranker> {
  return createWith(ownAssets, readCreateOptions(options))
}

export * from './page-exports.js'
export type { CreateRerankerOptions }
