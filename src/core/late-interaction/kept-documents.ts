import type { PassageRange } from '../passages.js'
import type { KeptText } from './kept-text.js'

/** Bytes of token states that are kept where nobody says how many. */
export const DEFAULT_MAX_BYTES = 128 * 2 ** 20

/** What a document costs beside its codes: its key and an entry of the map, roughly. */
const ENTRY_BYTES = 200

/** A document that has been read: as a whole, or passage by passage. */
export type KeptDocument = readonly { kept: KeptText; range?: PassageRange }[]

interface Entry {
  document: KeptDocument
  bytes: number
  /** Number of the call that used it last. */
  call: number
}

/**
 * Documents that have been read, by their text, so that identical ones are read once. Kept under a budget: what was not used for
 * the longest time goes first, but never what the call that asks for room uses itself, since a corpus larger than the budget
 * would then be read anew from its first document to its last at every call.
 */
export class KeptDocuments {
  readonly maxBytes: number
  readonly #entries = new Map<string, Entry>()
  #bytes = 0
  #calls = 0

  constructor(maxBytes = DEFAULT_MAX_BYTES) {
    this.maxBytes = maxBytes
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#bytes
  }

  /** Documents kept. */
  get size(): number {
    return this.#entries.size
  }

  /** Number of a new call, for `get` and `add`. */
  beginCall(): number {
    return ++this.#calls
  }

  get(key: string, call: number): KeptDocument | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (entry.call !== call) {
      entry.call = call
      // Entries stay in the order of their last use.
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    return entry.document
  }

  /** Keep a document, unless there is no room for it beside what the same call uses. @returns whether it is kept */
  add(key: string, document: KeptDocument, call: number): boolean {
    if (this.#entries.has(key)) return true
    const codes = document.flatMap(({ kept }) => kept.planes).reduce((sum, { length }) => sum + length, 0)
    const bytes = codes + 2 * key.length + ENTRY_BYTES
    if (bytes > this.maxBytes) return false
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes + bytes <= this.maxBytes || entry.call === call) break
      this.#entries.delete(oldest)
      this.#bytes -= entry.bytes
    }
    if (this.#bytes + bytes > this.maxBytes) return false
    this.#entries.set(key, { document, bytes, call })
    this.#bytes += bytes
    return true
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }
}
