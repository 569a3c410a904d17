import { type CacheSelection, groupByModel, removeModel } from '../model/cache/cached-models.js'
import type { CachedModel } from '../types.js'
import { DiskStore } from './disk-store.js'

/**
 * The models in the cache on this machine's disk, the largest first.
 *
 * @example
 * for (const { model, revision, bytes } of await listCachedModels()) console.log(model, revision, bytes)
 */
export async function listCachedModels(): Promise<CachedModel[]> {
  return groupByModel(await new DiskStore().contents())
}

/**
 * Delete a model from the cache, unfinished downloads included. Rerankers that have it loaded go on.
 *
 * @param model as `listCachedModels` names it, or `info.model`
 * @returns bytes that became free; 0 where there was no such model
 */
export async function deleteCachedModel(model: string, selection?: CacheSelection): Promise<number> {
  return removeModel(await new DiskStore().contents(), model, selection)
}
