import { copyFile, link, mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isRerankerError } from '../errors.js'
import type { CacheContents, CachedFile } from '../model/cache/cached-models.js'
import type { FileAddress, FileStore, StoredFile } from '../model/cache/file-store.js'
import { download } from '../model/download/download.js'
import { type Fetch, type FileRequest, fileInMemory, type ModelFile, type ReadResult } from '../model/download/file-reader.js'
import { parseHubAddress, parseRevisionAddress } from '../model/download/hub-address.js'
import { parseRevision } from '../model/download/hub-revision.js'
import { MemoryPartialFile } from '../model/download/memory-partial-file.js'
import { isPartial, partialFiles, placeOf, VERSION } from './disk-partial-file.js'
import { fetchFile } from './fetch-file.js'
import { withFileLock } from './file-lock.js'
import { findLocalFile, localFile, verifyOnDisk } from './local-file.js'

/** Ending of the note beside a file whose address does not tell whose it is. */
const ABOUT = '.about'

/** Folder of all cached models: $XDG_CACHE_HOME/page-rerank. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'page-rerank')
}

/** The cache on this machine's disk: <cache folder>/<host>/<path of the address>. */
export class DiskStore implements FileStore {
  find({ url }: FileAddress): Promise<StoredFile | undefined> {
    return storedFile(pathOf(url), { ours: true })
  }

  async findOtherRevisions({ url }: FileAddress): Promise<StoredFile[]> {
    const path = pathOf(url)
    const own = parseHubAddress(addressOf(path))
    if (!own) return []
    // …/resolve/<revision>/<file>
    const revisions = path.slice(0, -join(sep, ownFolder(own.revision), own.file).length)
    const names = await readdir(revisions).catch(() => [])
    const others = names.map((name) => join(revisions, name, own.file)).filter((other) => other !== path)
    const stored = await Promise.all(others.map((other) => storedFile(other, { ours: true })))
    return stored.filter((one) => one !== undefined)
  }

  async adopt(stored: StoredFile, { url }: FileRequest): Promise<ModelFile> {
    const opened = await stored.open()
    const path = pathOf(url)
    try {
      await mkdir(dirname(path), { recursive: true })
      // A second name for the same bytes, where the disk can do that.
      await link(opened.path as string, path).catch(() => copyFile(opened.path as string, path))
      return localFile(path, opened.size)
    } catch {
      return opened
    }
  }

  async download(request: FileRequest, fetch: Fetch, look: () => Promise<ReadResult | undefined>): Promise<ReadResult | undefined> {
    const path = pathOf(request.url)
    const isNoted = await noteWhose(path, request)
    try {
      return await fetchFile(request, path, { fetch, look, keepVersion: !request.immutable })
    } catch (error) {
      // A disk that may not be written to costs only the cache.
      if (isRerankerError(error) || !['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error
      const partial = new MemoryPartialFile()
      const arrived = await download(request.url, partial, { ...request, fetch })
      return arrived ? { file: fileInMemory(partial.bytes), from: 'network' } : undefined
    } finally {
      if (isNoted && !(await isAnyThere([path, ...partialFiles(path)]))) await rm(path + ABOUT, { force: true }).catch(() => undefined)
    }
  }

  async put(request: Pick<FileRequest, 'url' | 'file' | 'model' | 'id'>, pieces: readonly Uint8Array[]): Promise<void> {
    const path = pathOf(request.url)
    const unfinished = `${path}.${process.pid}.unfinished`
    await mkdir(dirname(path), { recursive: true })
    await noteWhose(path, request)
    try {
      await writeFile(unfinished, pieces)
      await rename(unfinished, path)
    } catch (error) {
      await Promise.all([unfinished, path + ABOUT].map((one) => rm(one, { force: true }).catch(() => undefined)))
      throw error
    }
  }

  async list(prefix: string): Promise<{ name: string; bytes: number }[]> {
    const path = pathOf(prefix)
    const names = await readdir(dirname(path)).catch(() => [])
    const files = []
    for (const name of names.sort()) {
      if (!name.startsWith(basename(path)) || ['.unfinished', '.lock', ABOUT].some((ending) => name.endsWith(ending))) continue
      const stats = await stat(join(dirname(path), name)).catch(() => undefined)
      if (stats?.isFile()) files.push({ name, bytes: stats.size })
    }
    return files
  }

  exclusively<T>(url: string, work: () => Promise<T>): Promise<T> {
    return withFileLock(`${pathOf(url)}.lock`, undefined, work)
  }

  async remove({ url }: FileAddress): Promise<void> {
    await removeFile(pathOf(url))
  }

  /** Every file in the cache. Another process may be at work there. */
  async contents(): Promise<CacheContents> {
    const root = cacheFolder()
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
    const paths = entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.lock') && !entry.name.endsWith(VERSION) && !entry.name.endsWith(ABOUT))
      .map(({ parentPath, name }) => join(parentPath, name))
    const contents: CacheContents = { files: [], notes: [] }
    for (const path of paths) {
      const remove = () => removeFile(path)
      const asked = parseRevisionAddress(addressOf(path))
      if (asked) {
        const { commit } = parseRevision(await readFile(path, 'utf8').catch(() => '')) ?? {}
        if (commit !== undefined) contents.notes.push({ ...asked, commit, remove })
        continue
      }
      const stats = await stat(path).catch(() => undefined)
      if (stats)
        contents.files.push({
          ...((await readNoteOf(path)) ?? describe(path)),
          bytes: stats.size,
          partial: isPartial(path),
          ours: true,
          remove,
        })
    }
    return contents
  }

  async readNote(url: string): Promise<string | undefined> {
    return readFile(pathOf(url), 'utf8').catch(() => undefined)
  }

  async writeNote(url: string, text: string): Promise<void> {
    const path = pathOf(url)
    // What cannot be kept is asked for again.
    await mkdir(dirname(path), { recursive: true })
      .then(() => writeFile(path, text))
      .catch(() => undefined)
  }
}

/** A folder of the caller's, in the hub's layout: whatever lies there is looked at closely before it is used. */
export class FolderStore implements FileStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  find({ file }: FileAddress): Promise<StoredFile | undefined> {
    return storedFile(join(this.#folder, file), { ours: false })
  }

  download(request: FileRequest, fetch: Fetch, look: () => Promise<ReadResult | undefined>): Promise<ReadResult | undefined> {
    return fetchFile(request, join(this.#folder, request.file), { fetch, look })
  }

  async findOtherRevisions(): Promise<StoredFile[]> {
    return []
  }

  adopt(stored: StoredFile): Promise<ModelFile> {
    return stored.open()
  }

  async put(): Promise<void> {}

  async list(): Promise<{ name: string; bytes: number }[]> {
    return []
  }

  exclusively<T>(_: string, work: () => Promise<T>): Promise<T> {
    return work()
  }

  /** The folder is not ours to clear. */
  async remove(): Promise<void> {}

  async contents(): Promise<CacheContents> {
    return { files: [], notes: [] }
  }

  async readNote(): Promise<undefined> {}

  async writeNote(): Promise<void> {}
}

async function storedFile(path: string, { ours }: { ours: boolean }): Promise<StoredFile | undefined> {
  const found = await findLocalFile(path)
  if (!found) return undefined
  const version = await readFile(path + VERSION, 'utf8').catch(() => undefined)
  return { bytes: found.size, ours, version, verify: (file, facts) => verifyOnDisk(file, path, facts), open: async () => found }
}

/** Where an address is kept. */
function pathOf(url: string): string {
  const { host, pathname } = new URL(url)
  return join(cacheFolder(), host.replace(':', '_'), ...pathname.split('/').map(ownFolder))
}

/** A part of an address as a name on disk. */
function ownFolder(part: string): string {
  return decodeURIComponent(part).replace(/[\\/]|^\.\.?$/g, '_')
}

/** A path in the cache is an address without its scheme, and with the port behind `_`, which no host's name contains. */
function addressOf(path: string): string {
  return relative(cacheFolder(), path)
    .split(sep)
    .join('/')
    .replace(/^([^/]*)_/, '$1:')
}

function describe(path: string): Pick<CachedFile, 'model' | 'host' | 'revision' | 'file'> {
  const address = addressOf(path)
  // A model that is not the hub's goes by its folder's address; its weights are in a folder of their own there.
  return parseHubAddress(address) ?? { model: dirname(address).replace(/\/onnx$/, ''), file: basename(address) }
}

type Whose = Pick<CachedFile, 'model' | 'id' | 'file'>

/** Write down whose file it is, where its address would not tell. @returns whether that was needed */
async function noteWhose(path: string, { model, id, file }: Pick<FileRequest, 'model' | 'id' | 'file'>): Promise<boolean> {
  const whose: Whose = { model: shownName(model), ...(id !== undefined && id !== model && { id }), file }
  if (whose.id === undefined && whose.model === describe(path).model) return false
  // What cannot be written down costs a name in a list.
  await mkdir(dirname(path), { recursive: true })
    .then(() => writeFile(path + ABOUT, JSON.stringify(whose)))
    .catch(() => undefined)
  return true
}

async function readNoteOf(path: string): Promise<Whose | undefined> {
  try {
    const { model, id, file } = JSON.parse(await readFile(placeOf(path) + ABOUT, 'utf8'))
    return { model: String(model), ...(id !== undefined && { id: String(id) }), file: String(file) }
  } catch {
    return undefined
  }
}

/** A model of an address has its files' folder here as its name, one of this machine its path. */
function shownName(model: string): string {
  if (/^file:/i.test(model)) return fileURLToPath(model).replace(/[\\/]$/, '')
  return /^https?:/i.test(model) ? addressOf(pathOf(model)) : model
}

async function isAnyThere(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)))
  return found.some((stats) => stats !== undefined)
}

/** With what belongs to it, and the folders that it leaves empty. */
async function removeFile(path: string): Promise<void> {
  await Promise.all([path, path + VERSION, placeOf(path) + ABOUT].map((one) => rm(one, { force: true })))
  for (let folder = dirname(path); folder !== cacheFolder() && folder.startsWith(cacheFolder()); folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch {
      return
    }
  }
}
