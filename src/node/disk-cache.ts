import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, relative, sep } from 'node:path'
import { type CachedFile, type CacheSelection, groupByModel, removeModel, removeOtherRevisions } from '../model/cache/cached-models.js'
import { parseHubAddress } from '../model/download/hub-address.js'
import type { CachedModel } from '../types.js'
import { isPartial } from './disk-partial-file.js'

/**
 * The models in the cache on this machine's disk, the largest first.
 *
 * @example
 * for (const { model, revision, bytes } of await listCachedModels()) console.log(model, revision, bytes)
 */
export async function listCachedModels(): Promise<CachedModel[]> {
  return groupByModel(await cachedFiles())
}

/**
 * Delete a model from the cache, unfinished downloads included. Rerankers that have it loaded go on.
 *
 * @param model as `listCachedModels` names it
 * @returns bytes that became free; 0 where there was no such model
 */
export async function deleteCachedModel(model: string, selection?: CacheSelection): Promise<number> {
  return removeModel(await cachedFiles(), model, selection)
}

/** Folder of all cached models: $XDG_CACHE_HOME/page-rerank. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'page-rerank')
}

/** Where the file of an address is kept: <cache folder>/<host>/<path of the address>. */
export function cachePath(url: string): string {
  const { host, pathname } = new URL(url)
  const parts = pathname.split('/').map((part) => decodeURIComponent(part).replace(/[\\/]|^\.\.?$/g, '_'))
  return join(cacheFolder(), host.replace(':', '_'), ...parts)
}

/** Remove what other revisions of a file's model left. */
export async function evictOtherRevisions(url: string): Promise<void> {
  const file = describe(relative(cacheFolder(), cachePath(url)))
  if (file.revision !== undefined) await removeOtherRevisions(await cachedFiles(), file)
}

/** Every file in the cache. */
async function cachedFiles(): Promise<CachedFile[]> {
  const root = cacheFolder()
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
    .map(({ parentPath, name }) => join(parentPath, name))
  const files = await Promise.all(
    paths.map(async (path): Promise<CachedFile | undefined> => {
      // Another process may be at work here.
      const stats = await stat(path).catch(() => undefined)
      return stats && { ...describe(relative(root, path)), bytes: stats.size, partial: isPartial(path), remove: () => remove(path) }
    }),
  )
  return files.filter((file) => file !== undefined)
}

/** A path in the cache is an address without its scheme, and with the port behind `_`, which no host's name contains. */
function describe(path: string): Pick<CachedFile, 'model' | 'host' | 'revision' | 'file'> {
  const address = path
    .split(sep)
    .join('/')
    .replace(/^([^/]*)_/, '$1:')
  const file = basename(address)
  // A model that is not the hub's goes by its folder's address; its weights are in a folder of their own there.
  return parseHubAddress(address) ?? { model: dirname(address).replace(/\/onnx$/, ''), file }
}

/** With the folders that it leaves empty. */
async function remove(path: string): Promise<void> {
  await rm(path, { force: true })
  for (let folder = dirname(path); folder !== cacheFolder() && folder.startsWith(cacheFolder()); folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch {
      return
    }
  }
}
