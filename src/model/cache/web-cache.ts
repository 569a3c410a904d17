import type { CachedModel } from '../../types.js'
import { type CacheContents, type CacheSelection, groupByModel, removeModel } from './cached-models.js'
import { storageBlocked } from './storage.js'
import { WebStore } from './web-store.js'

/** What this origin keeps, the largest first. @throws ModelLoadError (`storage-blocked`) */
export async function listCachedModels(): Promise<CachedModel[]> {
  return groupByModel(await contents())
}

/** @returns bytes that became free @throws ModelLoadError (`storage-blocked`) */
export async function deleteCachedModel(model: string, selection?: CacheSelection): Promise<number> {
  return removeModel(await contents(), model, selection)
}

async function contents(): Promise<CacheContents> {
  const store = await WebStore.open()
  if (!store) throw storageBlocked()
  return store.contents()
}
