import { BoundedMap } from '../bounded-map.js'
import type { PassageRange } from '../passages.js'
import { hashOfText } from '../text-hash.js'
import type { KeptText } from './kept-text.js'

/** Bytes of token states that are kept where nobody says how many. */
export const DEFAULT_MAX_BYTES = 128 * 2 ** 20

/** What a document and each of its parts cost beside text and codes, roughly: objects and entries of maps. */
const ENTRY_BYTES = 300
const PART_BYTES = 250

/** How documents are read: to which length, and whether as a whole or in passages. */
export interface DocumentReading {
  maxLength: number
  inPassages: boolean
}

/** A document that has been read: as a whole, or passage by passage. */
export type KeptDocument = readonly { kept: KeptText; range?: PassageRange }[]

/** Who read a document: this session, somebody who built an index, or an earlier visit. */
export type Origin = 'session' | 'index' | 'device'

/** What is kept of one text: a document for each way in which it was read. Mostly there is one way. */
interface Readings extends DocumentReading {
  document: KeptDocument
  origin: Origin
  others?: Readings
}

/**
 * Documents that have been read, by their text and how it was read, so that identical ones are read once. Those that were read
 * elsewhere are known by their text's hash until the text comes.
 */
export class KeptDocuments {
  readonly #documents: BoundedMap<string | bigint, Readings>
  #size = 0
  /** Those whose text has not come yet. */
  #hashed = 0

  constructor(maxBytes = DEFAULT_MAX_BYTES) {
    this.#documents = new BoundedMap(maxBytes, (key, readings) => this.#uncount(key, readings))
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#documents.bytes
  }

  get maxBytes(): number {
    return this.#documents.maxBytes
  }

  /** Documents kept. */
  get size(): number {
    return this.#size
  }

  /** Number of a new call, for `get`, `add` and `load`. */
  beginCall(): number {
    return this.#documents.beginCall()
  }

  get(text: string, reading: DocumentReading, call: number): KeptDocument | undefined {
    const own = find(this.#documents.get(text, call)?.value, reading)
    return own || this.#hashed === 0 ? own : this.#claim(text, reading, call)
  }

  /** Keep a document, unless there is no room for it beside what the same call uses. @returns whether it is kept */
  add(text: string, reading: DocumentReading, document: KeptDocument, call: number): boolean {
    return this.#set(text, { ...reading, document, origin: 'session' }, call)
  }

  /** Keep a document that was read elsewhere, by its text's hash. @returns whether it is kept */
  load(hash: bigint, reading: DocumentReading & { origin: Origin }, document: KeptDocument, call: number): boolean {
    return this.#set(hash, { ...reading, document }, call)
  }

  /** What is kept, by its texts or their hashes. */
  *entries(): Generator<{ text: string | bigint; reading: DocumentReading; document: KeptDocument; origin: Origin }> {
    for (const { key, value } of this.#documents.entries()) {
      for (let one: Readings | undefined = value; one; one = one.others) {
        const { maxLength, inPassages, document, origin } = one
        yield { text: key, reading: { maxLength, inPassages }, document, origin }
      }
    }
  }

  /** Forget texts that were read here; what was only read elsewhere stays. */
  forgetRead(): void {
    this.#forget(({ origin }) => origin === 'session')
  }

  /** Forget the texts of these documents. */
  forget(documents: ReadonlySet<KeptDocument>): void {
    if (documents.size > 0) this.#forget(({ document }) => documents.has(document))
  }

  clear(): void {
    this.#documents.clear()
    this.#size = 0
    this.#hashed = 0
  }

  /** The text of a loaded document has come: from now on it is found by that. */
  #claim(text: string, reading: DocumentReading, call: number): KeptDocument | undefined {
    const hash = hashOfText(text)
    const loaded = this.#documents.get(hash, call)?.value
    const document = find(loaded, reading)
    if (!loaded || !document) return undefined
    this.#documents.delete(hash)
    this.#uncount(hash, loaded)
    for (let one: Readings | undefined = loaded; one; one = one.others) {
      if (!fits(one.document, text)) continue
      const own = { ...one, others: undefined }
      if (!this.#set(text, own, call)) this.#set(hash, own, call)
    }
    return fits(document, text) ? document : undefined
  }

  #set(key: string | bigint, readings: Readings, call: number): boolean {
    const before = this.#documents.get(key, call)
    if (find(before?.value, readings)) return true
    const bytes = bytesOfDocument(readings.document) + (before?.bytes ?? (typeof key === 'string' ? 2 * key.length : 0))
    if (!this.#documents.set(key, { ...readings, others: before?.value }, bytes, call)) return false
    this.#size++
    if (typeof key === 'bigint' && !before) this.#hashed++
    return true
  }

  #forget(isMeant: (readings: Readings) => boolean): void {
    for (const { key, value } of [...this.#documents.entries()]) {
      let one: Readings | undefined = value
      while (one && !isMeant(one)) one = one.others
      if (!one) continue
      this.#documents.delete(key)
      this.#uncount(key, value)
    }
  }

  #uncount(key: string | bigint, readings: Readings): void {
    this.#size -= count(readings)
    if (typeof key === 'bigint') this.#hashed--
  }
}

/** Whether a document's passages are in the text: a file whose checksums are right may say anything. */
function fits(document: KeptDocument, text: string): boolean {
  return document.every(({ range }) => !range || (range.end <= text.length && (range.start < range.end || text === '')))
}

/** What it takes to keep a document, beside its text. */
export function bytesOfDocument(document: KeptDocument): number {
  return document.reduce((sum, { kept }) => sum + kept.codes.length + PART_BYTES, ENTRY_BYTES)
}

function find(readings: Readings | undefined, { maxLength, inPassages }: DocumentReading): KeptDocument | undefined {
  for (let one = readings; one; one = one.others) {
    if (one.maxLength === maxLength && one.inPassages === inPassages) return one.document
  }
  return undefined
}

function count(readings: Readings): number {
  let count = 0
  for (let one: Readings | undefined = readings; one; one = one.others) count++
  return count
}
