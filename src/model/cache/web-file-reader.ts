import { CachingReader } from './caching-reader.js'
import { storageBlocked } from './storage.js'
import { WebStore } from './web-store.js'

/**
 * Reads files in a page or worker: the Cache API first, then the network.
 *
 * @throws ModelLoadError (`storage-blocked`), when it reads, where only the cache may be used and there is none
 */
export function createWebFileReader({
  cache = true,
  localFilesOnly = false,
}: {
  cache?: boolean
  localFilesOnly?: boolean
}): CachingReader {
  const openStore = async () => {
    const store = cache ? await WebStore.open() : undefined
    if (cache && localFilesOnly && !store) throw storageBlocked()
    return store
  }
  // What the page itself is made of is not the network.
  const isOwn = (url: string) => new URL(url).origin === globalThis.location?.origin
  return new CachingReader({ openStore, fetch: (url, init) => fetch(url, init), mayFetch: (url) => !localFilesOnly || isOwn(url) })
}
