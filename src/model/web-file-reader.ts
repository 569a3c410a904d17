import { ModelLoadError } from '../errors.js'
import { download } from './download.js'
import { type FileReader, fileInMemory, type ReadOptions, type ReadResult } from './file-reader.js'
import { type HubListing, listHubFiles } from './hub-listing.js'
import type { HubLocation } from './location.js'
import { MemorySink } from './memory-sink.js'
import { verifyFile } from './verify.js'

/** transformers.js's cache: models it has downloaded on this origin are reused, and the other way round. */
const CACHE_NAME = 'transformers-cache'

/** Reads files in a page or worker: the Cache API first, then the network. */
export class WebFileReader implements FileReader {
  readonly #useCache: boolean
  readonly #localFilesOnly: boolean

  constructor({ cache = true, localFilesOnly = false }: { cache?: boolean; localFilesOnly?: boolean } = {}) {
    this.#useCache = cache
    this.#localFilesOnly = localFilesOnly
  }

  async read(url: string, options: ReadOptions): Promise<ReadResult | undefined> {
    const cached = await this.#fromCache(url, options)
    if (cached) return { file: fileInMemory(cached), from: 'cache' }
    const sameOrigin = new URL(url).origin === globalThis.location?.origin
    if (this.#localFilesOnly && !sameOrigin) {
      throw new ModelLoadError('model-not-found', `${options.file} is not in the cache and localFilesOnly forbids fetching ${url}.`, {
        file: options.file,
      })
    }
    const sink = new MemorySink()
    if (!(await download(url, sink, options))) return undefined
    await this.#store(url, sink.bytes)
    return { file: fileInMemory(sink.bytes), from: 'network' }
  }

  listing(location: HubLocation, signal?: AbortSignal): Promise<HubListing | undefined> {
    return listHubFiles(location, { signal })
  }

  async evict(url: string): Promise<void> {
    await (await this.#open())?.delete(url)
  }

  async #fromCache(url: string, { file, facts, onBytes }: ReadOptions): Promise<Uint8Array | undefined> {
    const cache = await this.#open()
    const response = await cache?.match(url)
    if (!response) return undefined
    const bytes = new Uint8Array(await response.arrayBuffer())
    try {
      await verifyFile(file, bytes, facts)
    } catch {
      // An older revision under the same address, or a file some other code cut short: fetch it anew.
      await cache?.delete(url)
      return undefined
    }
    onBytes?.(bytes.length, bytes.length)
    return bytes
  }

  async #store(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      const cache = await this.#open()
      await cache?.put(url, new Response(bytes, { headers: { 'content-length': String(bytes.length) } }))
    } catch {
      // Quota exceeded: the model works all the same, only the next visit downloads again.
    }
  }

  /** Undefined where storage is blocked (private windows, sandboxed frames, insecure pages). */
  async #open(): Promise<Cache | undefined> {
    if (!this.#useCache || typeof caches === 'undefined') return undefined
    return caches.open(CACHE_NAME).catch(() => undefined)
  }
}
