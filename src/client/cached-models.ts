import type { CacheSelection } from '../model/cache/cached-models.js'
import type { CachedModel } from '../types.js'

/** What these need is fetched with the first call of one of them: a page that only reranks never does. */
const loadCache = () => import('../model/cache/web-cache.js')

/**
 * The models that this origin keeps on the reader's disk, transformers.js's among them, the largest first.
 *
 * @example
 * for (const { model, revision, bytes } of await listCachedModels()) console.log(model, revision, bytes)
 *
 * @throws ModelLoadError (`storage-blocked`) in private windows, sandboxed frames and insecure pages
 */
export async function listCachedModels(): Promise<CachedModel[]> {
  return (await loadCache()).listCachedModels()
}

/**
 * Delete a model from the reader's disk, unfinished downloads and what transformers.js stored of it included. Rerankers that
 * have it loaded go on.
 *
 * @param model as `listCachedModels` names it, or `info.model`
 * @returns bytes that became free; 0 where there was no such model
 * @throws ModelLoadError (`storage-blocked`)
 */
export async function deleteCachedModel(model: string, selection?: CacheSelection): Promise<number> {
  return (await loadCache()).deleteCachedModel(model, selection)
}
