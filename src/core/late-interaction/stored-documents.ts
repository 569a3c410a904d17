import { IndexError } from '../../errors.js'
import { Mutex } from '../mutex.js'
import { settledWithin } from '../settled-within.js'
import { hashOfText } from '../text-hash.js'
import { createTaskYield } from '../yield-to-tasks.js'
import { type IndexedDocument, type IndexFacts, IndexReader, writeIndex } from './index-file.js'
import { bytesOfDocument, type DocumentReading, type KeptDocument, type KeptDocuments } from './kept-documents.js'

/** Files on the device, of the model in use by weights of the dtype in use. May fail at any time. */
export interface DocumentStore {
  /** The oldest first. */
  list(): Promise<{ name: string; bytes: number }[]>
  read(name: string): Promise<Uint8Array | undefined>
  /** @returns the new file's name */
  write(pieces: readonly Uint8Array[]): Promise<string>
  remove(name: string): Promise<void>
  /** Do this while no other tab, process or reranker does. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
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

  /** Bytes on the device, as far as this one has seen. */
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
        await this.#options.store.exclusively(() => this.#put(unsaved))
      } catch {
        this.#isBroken = true
        this.#unsaved.clear()
      }
      this.#options.onChange()
    })
  }

  /** What is there is counted anew: others write there too, who wait meanwhile. */
  async #put(unsaved: ReadonlyMap<KeptDocument, { text: string; reading: DocumentReading }>): Promise<void> {
    const { store, kept } = this.#options
    const there = await store.list()
    this.#files.clear()
    for (const { name, bytes } of there) this.#files.set(name, bytes)
    const added = await this.#filesOf(await hashed([...unsaved].map(([document, { text, reading }]) => ({ text, reading, document }))))
    if (there.length < MAX_FILES && this.bytes + bytesOf(added) <= kept.maxBytes) return this.#write(added)
    const merged = await this.#filesOf(await this.#all(there.map(({ name }) => name)))
    if (bytesOf(merged) <= kept.maxBytes) await this.#write(merged)
    for (const { name } of there) await this.#remove(name)
  }

  /** Everything that is in memory and belongs on the device, and of what is there (others wrote it) as much as there is room for. */
  async #all(there: readonly string[]): Promise<HashedDocument[]> {
    const { store, kept } = this.#options
    const all = await hashed([...kept.entries()].filter(({ origin }) => origin !== 'index'))
    const keyOf = ({ hash, reading }: HashedDocument) => `${hash} ${keyOfReading(reading)}`
    const known = new Set(all.map(keyOf))
    let room = kept.maxBytes - all.reduce((sum, { document }) => sum + bytesOfDocument(document), 0)
    for (const name of there) {
      const file = await store.read(name)
      const { documents, reading } = (file && (await this.#readFile(name, file).catch(orUnusable))) ?? {}
      if (!documents || !reading) continue
      for (const one of documents.map((document) => ({ ...document, reading }))) {
        const key = keyOf(one)
        if (known.has(key)) continue
        room -= bytesOfDocument(one.document)
        if (room < 0) return all
        all.push(one)
        known.add(key)
      }
    }
    return all
  }

  /** As files of documents that were read in the same way. */
  async #filesOf(documents: readonly HashedDocument[]): Promise<Uint8Array[][]> {
    const groups = new Map<string, HashedDocument[]>()
    for (const one of documents) {
      const group = groups.get(keyOfReading(one.reading)) ?? []
      groups.set(keyOfReading(one.reading), group)
      group.push(one)
    }
    const files: Uint8Array[][] = []
    for (const group of groups.values()) files.push(writeIndex(await this.#options.factsOf((group[0] as HashedDocument).reading), group))
    return files
  }

  async #write(files: readonly Uint8Array[][]): Promise<void> {
    for (const pieces of files) this.#files.set(await this.#options.store.write(pieces), bytesOf([pieces]))
  }

  async #remove(name: string): Promise<void> {
    this.#files.delete(name)
    await this.#options.store.remove(name)
  }
}

interface HashedDocument extends IndexedDocument {
  reading: DocumentReading
}

async function hashed(
  documents: readonly { text: string | bigint; reading: DocumentReading; document: KeptDocument }[],
): Promise<HashedDocument[]> {
  const yieldToTasks = createTaskYield()
  const all: HashedDocument[] = []
  for (const { text, reading, document } of documents) {
    all.push({ hash: typeof text === 'string' ? hashOfText(text) : text, reading, document })
    await yieldToTasks()
  }
  return all
}

function keyOfReading({ maxLength, inPassages }: DocumentReading): string {
  return `${maxLength} ${inPassages}`
}

function bytesOf(files: readonly Uint8Array[][]): number {
  return files.flat().reduce((sum, { length }) => sum + length, 0)
}

/** A file that is of no use goes with the others. */
function orUnusable(error: unknown): undefined {
  if (!(error instanceof IndexError)) throw error
}

/** One that does not keep a process of Node's alive. */
function startTimer(run: () => void): ReturnType<typeof setTimeout> {
  const timer = setTimeout(run, QUIET_MS)
  ;(timer as { unref?: () => void }).unref?.()
  return timer
}
