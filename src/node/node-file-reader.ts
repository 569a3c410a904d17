import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isRerankerError, ModelLoadError } from '../errors.js'
import type { FileFacts } from '../model/describe/manifest.js'
import { download } from '../model/download/download.js'
import { type FileReader, fileInMemory, type ModelFile, type ReadOptions, type ReadResult } from '../model/download/file-reader.js'
import { type HubListing, listHubFiles } from '../model/download/hub-listing.js'
import { MemoryPartialFile } from '../model/download/memory-partial-file.js'
import type { HubLocation } from '../model/location.js'
import { cachePath, evictOtherRevisions } from './disk-cache.js'
import { verifyOnDisk } from './disk-partial-file.js'
import { fetchFile } from './fetch-file.js'
import { createHubFetch, hubHeaders } from './hub-fetch.js'

export interface NodeFileReaderOptions {
  cache?: boolean
  localFilesOnly?: boolean
  /** Address of the hub or mirror, the only place the token is sent to. */
  host: string
  /** `HF_TOKEN`. */
  token?: string
  /** Keep files here, in the hub's layout and checked against what the hub says now, instead of in the cache. */
  folder?: string
}

/** Reads files in Node: folders directly, addresses through a cache on disk. */
export class NodeFileReader implements FileReader {
  readonly #options: NodeFileReaderOptions
  readonly #fetch: ReturnType<typeof createHubFetch>

  constructor(options: NodeFileReaderOptions) {
    this.#options = options
    this.#fetch = createHubFetch(options.host, options.token)
  }

  async read(url: string, options: ReadOptions): Promise<ReadResult | undefined> {
    const { file, facts } = options
    if (url.startsWith('file:')) {
      const local = await fileOnDisk(fileURLToPath(url), file)
      if (!local) return undefined
      await verifyOnDisk(file, fileURLToPath(url), facts)
      options.onBytes?.(local.size, local.size)
      return { file: local, from: 'local' }
    }
    const { cache = true, localFilesOnly = false, folder } = this.#options
    const path = folder ? join(folder, file) : cachePath(url)
    const cached = cache ? await this.#cached(path, options) : undefined
    if (cached) {
      options.onBytes?.(cached.size, cached.size)
      return { file: cached, from: 'cache' }
    }
    if (localFilesOnly) {
      throw new ModelLoadError('model-not-found', `${file} is not on disk and localFilesOnly forbids fetching ${url}.`, { file })
    }
    return cache ? this.#fetchToDisk(url, path, options) : this.#fetchToMemory(url, options)
  }

  listing(location: HubLocation, signal?: AbortSignal): Promise<HubListing | undefined> {
    const { host, token } = this.#options
    return listHubFiles(location, { headers: hubHeaders(`${location.host}/`, host, token), signal })
  }

  async evict(url: string): Promise<void> {
    // A folder is the caller's own: only what this reader put on disk is removed.
    if (!url.startsWith('file:')) await rm(cachePath(url), { force: true })
  }

  async evictOtherRevisions(url: string): Promise<void> {
    const { cache = true, folder } = this.#options
    if (cache && !folder) await evictOtherRevisions(url)
  }

  /** A cached file, unless it is not what it should be. */
  async #cached(path: string, { file, facts, lookUp }: ReadOptions): Promise<ModelFile | undefined> {
    const cached = await fileOnDisk(path, file)
    if (!cached) return undefined
    const expected = this.#options.folder ? (facts ?? (await lookUp?.())) : facts
    return (await isFile(file, path, expected ?? undefined)) ? cached : undefined
  }

  async #fetchToDisk(url: string, path: string, options: ReadOptions): Promise<ReadResult | undefined> {
    const isThere = async () => (await this.#cached(path, options)) !== undefined
    let outcome: Awaited<ReturnType<typeof fetchFile>>
    try {
      outcome = await fetchFile(url, path, isThere, { ...options, fetch: this.#fetch })
    } catch (error) {
      // A disk that may not be written to costs only the cache.
      if (isRerankerError(error) || !['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error
      return this.#fetchToMemory(url, options)
    }
    const file = outcome === 'missing' ? undefined : await fileOnDisk(path, options.file)
    return file && { file, from: outcome === 'fetched' ? 'network' : 'cache' }
  }

  async #fetchToMemory(url: string, options: ReadOptions): Promise<ReadResult | undefined> {
    const partial = new MemoryPartialFile()
    const found = await download(url, partial, { ...options, fetch: this.#fetch })
    return found ? { file: fileInMemory(partial.bytes), from: 'network' } : undefined
  }
}

async function fileOnDisk(path: string, file: string): Promise<ModelFile | undefined> {
  try {
    const { size } = await stat(path)
    const bytes = () =>
      readFile(path).catch((cause: unknown) => {
        throw unreadable(file, cause)
      })
    return { size, path, bytes }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(file, cause)
  }
}

function unreadable(file: string, cause: unknown): ModelLoadError {
  return new ModelLoadError('model-file-invalid', `${file} could not be read: ${(cause as Error).message}`, { cause, file })
}

function isFile(file: string, path: string, facts: FileFacts | undefined): Promise<boolean> {
  return verifyOnDisk(file, path, facts).then(
    () => true,
    () => false,
  )
}
