import { IndexError } from '../../errors.js'
import { Mutex } from '../mutex.js'
import { settledWithin } from '../settled-within.js'
import { hashOfText } from '../text-hash.js'
import { createTaskYield } from '../yield-to-tasks.js'
import { type IndexedDocument, type IndexFacts, IndexReader, writeIndex } from './index-file.js'
import type { DocumentReading, KeptDocument, KeptDocuments } from './kept-documents.js'

/** Files on the device, of the model in use by weights of the dtype in use. May fail at any time. */
export interface DocumentStore {
  /** The oldest first. */
  list(): Promise<{ name: string; bytes: number }[]>
  read(name: string): Promise<Uint8Array | undefined>
  /** @returns the new file's name */
  write(pieces: readonly Uint8Array[]): Promise<string>
  remove(name: string): Promise<void>
}

/** Milliseconds without anything new to keep after which what there is is written, and documents at which nobody waits so long. */
const QUIET_MS = 2000
const MAX_UNSAVED = 512
/** Files that are put together to one when there are more. */
const MAX_FILES = 16
/** A device that takes longer to give what it has is not waited for. */
const RESTORE_MS = 5000

interface StoredOptions {
  store: DocumentStore
  kept: KeptDocuments
  /** What an index of documents that are read like this says of itself. */
  factsOf: (reading: DocumentReading) => Promise<IndexFacts>
  /** @throws IndexError where it is another model's */
  accept: (facts: IndexFacts, name: string) => Promise<void>
  /** Called when there is more or less on the device. */
  onChange: () => void
}

/**
 * Keeps on the device what was read, in files as built indexes are. A device that has no room, or fails in any other way, loses
 * speed and never an answer: it is asked no more.
 */
export class StoredDocuments {
  readonly #options: StoredOptions
  readonly #files = new Map<string, number>()
  #unsaved = new Map<KeptDocument, { text: string; reading: DocumentReading }>()
  readonly #writing = new Mutex()
  #restoring: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isBroken = false

  constructor(options: StoredOptions) {
    this.#options = options
  }

  /** Bytes on the device. */
  get bytes(): number {
    let sum = 0
    for (const bytes of this.#files.values()) sum += bytes
    return sum
  }

  /** Settles when what earlier visits left is in memory; never rejects, and does not wait for a device that hangs. */
  restored(): Promise<void> {
    this.#restoring ??= settledWithin(RESTORE_MS, this.#restore())
    return this.#restoring
  }

  /** A document was read here, and is to be kept. */
  add(text: string, { maxLength, inPassages }: DocumentReading, document: KeptDocument): void {
    if (this.#isBroken) return
    this.#unsaved.set(document, { text, reading: { maxLength, inPassages } })
    clearTimeout(this.#timer)
    if (this.#unsaved.size >= MAX_UNSAVED) void this.#save()
    else this.#timer = startTimer(() => void this.#save())
  }

  /** What was read and is not written yet was a session's that is gone. */
  forgetUnsaved(): void {
    this.#unsaved.clear()
  }

  /** Write what is left. */
  close(): Promise<void> {
    return this.#save()
  }

  async #restore(): Promise<void> {
    const { store, kept, onChange } = this.#options
    try {
      for (const { name, bytes } of await store.list()) {
        const file = await store.read(name)
        if (!file) continue
        this.#files.set(name, bytes)
        try {
          const { documents, reading } = await this.#readFile(name, file)
          const call = kept.beginCall()
          for (const { hash, document } of documents) kept.load(hash, { ...reading, origin: 'device' }, document, call)
        } catch (error) {
          if (!(error instanceof IndexError)) throw error
          // Of no use any more, unless there is only too little memory this time.
          if (error.code !== 'does-not-fit') await this.#remove(name)
        }
      }
    } catch {
      this.#isBroken = true
    }
    onChange()
  }

  /** @throws IndexError where any of it cannot be used: of such a file nothing is */
  async #readFile(name: string, bytes: Uint8Array): Promise<{ documents: readonly IndexedDocument[]; reading: DocumentReading }> {
    let documents: readonly IndexedDocument[] = []
    let reading: DocumentReading = { maxLength: 0, inPassages: false }
    const reader = new IndexReader({
      name,
      maxBytes: this.#options.kept.maxBytes,
      accept: (facts) => this.#options.accept(facts, name),
      take(taken, { maxLength, inPassages }) {
        documents = taken
        reading = { maxLength, inPassages }
      },
    })
    await reader.push(bytes)
    reader.end()
    return { documents, reading }
  }

  #save(): Promise<void> {
    clearTimeout(this.#timer)
    return this.#writing.run(async () => {
      const unsaved = this.#unsaved
      if (unsaved.size === 0 || this.#isBroken) return
      this.#unsaved = new Map()
      try {
        const before = [...this.#files.keys()]
        const isCrowded = before.length >= MAX_FILES || this.bytes >= this.#options.kept.maxBytes
        const documents = isCrowded ? await this.#all() : [...unsaved].map(([document, { text, reading }]) => ({ document, reading, text }))
        await this.#write(documents)
        if (isCrowded) for (const name of before) await this.#remove(name)
      } catch {
        this.#isBroken = true
        this.#unsaved.clear()
      }
      this.#options.onChange()
    })
  }

  /** Everything that is in memory and belongs on the device. */
  async #all(): Promise<{ document: KeptDocument; reading: DocumentReading; text: string | bigint }[]> {
    return [...this.#options.kept.entries()].filter(({ origin }) => origin !== 'index')
  }

  /** In files of documents that were read in the same way. */
  async #write(documents: readonly { document: KeptDocument; reading: DocumentReading; text: string | bigint }[]): Promise<void> {
    const { store, factsOf } = this.#options
    const yieldToTasks = createTaskYield()
    const groups = new Map<string, { reading: DocumentReading; documents: IndexedDocument[] }>()
    for (const { document, reading, text } of documents) {
      const key = `${reading.maxLength} ${reading.inPassages}`
      const group = groups.get(key) ?? { reading, documents: [] }
      groups.set(key, group)
      group.documents.push({ hash: typeof text === 'string' ? hashOfText(text) : text, document })
      await yieldToTasks()
    }
    for (const group of groups.values()) {
      const pieces = writeIndex(await factsOf(group.reading), group.documents)
      const name = await store.write(pieces)
      this.#files.set(
        name,
        pieces.reduce((sum, { length }) => sum + length, 0),
      )
    }
  }

  async #remove(name: string): Promise<void> {
    this.#files.delete(name)
    await this.#options.store.remove(name)
  }
}

/** One that does not keep a process of Node's alive. */
function startTimer(run: () => void): ReturnType<typeof setTimeout> {
  const timer = setTimeout(run, QUIET_MS)
  ;(timer as { unref?: () => void }).unref?.()
  return timer
}
