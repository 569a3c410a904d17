import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DocumentReranker } from '../core/document-reranker.js'
import type { LocalReranker } from '../types.js'
import { openNodeEngine } from './open-node-engine.js'
import { type CreateRerankerOptions, readCreateOptions } from './options.js'

/**
 * The same reranker in Node: onnxruntime-node in worker threads where it is installed, else onnxruntime-web's WASM in this
 * thread. `HF_ENDPOINT` and `HF_TOKEN` are honoured.
 *
 * @example
 * import { createReranker } from 'page-rerank'
 * const reranker = await createReranker()
 *
 * @throws InvalidInputError (`invalid-option`); ModelLoadError; SessionError; AbortError; what `onProgress` threw
 */
export async function createReranker(given: CreateRerankerOptions = {}): Promise<LocalReranker> {
  return new DocumentReranker(await openNodeEngine(readCreateOptions(given)), addressOf)
}

/** A path is a file here; one letter and a colon are a drive. */
function addressOf(index: string | URL): string {
  return index instanceof URL || /^[a-z][a-z0-9+.-]+:/i.test(index) ? String(index) : pathToFileURL(resolve(index)).href
}

export * from '../shared-exports.js'
export { type BuildIndexOptions, type BuiltIndex, buildIndex } from './build-index.js'
export { deleteCachedModel, listCachedModels } from './disk-cache.js'
export type { CreateRerankerOptions } from './options.js'
export { type PulledModel, type PullOptions, pullModel } from './pull-model.js'
export {
  type CreateVectorizerOptions,
  createVectorizer,
  type DocumentPoint,
  type DocumentVectorsOptions,
  type QueryVectorsOptions,
  type Vectorizer,
} from './vectorizer.js'
