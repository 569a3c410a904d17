import { type FileHandle, mkdir, open, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ModelLoadError } from '../errors.js'
import type { FileFacts } from '../model/describe/manifest.js'
import type { ModelFile } from '../model/download/file-reader.js'
import type { PartialFile } from '../model/download/partial-file.js'
import { formatBytes } from '../model/format-bytes.js'
import type { FileLock } from './file-lock.js'
import { localFile, verifyOnDisk } from './local-file.js'

/** Ending of a download that is not complete yet. */
const PARTIAL = '.partial'
/** Ending of the note beside a file that says which state of its address it is. */
export const VERSION = '.version'
const NOTE = PARTIAL + VERSION

/** The files that hold an unfinished download of `path`. */
export function partialFiles(path: string): string[] {
  return [path + PARTIAL, path + NOTE]
}

/** True for an unfinished download. */
export function isPartial(name: string): boolean {
  return name.endsWith(PARTIAL)
}

/** Where a file will be when it is complete; of any other file where it is. */
export function placeOf(path: string): string {
  return isPartial(path) ? path.slice(0, -PARTIAL.length) : path
}

/** Keeps a download on disk beside its final place, which it takes only when it is whole and verified. */
export class DiskPartialFile implements PartialFile {
  readonly #path: string
  readonly #lock: FileLock
  #handle: FileHandle | undefined
  #length = 0
  #version: string | undefined

  private constructor(path: string, lock: FileLock) {
    this.#path = path
    this.#lock = lock
  }

  /**
   * @param lock that of `path`; every change is made under it
   * @throws ModelLoadError (`storage-full`); LockLost; the file system's error where the folder cannot be written to
   */
  static async open(path: string, lock: FileLock): Promise<DiskPartialFile> {
    const partial = new DiskPartialFile(path, lock)
    await mkdir(dirname(path), { recursive: true })
    partial.#handle = await open(path + PARTIAL, 'a+')
    partial.#length = (await partial.#handle.stat()).size
    partial.#version = (await readFile(path + NOTE, 'utf8').catch(() => '')) || undefined
    return partial
  }

  get length(): number {
    return this.#length
  }

  get version(): string | undefined {
    return this.#version
  }

  async restart(version: string | undefined, total: number): Promise<void> {
    await this.#lock.confirm()
    await this.#handle?.truncate(0)
    this.#length = 0
    this.#version = version
    await this.#reserve(total)
    await this.#orFull(() => writeFile(this.#path + NOTE, version ?? ''))
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#lock.confirm()
    await this.#orFull(() => this.#handle?.appendFile(bytes))
    this.#length += bytes.length
  }

  verify(file: string, facts: FileFacts): Promise<void> {
    return verifyOnDisk(file, this.#path + PARTIAL, facts)
  }

  async discard(): Promise<void> {
    await this.#lock.confirm()
    await this.#handle?.truncate(0)
    this.#length = 0
    this.#version = undefined
  }

  /**
   * Move the verified file to its place.
   *
   * @param options.keepVersion keep the note of its version beside it
   */
  async complete({ keepVersion }: { keepVersion: boolean }): Promise<ModelFile> {
    await this.#handle?.sync()
    await this.#lock.confirm()
    await this.close()
    const path = this.#path
    // A note must never stand beside another file than its own.
    await rm(path + VERSION, { force: true })
    await rename(path + PARTIAL, path)
    if (keepVersion) await rename(path + NOTE, path + VERSION)
    else await rm(path + NOTE, { force: true })
    return localFile(path, this.#length)
  }

  /** What has arrived stays for a later download; nothing leaves nothing. */
  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = undefined
    if (this.#length > 0) return
    await this.#lock.confirm()
    await Promise.all(partialFiles(this.#path).map((path) => rm(path, { force: true })))
  }

  /** Fail before the download and not at its end. */
  async #reserve(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.#path))
    if (bavail * bsize < bytes)
      throw storageFull(this.#path, `${formatBytes(bytes)} are needed and ${formatBytes(bavail * bsize)} are free`)
  }

  async #orFull(write: () => Promise<void> | undefined): Promise<void> {
    try {
      await write()
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      // No space, quota used up, and a process limit on file sizes.
      if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') throw storageFull(this.#path, message, cause)
      throw cause
    }
  }
}

function storageFull(path: string, why: string, cause?: unknown): ModelLoadError {
  return new ModelLoadError(
    'storage-full',
    `There is no room for ${path}: ${why}. Free some space ("page-rerank cache" lists and deletes models), or keep models on another disk by setting XDG_CACHE_HOME.`,
    { cause, file: path },
  )
}
