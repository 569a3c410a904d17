import type { CachedModel } from '../../types.js'
import { type CacheContents, type CacheSelection, groupByModel, removeModel } from './cached-models.js'
import { storageBlocked } from './storage.js'
import { WebStore } from './web-store.js'

/**
 * The models that this origin keeps on the reader's disk, transformers.js's among them, the largest first.
 *
 * @example
 * for (const { model, revision, bytes } of await listCachedModels()) console.log(model, revision, bytes)
 *
 * @throws ModelLoadError (`storage-blocked`) in private windows, sandboxed frames and insecure pages
 */
export async function listCachedModels(): Promise<CachedModel[]> {
  return groupByModel(await contents())
}

/**
 * Delete a model from the reader's disk, unfinished downloads and what transformers.js stored of it included. Rerankers that
 * have it loaded go on.
 *
 * @param model as `listCachedModels` names it
 * @returns bytes that became free; 0 where there was no such model
 * @throws ModelLoadError (`storage-blocked`)
 */
export async function deleteCachedModel(model: string, selection?: CacheSelection): Promise<number> {
  return removeModel(await contents(), model, selection)
}

async function contents(): Promise<CacheContents> {
  const store = await WebStore.open()
  if (!store) throw storageBlocked()
  return store.contents()
}
