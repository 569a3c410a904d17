import { fileURLToPath } from 'node:url'
import { CachingReader } from '../model/cache/caching-reader.js'
import type { FileReader, FileRequest, ReadResult } from '../model/download/file-reader.js'
import type { HubRevision } from '../model/download/hub-revision.js'
import type { HubLocation } from '../model/location.js'
import { DiskStore, FolderStore } from './disk-store.js'
import { createHubFetch } from './hub-fetch.js'
import { findLocalFile, verifyOnDisk } from './local-file.js'

export interface NodeFileReaderOptions {
  cache?: boolean
  localFilesOnly?: boolean
  /** Address of the hub or mirror, the only place the token is sent to. */
  host: string
  /** `HF_TOKEN`. */
  token?: string
  /** Keep files here, in the hub's layout, instead of in the cache. */
  folder?: string
}

/** Reads files in Node: folders directly, addresses through a cache on disk. */
export class NodeFileReader implements FileReader {
  readonly #remote: CachingReader

  constructor({ cache = true, localFilesOnly = false, host, token, folder }: NodeFileReaderOptions) {
    const store = folder !== undefined ? new FolderStore(folder) : cache ? new DiskStore() : undefined
    this.#remote = new CachingReader({
      openStore: async () => store,
      fetch: createHubFetch(host, token),
      mayFetch: () => !localFilesOnly,
    })
  }

  async read(request: FileRequest): Promise<ReadResult | undefined> {
    const { url, file, facts, onBytes } = request
    if (!url.startsWith('file:')) return this.#remote.read(request)
    const path = fileURLToPath(url)
    const local = await findLocalFile(path)
    if (!local) return undefined
    await verifyOnDisk(file, path, facts)
    onBytes?.(local.size, local.size)
    return { file: local, from: 'local' }
  }

  async isStored(address: Pick<FileRequest, 'url' | 'file'>): Promise<boolean> {
    return !address.url.startsWith('file:') && this.#remote.isStored(address)
  }

  async evict(address: Pick<FileRequest, 'url' | 'file'>): Promise<void> {
    // A folder is the caller's own.
    if (!address.url.startsWith('file:')) await this.#remote.evict(address)
  }

  recall(location: HubLocation): Promise<HubRevision | undefined> {
    return this.#remote.recall(location)
  }

  ask(location: HubLocation, options?: { signal?: AbortSignal; hurry?: boolean }): Promise<HubRevision | undefined> {
    return this.#remote.ask(location, options)
  }

  remember(location: HubLocation, revision: HubRevision): Promise<void> {
    return this.#remote.remember(location, revision)
  }
}
