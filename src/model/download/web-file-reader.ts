import { ModelLoadError } from '../../errors.js'
import { removeOtherRevisions } from '../cache/cached-models.js'
import { JournaledPartialFile } from '../cache/journaled-partial-file.js'
import { isQuotaError, storageBlocked, storageFull } from '../cache/storage.js'
import { cachedFiles, openCache, putFile } from '../cache/web-cache.js'
import type { HubLocation } from '../location.js'
import { download } from './download.js'
import { type FileReader, fileInMemory, type ReadOptions, type ReadResult } from './file-reader.js'
import { parseHubAddress } from './hub-address.js'
import { type HubListing, listHubFiles } from './hub-listing.js'
import { MemoryPartialFile } from './memory-partial-file.js'
import { verifyFile } from './verify.js'

/** Reads files in a page or worker: the Cache API first, then the network. */
export class WebFileReader implements FileReader {
  readonly #useCache: boolean
  readonly #localFilesOnly: boolean

  constructor({ cache = true, localFilesOnly = false }: { cache?: boolean; localFilesOnly?: boolean } = {}) {
    this.#useCache = cache
    this.#localFilesOnly = localFilesOnly
  }

  async read(url: string, options: ReadOptions): Promise<ReadResult | undefined> {
    const cache = this.#useCache ? await openCache() : undefined
    const cached = cache && (await fromCache(cache, url, options))
    if (cached) return cached
    const sameOrigin = new URL(url).origin === globalThis.location?.origin
    if (this.#localFilesOnly && !sameOrigin) {
      if (this.#useCache && !cache) throw storageBlocked()
      throw new ModelLoadError('model-not-found', `${options.file} is not in the cache and localFilesOnly forbids fetching ${url}.`, {
        file: options.file,
      })
    }
    return cache ? fetchToCache(cache, url, options) : fetchToMemory(url, options)
  }

  listing(location: HubLocation, signal?: AbortSignal): Promise<HubListing | undefined> {
    return listHubFiles(location, { signal })
  }

  async evict(url: string): Promise<void> {
    await (await openCache())?.delete(url)
  }

  async evictOtherRevisions(url: string): Promise<void> {
    const address = parseHubAddress(url)
    if (address && this.#useCache) await removeOtherRevisions(await cachedFiles().catch(() => []), address)
  }
}

async function fromCache(cache: Cache, url: string, { file, facts, onBytes }: ReadOptions): Promise<ReadResult | undefined> {
  const response = await cache.match(url)
  if (!response) return undefined
  const bytes = new Uint8Array(await response.arrayBuffer())
  try {
    await verifyFile(file, bytes, facts)
  } catch {
    // An older revision under the same address, or a file some other code cut short: fetch it anew.
    await cache.delete(url)
    return undefined
  }
  onBytes?.(bytes.length, bytes.length)
  return { file: fileInMemory(bytes), from: 'cache' }
}

async function fetchToMemory(url: string, options: ReadOptions): Promise<ReadResult | undefined> {
  const partial = new MemoryPartialFile()
  return (await download(url, partial, options)) ? { file: fileInMemory(partial.bytes), from: 'network' } : undefined
}

/** One tab downloads a file; the others wait, and then read what it has stored. */
function fetchToCache(cache: Cache, url: string, options: ReadOptions): Promise<ReadResult | undefined> {
  const { signal, file, model } = options
  return navigator.locks.request(`page-rerank:${url}`, { signal }, async () => {
    const stored = await fromCache(cache, url, options)
    if (stored) return stored
    const partial = await JournaledPartialFile.open({ url, model, file })
    try {
      if (!(await download(url, partial, options))) return undefined
      await store(cache, partial, options, url)
      return { file: fileInMemory(partial.bytes), from: 'network' }
    } finally {
      await partial.close()
    }
  })
}

/** @throws ModelLoadError (`storage-full`) */
async function store(cache: Cache, partial: JournaledPartialFile, { model, file }: ReadOptions, url: string): Promise<void> {
  const put = () => putFile(cache, url, partial.bytes, { model, file })
  try {
    // Beside the journal, so that a page that is closed now loses nothing.
    await put()
    await partial.dropJournal()
  } catch {
    // There may be room for one of the two.
    await partial.dropJournal()
    await put().catch((cause: unknown) => {
      if (isQuotaError(cause)) throw storageFull(file, partial.length, { cause })
    })
  }
}
