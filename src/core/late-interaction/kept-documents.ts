import { BoundedMap } from '../bounded-map.js'
import type { PassageRange } from '../passages.js'
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

/** What is kept of one text: a document for each way in which it was read. Mostly there is one way. */
interface Readings extends DocumentReading {
  document: KeptDocument
  others?: Readings
}

/** Documents that have been read, by their text and how it was read, so that identical ones are read once. */
export class KeptDocuments {
  readonly #texts: BoundedMap<string, Readings>
  #size = 0

  constructor(maxBytes = DEFAULT_MAX_BYTES) {
    this.#texts = new BoundedMap(maxBytes, (readings) => {
      this.#size -= count(readings)
    })
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#texts.bytes
  }

  get maxBytes(): number {
    return this.#texts.maxBytes
  }

  /** Documents kept. */
  get size(): number {
    return this.#size
  }

  /** Number of a new call, for `get` and `add`. */
  beginCall(): number {
    return this.#texts.beginCall()
  }

  get(text: string, reading: DocumentReading, call: number): KeptDocument | undefined {
    return find(this.#texts.get(text, call)?.value, reading)
  }

  /** Keep a document, unless there is no room for it beside what the same call uses. @returns whether it is kept */
  add(text: string, { maxLength, inPassages }: DocumentReading, document: KeptDocument, call: number): boolean {
    const before = this.#texts.get(text, call)
    if (find(before?.value, { maxLength, inPassages })) return true
    let bytes = ENTRY_BYTES + (before?.bytes ?? 2 * text.length)
    for (const { kept } of document) bytes += kept.codes.length + PART_BYTES
    const readings = { maxLength, inPassages, document, ...(before && { others: before.value }) }
    if (!this.#texts.set(text, readings, bytes, call)) return false
    this.#size++
    return true
  }

  clear(): void {
    this.#texts.clear()
    this.#size = 0
  }
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
