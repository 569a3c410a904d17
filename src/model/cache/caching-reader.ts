import { within } from '../../core/within.js'
import { withoutQuery } from '../../core/without-query.js'
import { ModelLoadError } from '../../errors.js'
import { download, versionOf } from '../download/download.js'
import { type Fetch, type FileReader, type FileRequest, fileInMemory, type ReadResult } from '../download/file-reader.js'
import { parseHubAddress } from '../download/hub-address.js'
import { askHub, type HubRevision, parseRevision, revisionUrl } from '../download/hub-revision.js'
import { MemoryPartialFile } from '../download/memory-partial-file.js'
import { tellContent, verifyLength } from '../download/verify.js'
import type { HubLocation } from '../location.js'
import { removeSuperseded } from './cached-models.js'
import type { FileAddress, FileStore, StoredFile } from './file-store.js'

export interface CachingReaderOptions {
  /** Undefined where nothing is kept. */
  openStore: () => Promise<FileStore | undefined>
  fetch: Fetch
  /** False for what must come from the store (`localFilesOnly`). */
  mayFetch: (url: string) => boolean
}

/** Milliseconds for a question whose answer is only whether something newer is there. */
const QUICK_MS = 3000

/** Reads files from a store, else the network, by one rule for pages and Node of what in the store may be used. */
export class CachingReader implements FileReader {
  readonly #openStore: () => Promise<FileStore | undefined>
  readonly #fetch: Fetch
  readonly #mayFetch: (url: string) => boolean

  constructor({ openStore, fetch, mayFetch }: CachingReaderOptions) {
    this.#openStore = openStore
    this.#fetch = fetch
    this.#mayFetch = mayFetch
  }

  async read(request: FileRequest): Promise<ReadResult | undefined> {
    const store = await this.#openStore()
    const found = store && (await this.#find(store, request))
    if (found?.file) return found.file
    const mayFetch = this.#mayFetch(request.url)
    const facts = request.facts ?? (mayFetch ? await request.lookUp?.() : undefined)
    if (facts === null) return undefined
    const known = { ...request, facts }
    const other = store && (await this.#findOtherRevision(store, known))
    if (other) return other
    if (!mayFetch) throw found?.damage ?? notStored(request)
    if (store) {
      try {
        return await store.download(known, this.#fetch, async () => (await this.#find(store, known))?.file)
      } catch (error) {
        if (!request.mayBeUnkept || !(error instanceof ModelLoadError && error.code === 'storage-full')) throw error
      }
    }
    const partial = new MemoryPartialFile()
    const arrived = await download(request.url, partial, { ...known, fetch: this.#fetch })
    return arrived ? { file: fileInMemory(partial.bytes), from: 'network' } : undefined
  }

  async isStored(address: FileAddress): Promise<boolean> {
    return (await (await this.#openStore())?.find(address)) !== undefined
  }

  async evict(address: FileAddress): Promise<void> {
    await (await this.#openStore())?.remove(address)
  }

  async recall(location: HubLocation): Promise<HubRevision | undefined> {
    const note = await (await this.#openStore())?.readNote(revisionUrl(location))
    return note === undefined ? undefined : parseRevision(note)
  }

  async ask(
    location: HubLocation,
    { signal, hurry = false }: { signal?: AbortSignal; hurry?: boolean } = {},
  ): Promise<HubRevision | undefined> {
    if (!this.#mayFetch(revisionUrl(location))) return undefined
    return askHub(location, this.#fetch, { signal, ...(hurry && { timeoutMs: QUICK_MS }) })
  }

  async remember(location: HubLocation, revision: HubRevision): Promise<void> {
    const store = await this.#openStore()
    if (!store) return
    const before = await this.recall(location)
    await store.writeNote(revisionUrl(location), JSON.stringify(revision))
    if (before?.commit === revision.commit) return
    const { host, model } = parseHubAddress(`${location.host}/${location.name}/resolve/-/-`) ?? {}
    if (host === undefined || model === undefined) return
    const superseded = [location.revision, ...(before ? [before.commit] : [])]
    await removeSuperseded(await store.contents(), { host, model }, superseded)
  }

  /** What is stored under the request's own address, or what is wrong with it; neither where it is out of date. */
  async #find(store: FileStore, request: FileRequest): Promise<{ file?: ReadResult; damage?: ModelLoadError } | undefined> {
    const { file, facts, immutable, onBytes } = request
    const stored = await store.find(request)
    if (!stored) return undefined
    try {
      if (facts) verifyLength(file, stored.bytes, facts.bytes)
      // What we stored for good was verified then.
      if (!immutable || !stored.ours) await stored.verify(file, facts)
    } catch (error) {
      if (error instanceof ModelLoadError) return { damage: error }
      throw error
    }
    if (!immutable && !tellContent(facts) && !(await this.#isCurrent(stored, request))) return undefined
    onBytes?.(stored.bytes, stored.bytes)
    return { file: { file: await stored.open(), from: 'cache' } }
  }

  /** Commits mostly change other files than the weights: what has the right hash is the file. */
  async #findOtherRevision(store: FileStore, request: FileRequest): Promise<ReadResult | undefined> {
    const { file, facts, onBytes } = request
    if (!tellContent(facts)) return undefined
    for (const stored of await store.findOtherRevisions(request)) {
      if (stored.bytes !== facts.bytes || !(await isRight(stored, file, facts))) continue
      onBytes?.(stored.bytes, stored.bytes)
      return { file: await store.adopt(stored, request), from: 'cache' }
    }
    return undefined
  }

  /** Whether the server has the same file still. Where it does not say so, what is stored is all there is. */
  async #isCurrent(stored: StoredFile, { url, signal }: FileRequest): Promise<boolean> {
    if (!this.#mayFetch(url)) return true
    let response: Response
    try {
      response = await within(QUICK_MS, signal, (limit) => this.#fetch(url, { method: 'HEAD', cache: 'no-cache', signal: limit }))
    } catch {
      signal?.throwIfAborted()
      return true
    }
    const { ok, status, headers } = response
    if (!ok) return status !== 404 && status !== 410
    const length = headers.has('content-encoding') ? null : headers.get('content-length')
    if (length !== null && length !== String(stored.bytes)) return false
    const version = versionOf(response)
    return version === undefined || stored.version === undefined || version === stored.version
  }
}

function notStored({ file, url }: FileRequest): ModelLoadError {
  return new ModelLoadError(
    'model-not-found',
    `${file} is not in the cache and localFilesOnly forbids fetching ${withoutQuery(url)}. Load it once without, or load a folder that "page-rerank pull" wrote.`,
    { file },
  )
}

async function isRight(stored: StoredFile, file: string, facts: FileRequest['facts']): Promise<boolean> {
  return stored.verify(file, facts).then(
    () => true,
    () => false,
  )
}
