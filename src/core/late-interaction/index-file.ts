import { IndexError } from '../../errors.js'
import type { PassageRange } from '../passages.js'
import { Sha256 } from '../sha256.js'
import { readTextHash, TEXT_HASH_BYTES, writeTextHash } from '../text-hash.js'
import { createTaskYield } from '../yield-to-tasks.js'
import { EXACT_BITS } from './codes.js'
import { bytesOfDocument, type KeptDocument } from './kept-documents.js'
import { type KeptText, packPlane, planeBytes, unpackPlane } from './kept-text.js'

/*
 * The file of a built index (docs/index-file.md): a beginning, a header in JSON, then sections: a table of the documents, and
 * plane after plane of their codes, so that a reader can begin when the first has come.
 */

/** What an index was made by: it serves the same model alone. */
export interface IndexModel {
  id: string
  revision: string
  dtype: string
  /** SHA-256 of the files that documents are read by, by their paths. */
  files: Record<string, string>
  /** A hash of what the model does to texts beside that: markers, tokens left out, layers behind the encoder. */
  form: string
}

/** What an index says of itself. */
export interface IndexFacts {
  model: IndexModel
  codes: { dimensions: number; bits: number; step: number }
  /** Tokens that were read of a text or passage. */
  maxLength: number
  inPassages: boolean
}

interface Header extends IndexFacts {
  documents: number
  /** Texts and passages in all. */
  parts: number
  tokens: number
  sections: Section[]
}

interface Section {
  bytes: number
  sha256: string
}

export interface IndexedDocument {
  hash: bigint
  document: KeptDocument
}

const MAGIC = 'page-rerank index\n'
const VERSION = 1
/** Magic, version (uint32), bytes of the header (uint32), SHA-256 of the header. */
const START_BYTES = MAGIC.length + 4 + 4 + 32
const MAX_HEADER_BYTES = 2 ** 20
const DOCUMENT_BYTES = TEXT_HASH_BYTES + 4
const PART_BYTES = 8
const RANGE_BYTES = 8

/** Whether a file is an index, whatever its state, by its first bytes. */
export function beginsAsIndex(start: Uint8Array): boolean {
  return new TextDecoder().decode(start.subarray(0, MAGIC.length)) === MAGIC
}

/** An index as the bytes of its file. */
export function writeIndex(facts: IndexFacts, documents: readonly IndexedDocument[]): Uint8Array[] {
  const { dimensions, bits } = facts.codes
  const parts = documents.flatMap(({ document }) => document)
  const tokens = parts.reduce((sum, { kept }) => sum + kept.tokens, 0)
  const sections = [writeTable(documents, parts.length, facts.inPassages)]
  for (let plane = 0; plane < bits; plane++) {
    const section = new Uint8Array((tokens * dimensions) / 8)
    let at = 0
    for (const { kept } of parts) {
      packPlane(kept, plane, dimensions, section.subarray(at))
      at += (kept.tokens * dimensions) / 8
    }
    sections.push(section)
  }
  const header: Header = {
    ...facts,
    documents: documents.length,
    parts: parts.length,
    tokens,
    sections: sections.map((section) => ({ bytes: section.length, sha256: new Sha256().update(section).digest() })),
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const start = new Uint8Array(START_BYTES)
  start.set(new TextEncoder().encode(MAGIC))
  const view = new DataView(start.buffer)
  view.setUint32(MAGIC.length, VERSION, true)
  view.setUint32(MAGIC.length + 4, json.length, true)
  start.set(bytesOfHex(new Sha256().update(json).digest()), MAGIC.length + 8)
  return [start, json, ...sections]
}

function writeTable(documents: readonly IndexedDocument[], parts: number, inPassages: boolean): Uint8Array {
  const table = new Uint8Array(documents.length * DOCUMENT_BYTES + parts * partBytes(inPassages))
  const view = new DataView(table.buffer)
  let at = 0
  for (const { hash, document } of documents) {
    writeTextHash(hash, view, at)
    view.setUint32(at + TEXT_HASH_BYTES, document.length, true)
    at += DOCUMENT_BYTES
    for (const { kept, range } of document) {
      view.setUint32(at, kept.tokens, true)
      view.setFloat32(at + 4, kept.norm, true)
      if (inPassages) {
        view.setUint32(at + 8, range?.start ?? 0, true)
        view.setUint32(at + 12, range?.end ?? 0, true)
      }
      at += partBytes(inPassages)
    }
  }
  return table
}

function partBytes(inPassages: boolean): number {
  return PART_BYTES + (inPassages ? RANGE_BYTES : 0)
}

/** What is done with an index as it arrives. */
export interface IndexUse {
  /** Name of the file, for messages. */
  name: string
  /** Called with what it says of itself, before anything else is read. @throws IndexError where it cannot be used */
  accept(facts: IndexFacts): Promise<void> | void
  /** Called with all documents when the first plane of their codes is there; the others are filled in as they come. */
  take(documents: readonly IndexedDocument[], facts: IndexFacts): Promise<void> | void
  /** Bytes of memory that may be kept. */
  maxBytes: number
}

/** Bytes of a piece that are looked at before other tasks get their turn. */
const PIECE_BYTES = 2 ** 18

/** One after the other, an index consists of these. */
interface Part {
  bytes: Uint8Array
  sha256: string
}

/** Reads an index piece by piece. Whatever it uses of one has been verified. */
export class IndexReader {
  readonly #use: IndexUse
  readonly #read: AsyncGenerator<number, void, Part>
  readonly #yieldToTasks = createTaskYield()
  /** The part that is being filled. */
  #part = new Uint8Array(0)
  #filled = 0
  #hash = new Sha256()
  #isStarted = false
  /** Set once all of it is there. */
  #isWhole = false
  /** Bytes taken so far. */
  length = 0
  /** Bytes of all of it, 0 until they are known. */
  total = 0
  documents = 0

  constructor(use: IndexUse) {
    this.#use = use
    this.#read = this.#parts()
  }

  /** @throws IndexError (`index-invalid`), and what `accept` and `take` throw */
  async push(bytes: Uint8Array): Promise<void> {
    if (!this.#isStarted) {
      this.#isStarted = true
      await this.#next()
    }
    for (let at = 0; at < bytes.length; ) {
      if (this.#isWhole) throw this.#invalid('has bytes behind its end')
      const piece = bytes.subarray(at, at + Math.min(PIECE_BYTES, this.#part.length - this.#filled))
      this.#part.set(piece, this.#filled)
      this.#hash.update(piece)
      this.#filled += piece.length
      this.length += piece.length
      at += piece.length
      while (!this.#isWhole && this.#filled === this.#part.length) await this.#next()
      await this.#yieldToTasks()
    }
  }

  /** There are no more bytes. @throws IndexError (`index-invalid`) where some are missing */
  end(): void {
    if (this.#isWhole) return
    const all = this.total > 0 ? ` of ${this.total}` : ''
    throw this.#invalid(this.length === 0 ? 'is empty' : `is cut short after ${this.length}${all} bytes`)
  }

  /** The part is full: it is read, and says how long the next one is. */
  async #next(): Promise<void> {
    const { value, done } = await this.#read.next({ bytes: this.#part, sha256: this.#hash.digest() })
    this.#isWhole = done === true
    if (value === undefined) return
    this.#hash = new Sha256()
    this.#filled = 0
    try {
      this.#part = new Uint8Array(value)
    } catch {
      throw this.#tooLarge(value)
    }
  }

  /** Asks for the parts of the file one after the other, by their lengths. */
  async *#parts(): AsyncGenerator<number, void, Part> {
    const start = this.#readStart((yield START_BYTES).bytes)
    const json = yield start.bytes
    if (json.sha256 !== start.sha256) throw this.#damaged('header')
    const header = this.#readHeader(json.bytes)
    const { codes, sections } = header
    await this.#use.accept(header)
    const needed = sections.reduce((sum, { bytes }) => sum + bytes, 0)
    if (needed > this.#use.maxBytes) throw this.#tooLarge(needed)
    this.total = this.length + needed
    this.documents = header.documents

    const table = yield (sections[0] as Section).bytes
    if (table.sha256 !== sections[0]?.sha256) throw this.#damaged('table')
    const documents = this.#readTable(table.bytes, header)
    const texts = documents.flatMap(({ document }) => document.map(({ kept }) => kept))
    for (let plane = 0; plane < codes.bits; plane++) {
      const section = sections[plane + 1] as Section
      const { bytes, sha256 } = yield section.bytes
      if (sha256 !== section.sha256) throw this.#damaged(`plane ${plane + 1}`)
      let at = 0
      for (const text of texts) {
        unpackPlane(bytes.subarray(at), text, plane, codes.dimensions)
        at += (text.tokens * codes.dimensions) / 8
        await this.#yieldToTasks()
      }
      for (const text of texts) text.planes = plane + 1
      if (plane === 0) await this.#use.take(documents, header)
    }
  }

  #readStart(start: Uint8Array): { bytes: number; sha256: string } {
    const magic = new TextDecoder().decode(start.subarray(0, MAGIC.length))
    if (magic !== MAGIC) {
      const what = /^\s*<(!doctype|html)/i.test(magic) ? 'is an HTML page, no index' : 'is no index of page-rerank'
      throw this.#invalid(`${what}: it does not begin as one`)
    }
    const view = new DataView(start.buffer)
    const version = view.getUint32(MAGIC.length, true)
    if (version !== VERSION) {
      throw this.#invalid(`is of version ${version} of the format, and this page-rerank reads version ${VERSION}`)
    }
    const bytes = view.getUint32(MAGIC.length + 4, true)
    if (bytes === 0 || bytes > MAX_HEADER_BYTES) throw this.#invalid(`is damaged: its header would have ${bytes} bytes`)
    return { bytes, sha256: hexOf(start.subarray(MAGIC.length + 8)) }
  }

  /** Its checksum is right; what it says may still be anything. */
  #readHeader(json: Uint8Array): Header {
    let value: unknown
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
    } catch {
      // Said below.
    }
    const header = readHeader(value)
    if (!header) throw this.#invalid('has a header that says nothing usable')
    return header
  }

  #readTable(table: Uint8Array, { documents, parts, tokens, codes, maxLength, inPassages }: Header): IndexedDocument[] {
    const view = new DataView(table.buffer)
    const refuse = () => this.#invalid('has a table that does not agree with its header')
    const read: IndexedDocument[] = []
    let [at, partsLeft, tokensLeft, bytes] = [0, parts, tokens, 0]
    for (let i = 0; i < documents; i++) {
      const hash = readTextHash(view, at)
      const count = view.getUint32(at + TEXT_HASH_BYTES, true)
      at += DOCUMENT_BYTES
      partsLeft -= count
      // Those of the documents behind it need their bytes too.
      if (count === 0 || (!inPassages && count > 1) || partsLeft < documents - i - 1) throw refuse()
      const document: { kept: KeptText; range?: PassageRange }[] = []
      for (let part = 0; part < count; part++) {
        const partTokens = view.getUint32(at, true)
        const norm = view.getFloat32(at + 4, true)
        tokensLeft -= partTokens
        if (partTokens === 0 || partTokens > maxLength || tokensLeft < 0 || !(norm >= 0 && norm < Number.POSITIVE_INFINITY)) throw refuse()
        const kept = { tokens: partTokens, norm, codes: new Uint8Array(codes.bits * planeBytes(partTokens, codes.dimensions)), planes: 0 }
        const range = inPassages ? { start: view.getUint32(at + 8, true), end: view.getUint32(at + 12, true) } : undefined
        if (range && range.start > range.end) throw refuse()
        document.push({ kept, ...(range && { range }) })
        at += partBytes(inPassages)
      }
      bytes += bytesOfDocument(document)
      if (bytes > this.#use.maxBytes) throw this.#tooLarge(bytes)
      read.push({ hash, document })
    }
    if (partsLeft !== 0 || tokensLeft !== 0) throw refuse()
    return read
  }

  #tooLarge(bytes: number): IndexError {
    return new IndexError(
      'does-not-fit',
      `${this.#use.name} takes more than ${Math.floor(bytes / 1e6)} MB of memory, and ${Math.floor(this.#use.maxBytes / 1e6)} MB may be kept. Raise states.maxBytes of createReranker, or index fewer documents.`,
      { file: this.#use.name },
    )
  }

  #damaged(what: string): IndexError {
    return this.#invalid(`is damaged: its ${what} does not have the SHA-256 that it should`)
  }

  #invalid(why: string): IndexError {
    return new IndexError(
      'index-invalid',
      `${this.#use.name} ${why}. Documents are read as they are needed; build it again with "page-rerank index", and check the upload.`,
      { file: this.#use.name },
    )
  }
}

/** @returns undefined for what no index of ours would say */
function readHeader(value: unknown): Header | undefined {
  const { model, codes, maxLength, inPassages, documents, parts, tokens, sections } = object(value)
  const { id, revision, dtype, files, form } = object(model)
  const { dimensions, bits, step } = object(codes)
  const isCount = (one: unknown, max: number): one is number => Number.isInteger(one) && (one as number) >= 0 && (one as number) <= max
  const isText = (one: unknown): one is string => typeof one === 'string' && one.length <= 1000
  if (!isText(id) || !isText(revision) || !isText(dtype) || !isText(form)) return undefined
  const hashes = Object.entries(object(files))
  if (hashes.length > 100 || !hashes.every(([path, hash]) => isText(path) && isText(hash))) return undefined
  if (!isCount(dimensions, 4096) || dimensions === 0 || dimensions % 8 !== 0) return undefined
  if (!isCount(bits, EXACT_BITS) || bits === 0 || typeof step !== 'number') return undefined
  if (!isCount(maxLength, 2 ** 22) || typeof inPassages !== 'boolean') return undefined
  if (!isCount(documents, 2 ** 31) || !isCount(parts, 2 ** 31) || !isCount(tokens, 2 ** 40)) return undefined
  const expected = [documents * DOCUMENT_BYTES + parts * partBytes(inPassages), ...Array(bits).fill((tokens * dimensions) / 8)]
  if (!Array.isArray(sections) || sections.length !== expected.length) return undefined
  const read = sections.map((section) => ({ bytes: object(section).bytes as number, sha256: object(section).sha256 as string }))
  if (!read.every(({ bytes, sha256 }, i) => bytes === expected[i] && isText(sha256))) return undefined
  return {
    model: { id, revision, dtype, files: Object.fromEntries(hashes) as Record<string, string>, form },
    codes: { dimensions, bits, step },
    maxLength,
    inPassages,
    documents,
    parts,
    tokens,
    sections: read,
  }
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}
