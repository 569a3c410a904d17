import { BoundedMap } from '../bounded-map.js'
import type { PassageRange } from '../passages.js'
import { hashOfText } from '../text-hash.js'
import type { KeptText } from './kept-text.js'

/** Bytes of token states that are kept where nobody says how many. */
const DEFAULT_MAX_BYTES = 128 * 2 ** 20

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
  /** Of the text, once it was needed. */
  hash?: bigint
  /** How many loads there had been when it was last looked for among what was loaded. */
  comparedAt?: number
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
  #loads = 0

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
    if (this.#hashed === 0 || (own && !this.#isLoadedToo(text, own, call))) return own?.document
    return this.#claim(text, reading, call) ?? own?.document
  }

  /** Keep a document, unless there is no room for it beside what the same call uses. @returns whether it is kept */
  add(text: string, reading: DocumentReading, document: KeptDocument, call: number): boolean {
    return this.#set(text, { ...reading, document, origin: 'session' }, call)
  }

  /** Keep a document that was read elsewhere, by its text's hash. @returns whether it is kept */
  load(hash: bigint, reading: DocumentReading & { origin: Origin }, document: KeptDocument, call: number): boolean {
    this.#loads++
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

  /** Whether a document that was read here has been loaded since, all of it: that one outlives the session. */
  #isLoadedToo(text: string, own: Readings, call: number): boolean {
    if (own.origin !== 'session' || own.comparedAt === this.#loads) return false
    own.hash ??= hashOfText(text)
    const loaded = find(this.#documents.get(own.hash, call)?.value, own)
    if (!loaded) own.comparedAt = this.#loads
    return loaded !== undefined && takesPlaceOf(own, loaded)
  }

  /** The text of a loaded document has come: from now on it is found by that. */
  #claim(text: string, reading: DocumentReading, call: number): KeptDocument | undefined {
    const hash = hashOfText(text)
    const loaded = this.#documents.get(hash, call)?.value
    const document = find(loaded, reading)?.document
    if (!loaded || !document) return undefined
    this.#documents.delete(hash)
    this.#uncount(hash, loaded)
    for (const one of chainOf(loaded)) {
      if (fits(one.document, text) && !this.#set(text, one, call)) this.#set(hash, one, call)
    }
    return fits(document, text) ? document : undefined
  }

  /** Add a reading to those of a text. */
  #set(key: string | bigint, reading: Readings, call: number): boolean {
    const before = this.#documents.get(key, call)?.value
    const same = find(before, reading)
    if (same && !takesPlaceOf(same, reading)) return same.origin !== 'session' || reading.origin === 'session'
    const others = chainOf(before).filter((one) => one !== same)
    if (!this.#put(key, [reading, ...others], call)) return false
    if (!same) this.#size++
    if (typeof key === 'bigint' && !before) this.#hashed++
    return true
  }

  /** All readings of a text. */
  #put(key: string | bigint, readings: readonly Readings[], call: number): boolean {
    const chain = readings.reduceRight<Readings | undefined>((others, one) => ({ ...one, others }), undefined) as Readings
    const bytes = readings.reduce((sum, { document }) => sum + bytesOfDocument(document), typeof key === 'string' ? 2 * key.length : 0)
    return this.#documents.set(key, chain, bytes, call) !== undefined
  }

  #forget(isMeant: (readings: Readings) => boolean): void {
    for (const { key, value } of [...this.#documents.entries()]) {
      const all = chainOf(value)
      const rest = all.filter((one) => !isMeant(one))
      if (rest.length === all.length) continue
      if (rest.length > 0 && this.#put(key, rest, this.#documents.beginCall())) {
        this.#size -= all.length - rest.length
      } else {
        this.#documents.delete(key)
        this.#uncount(key, value)
      }
    }
  }

  #uncount(key: string | bigint, readings: Readings): void {
    this.#size -= chainOf(readings).length
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

/** A loaded document is better than one of this session's, once all of it is there. */
function takesPlaceOf(own: Readings, loaded: Readings): boolean {
  return own.origin === 'session' && loaded.origin !== 'session' && planesOf(loaded.document) >= planesOf(own.document)
}

/** Planes of codes that there are of all of a document. */
export function planesOf(document: KeptDocument): number {
  let planes = Number.POSITIVE_INFINITY
  for (const { kept } of document) planes = Math.min(planes, kept.planes)
  return planes
}

function find(readings: Readings | undefined, { maxLength, inPassages }: DocumentReading): Readings | undefined {
  for (let one = readings; one; one = one.others) {
    if (one.maxLength === maxLength && one.inPassages === inPassages) return one
  }
  return undefined
}

function chainOf(readings: Readings | undefined): Readings[] {
  const all: Readings[] = []
  for (let one = readings; one; one = one.others) all.push(one)
  return all
}
