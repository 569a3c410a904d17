import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ModelLoadError } from '../errors.js'
import { download } from '../model/download.js'
import type { FileReader, ReadOptions, ReadResult } from '../model/file-reader.js'
import { verifyFile } from '../model/verify.js'

export interface NodeFileReaderOptions {
  cache?: boolean
  localFilesOnly?: boolean
  /** Address of the hub or mirror, the only place the token is sent to. */
  host: string
  /** `HF_TOKEN`. */
  token?: string
}

/** Reads files in Node: folders directly, addresses through a cache on disk. */
export class NodeFileReader implements FileReader {
  readonly #options: NodeFileReaderOptions

  constructor(options: NodeFileReaderOptions) {
    this.#options = options
  }

  async read(url: string, options: ReadOptions): Promise<ReadResult | undefined> {
    const { file, facts, onBytes } = options
    if (url.startsWith('file:')) {
      const bytes = await readIfThere(fileURLToPath(url), file)
      if (!bytes) return undefined
      await verifyFile(file, bytes, facts)
      onBytes?.(bytes.length, bytes.length)
      return { bytes, from: 'local' }
    }
    const path = cachePath(url)
    const { cache = true, localFilesOnly = false, host, token } = this.#options
    const cached = cache ? await readIfThere(path, file) : undefined
    if (cached && (await verifies(file, cached, options))) {
      onBytes?.(cached.length, cached.length)
      return { bytes: cached, from: 'cache' }
    }
    if (localFilesOnly) {
      throw new ModelLoadError('model-not-found', `${file} is not on disk and localFilesOnly forbids fetching ${url}.`, { file })
    }
    const headers = token && url.startsWith(`${host}/`) ? { authorization: `Bearer ${token}` } : undefined
    const bytes = await download(url, { ...options, headers })
    if (!bytes) return undefined
    await verifyFile(file, bytes, facts)
    if (cache) await store(path, bytes)
    return { bytes, from: 'network' }
  }

  async evict(url: string): Promise<void> {
    // A folder is the caller's own: only what this reader put on disk is removed.
    if (!url.startsWith('file:')) await rm(cachePath(url), { force: true })
  }
}

/** $XDG_CACHE_HOME/page-rerank/<host>/<path of the address>. */
function cachePath(url: string): string {
  const { host, pathname } = new URL(url)
  const root = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(
    root,
    'page-rerank',
    host.replace(':', '_'),
    ...pathname.split('/').map((part) => decodeURIComponent(part).replace(/[\\/]|^\.\.?$/g, '_')),
  )
}

async function readIfThere(path: string, file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new ModelLoadError('model-file-invalid', `${file} could not be read: ${message}`, { cause, file })
  }
}

async function verifies(file: string, bytes: Uint8Array, { facts }: ReadOptions): Promise<boolean> {
  return verifyFile(file, bytes, facts).then(
    () => true,
    () => false,
  )
}

/** Written beside and renamed, so that a file is there whole or not at all. A full or read-only disk only costs the cache. */
async function store(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(partial, bytes)
    await rename(partial, path)
  } catch {
    await rm(partial, { force: true }).catch(() => undefined)
  }
}
