import { Sha256 } from '../../core/sha256.js'

/** What a journal is the beginning of. */
export interface JournalNote {
  url: string
  /** Name of the model and the file's path in it, for lists. */
  model: string
  file: string
  version: string
  /** Bytes of the whole file. */
  total: number
}

/** Folder in the origin private file system. */
const FOLDER = 'page-rerank'
/** A journal begins with its note, as JSON filled up with spaces to this many bytes; the file's bytes follow. */
const NOTE_BYTES = 4096
const COPY_BYTES = 1 << 20

/** FileSystemSyncAccessHandle; it exists in dedicated workers only, and TypeScript's DOM library knows no workers. */
interface SyncHandle {
  read(bytes: Uint8Array, options: { at: number }): number
  write(bytes: Uint8Array, options: { at: number }): number
  truncate(size: number): void
  getSize(): number
  flush(): void
  close(): void
}

interface SyncFileHandle {
  createSyncAccessHandle?(): Promise<SyncHandle>
}

/**
 * A download's bytes in the origin private file system as they arrive, so that a page that was closed, reloaded or killed
 * can go on from them.
 */
export class Journal {
  readonly #folder: FileSystemDirectoryHandle
  readonly #name: string
  readonly #handle: SyncHandle

  private constructor(folder: FileSystemDirectoryHandle, name: string, handle: SyncHandle) {
    this.#folder = folder
    this.#name = name
    this.#handle = handle
  }

  /** @returns undefined where there is no such file system: outside of workers, in private windows, in older browsers */
  static async open(url: string): Promise<Journal | undefined> {
    try {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true })
      const name = new Sha256().update(new TextEncoder().encode(url)).digest()
      const file = (await folder.getFileHandle(name, { create: true })) as SyncFileHandle
      if (!file.createSyncAccessHandle) return undefined
      return new Journal(folder, name, await openHandle(file as Required<SyncFileHandle>))
    } catch {
      return undefined
    }
  }

  /** Bytes kept of the file. */
  get length(): number {
    return Math.max(0, this.#handle.getSize() - NOTE_BYTES)
  }

  note(): JournalNote | undefined {
    const bytes = new Uint8Array(NOTE_BYTES)
    this.#handle.read(bytes, { at: 0 })
    return parseNote(new TextDecoder().decode(bytes))
  }

  /** The bytes kept, in pieces. */
  *read(): Iterable<Uint8Array> {
    for (let at = 0; at < this.length; at += COPY_BYTES) {
      const piece = new Uint8Array(Math.min(COPY_BYTES, this.length - at))
      this.#handle.read(piece, { at: NOTE_BYTES + at })
      yield piece
    }
  }

  /** Begin anew, making sure that there is room for all of it. @throws QuotaExceededError */
  restart(note: JournalNote): void {
    const bytes = new Uint8Array(NOTE_BYTES).fill(0x20)
    const { read, written } = new TextEncoder().encodeInto(JSON.stringify(note), bytes)
    this.#handle.truncate(NOTE_BYTES + note.total)
    this.#handle.truncate(0)
    // An address longer than that is none of a model's file; without a note nothing is gone on from.
    if (read === JSON.stringify(note).length && written <= NOTE_BYTES) this.#handle.write(bytes, { at: 0 })
  }

  /** @throws QuotaExceededError */
  append(bytes: Uint8Array): void {
    this.#handle.write(bytes, { at: this.#handle.getSize() })
  }

  /** What is in it stays for a later download. */
  close(): void {
    this.#handle.flush()
    this.#handle.close()
  }

  async remove(): Promise<void> {
    this.#handle.close()
    await this.#folder.removeEntry(this.#name).catch(() => undefined)
  }
}

/** Every journal there is; from any thread. */
export async function listJournals(): Promise<{ note: JournalNote; bytes: number; remove: () => Promise<void> }[]> {
  const journals = []
  try {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER)
    for await (const [name, handle] of folder.entries()) {
      const file = await (handle as FileSystemFileHandle).getFile()
      const note = parseNote(await file.slice(0, NOTE_BYTES).text())
      // One that a download is writing to cannot be removed; it goes when that download is done.
      const remove = () => folder.removeEntry(name).catch(() => undefined)
      if (note) journals.push({ note, bytes: file.size - NOTE_BYTES, remove })
      else await remove()
    }
  } catch {
    // No such file system, or no journal yet.
  }
  return journals
}

/** A worker that was just killed may not have let go of the file yet. */
async function openHandle(file: Required<SyncFileHandle>): Promise<SyncHandle> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await file.createSyncAccessHandle()
    } catch (error) {
      if ((error as Error).name !== 'NoModificationAllowedError' || attempts === 5) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function parseNote(text: string): JournalNote | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
