import type { FileFacts } from '../describe/manifest.js'
import { MemoryPartialFile } from '../download/memory-partial-file.js'
import type { PartialFile } from '../download/partial-file.js'
import { Journal, type JournalNote } from './journal.js'
import { checkRoom, isQuotaError, storageFull } from './storage.js'

/** Files under this size come again as fast as they would be read back. */
const MIN_BYTES = 2 ** 20

type About = Pick<JournalNote, 'url' | 'model' | 'file'>

/** Collects a file in memory and, if it is large, in a journal that outlives the page. */
export class JournaledPartialFile implements PartialFile {
  readonly #memory = new MemoryPartialFile()
  readonly #about: About
  #journal: Journal | undefined

  private constructor(about: About) {
    this.#about = about
  }

  /** With what an earlier download left. */
  static async open(about: About): Promise<JournaledPartialFile> {
    const partial = new JournaledPartialFile(about)
    partial.#journal = await Journal.open(about.url)
    const note = partial.#journal?.note()
    if (note && partial.#journal) {
      await partial.#memory.restart(note.version, note.total)
      for (const piece of partial.#journal.read()) await partial.#memory.append(piece)
    }
    return partial
  }

  get length(): number {
    return this.#memory.length
  }

  get version(): string | undefined {
    return this.#memory.version
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes
  }

  /** @throws ModelLoadError (`storage-full`) before a byte of a file is fetched that could not be kept */
  async restart(version: string | undefined, total: number): Promise<void> {
    const { file } = this.#about
    if (total >= MIN_BYTES) await checkRoom(file, total)
    await this.#memory.restart(version, total)
    if (total < MIN_BYTES || version === undefined) return this.dropJournal()
    await this.#write(
      (journal) => journal.restart({ ...this.#about, version, total }),
      (cause) => {
        if (isQuotaError(cause)) throw storageFull(file, total, { cause })
      },
    )
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#memory.append(bytes)
    await this.#write((journal) => journal.append(bytes))
  }

  verify(file: string, facts: FileFacts): Promise<void> {
    return this.#memory.verify(file, facts)
  }

  async discard(): Promise<void> {
    await this.#memory.discard()
    await this.#write((journal) => journal.restart({ ...this.#about, version: '', total: 0 }))
  }

  /** The download is over, one way or the other: what is in the journal stays unless it is nothing. */
  async close(): Promise<void> {
    if (this.#journal && this.#journal.length === 0) await this.dropJournal()
    this.#journal?.close()
    this.#journal = undefined
  }

  /** The file is where it belongs, or nothing can be kept of it. */
  async dropJournal(): Promise<void> {
    const journal = this.#journal
    this.#journal = undefined
    await journal?.remove()
  }

  /** A journal that cannot be written costs only the journal, unless `onError` throws. */
  async #write(change: (journal: Journal) => void, onError: (cause: unknown) => void = () => undefined): Promise<void> {
    try {
      if (this.#journal) change(this.#journal)
    } catch (cause) {
      await this.dropJournal()
      onError(cause)
    }
  }
}
