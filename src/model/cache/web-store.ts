import { withoutQuery } from '../../core/without-query.js'
import { type DownloadOptions, download } from '../download/download.js'
import { type Fetch, type FileRequest, fileInMemory, type ModelFile, type ReadResult } from '../download/file-reader.js'
import { parseHubAddress, parseRevisionAddress } from '../download/hub-address.js'
import { parseRevision } from '../download/hub-revision.js'
import { verifyFile } from '../download/verify.js'
import type { CacheContents, CachedFile } from './cached-models.js'
import type { FileAddress, FileStore, StoredFile } from './file-store.js'
import { listJournals } from './journal.js'
import { JournaledPartialFile } from './journaled-partial-file.js'
import { isQuotaError, storageFull } from './storage.js'

/** transformers.js's cache, so that what it has downloaded on this origin is used. */
const CACHE_NAME = 'transformers-cache'

/** On what we store: whose file it is, where the address does not tell; and the state it is in. */
const MODEL_HEADER = 'x-page-rerank-model'
const ID_HEADER = 'x-page-rerank-id'
const FILE_HEADER = 'x-page-rerank-file'
const VERSION_HEADER = 'x-page-rerank-version'

const PIECE_BYTES = 1 << 20

/** A page's files in the Cache API. */
export class WebStore implements FileStore {
  readonly #cache: Cache

  private constructor(cache: Cache) {
    this.#cache = cache
  }

  /** Undefined where storage is blocked (private windows, sandboxed frames, insecure pages). */
  static async open(): Promise<WebStore | undefined> {
    try {
      // In a sandboxed frame the mere name throws.
      const cache = await globalThis.caches?.open(CACHE_NAME)
      return cache && new WebStore(cache)
    } catch {
      return undefined
    }
  }

  async find({ url }: FileAddress): Promise<StoredFile | undefined> {
    const response = await this.#cache.match(withoutQuery(url))
    return response && storedFile(response)
  }

  async findOtherRevisions({ url }: FileAddress): Promise<StoredFile[]> {
    const own = parseHubAddress(withoutQuery(url))
    const isOther = (address: ReturnType<typeof parseHubAddress>) =>
      address?.host === own?.host && address?.model === own?.model && address?.file === own?.file && address?.revision !== own?.revision
    const others = own ? (await this.#cache.keys()).filter((request) => isOther(parseHubAddress(request.url))) : []
    const responses = await Promise.all(others.map((request) => this.#cache.match(request)))
    return Promise.all(responses.filter((response) => response !== undefined).map(storedFile))
  }

  async adopt(stored: StoredFile, { url, model, id, file }: FileRequest): Promise<ModelFile> {
    const opened = await stored.open()
    // Where there is no room for a second copy, the first will be found again.
    await this.#put(url, await opened.bytes(), { model, id, file, version: stored.version }).catch(() => undefined)
    return opened
  }

  /** One tab downloads a file; the others wait, and then read what it has stored. */
  download(request: FileRequest, fetch: Fetch, look: () => Promise<ReadResult | undefined>): Promise<ReadResult | undefined> {
    const { url, model, file, signal } = request
    return navigator.locks.request(`page-rerank:${withoutQuery(url)}`, { ...(signal && { signal }) }, async () => {
      const there = await look()
      if (there) return there
      const partial = await JournaledPartialFile.open({ url: withoutQuery(url), model, file })
      try {
        const options: DownloadOptions = { ...request, fetch }
        if (!(await download(url, partial, options))) return undefined
        await this.#store(request, partial)
        return { file: fileInMemory(partial.bytes), from: 'network' }
      } finally {
        await partial.close()
      }
    })
  }

  /** @throws QuotaExceededError */
  put({ url, model, id, file }: Pick<FileRequest, 'url' | 'file' | 'model' | 'id'>, pieces: readonly Uint8Array[]): Promise<void> {
    const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const piece of pieces) {
      bytes.set(piece, at)
      at += piece.length
    }
    return this.#put(url, bytes, { model, id, file })
  }

  async list(prefix: string): Promise<{ name: string; bytes: number }[]> {
    const files = []
    for (const request of await this.#cache.keys()) {
      if (!request.url.startsWith(withoutQuery(prefix))) continue
      const response = await this.#cache.match(request)
      if (response) files.push({ name: request.url.slice(request.url.lastIndexOf('/') + 1), bytes: await bytesOf(response) })
    }
    return files.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async exclusively<T>(url: string, work: () => Promise<T>): Promise<T> {
    return navigator.locks.request(`page-rerank:${withoutQuery(url)}`, work)
  }

  async remove(address: FileAddress): Promise<void> {
    if ((await this.find(address))?.ours) await this.#cache.delete(withoutQuery(address.url))
  }

  async contents(): Promise<CacheContents> {
    const contents: CacheContents = { files: await unfinishedFiles(), notes: [] }
    for (const request of await this.#cache.keys()) {
      const response = await this.#cache.match(request)
      const remove = () => this.#cache.delete(request)
      const asked = parseRevisionAddress(request.url)
      const model = response?.headers.get(MODEL_HEADER)
      if (!response) continue
      if (asked) {
        const { commit } = parseRevision(await response.text()) ?? {}
        if (commit !== undefined) contents.notes.push({ ...asked, commit, remove })
      } else if (typeof model === 'string' || parseHubAddress(request.url)) {
        const told = (header: string) => decodeURIComponent(response.headers.get(header) ?? '')
        const about = { model: told(MODEL_HEADER), id: told(ID_HEADER) || undefined, file: told(FILE_HEADER) }
        const bytes = await bytesOf(response)
        contents.files.push({ ...describe(request.url, about), bytes, partial: false, ours: typeof model === 'string', remove })
      }
    }
    return contents
  }

  async readNote(url: string): Promise<string | undefined> {
    return (await this.#cache.match(url))?.text()
  }

  async writeNote(url: string, text: string): Promise<void> {
    // Where there is no room it is asked for again.
    await this.#cache.put(url, new Response(text)).catch(() => undefined)
  }

  /** @throws ModelLoadError (`storage-full`) */
  async #store({ url, model, id, file }: FileRequest, partial: JournaledPartialFile): Promise<void> {
    const put = () => this.#put(url, partial.bytes, { model, id, file, version: partial.version })
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

  /** Store a file from memory without copying it as a whole. @throws QuotaExceededError */
  async #put(
    url: string,
    bytes: Uint8Array,
    { model, id, file, version }: { model: string; id?: string; file: string; version?: string },
  ): Promise<void> {
    let at = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close()
        controller.enqueue(bytes.subarray(at, at + PIECE_BYTES))
        at += PIECE_BYTES
      },
    })
    const headers: Record<string, string> = {
      'content-length': String(bytes.length),
      [MODEL_HEADER]: encodeURIComponent(model),
      ...(id !== undefined && id !== model && { [ID_HEADER]: encodeURIComponent(id) }),
      [FILE_HEADER]: encodeURIComponent(file),
      ...(version && { [VERSION_HEADER]: version }),
    }
    await this.#cache.put(withoutQuery(url), new Response(body, { headers }))
  }
}

async function storedFile(response: Response): Promise<StoredFile> {
  let bytes: Promise<Uint8Array> | undefined
  const read = () => {
    bytes ??= response.arrayBuffer().then((buffer) => new Uint8Array(buffer))
    return bytes
  }
  const ours = response.headers.has(MODEL_HEADER)
  return {
    // Others may have kept headers that tell the bytes of a compressed answer.
    bytes: ours ? await bytesOf(response) : (await read()).length,
    ours,
    version: response.headers.get(VERSION_HEADER) ?? undefined,
    verify: async (file, facts) => verifyFile(file, await read(), facts),
    open: async () => fileInMemory(await read()),
  }
}

async function bytesOf(response: Response): Promise<number> {
  return Number(response.headers.get('content-length')) || (await response.clone().blob()).size
}

async function unfinishedFiles(): Promise<CachedFile[]> {
  return (await listJournals()).map(({ note, bytes, remove }) => ({
    ...describe(note.url, note),
    bytes,
    partial: true,
    ours: true,
    remove,
  }))
}

/** The hub address of a model's own file says everything; of others we have noted it. */
function describe(
  url: string,
  { model, id, file }: { model: string; id?: string; file: string },
): Pick<CachedFile, 'model' | 'id' | 'host' | 'revision' | 'file'> {
  const own = parseHubAddress(url)
  return own && (model === '' || model === own.model) ? own : { model, ...(id !== undefined && { id }), file }
}
