import { describe, expect, test } from 'vitest'
import {
  type IndexedDocument,
  type IndexFacts,
  IndexReader,
  type IndexUse,
  writeIndex,
} from '../../../src/core/late-interaction/index-file.js'
import { keepText, packText } from '../../../src/core/late-interaction/kept-text.js'
import { Sha256 } from '../../../src/core/sha256.js'
import { hashOfText, readTextHash, writeTextHash } from '../../../src/core/text-hash.js'
import { mutateBytes, mutateJson } from '../../support/mutate.js'
import { Random } from '../../support/random.js'

/** Bytes in front of the version. */
const START = 'page-rerank index\n'.length

const random = new Random(11)
const FACTS: IndexFacts = {
  model: { id: 'fake', revision: '1', dtype: 'q8', files: { 'tokenizer.json': 'aa' }, form: '' },
  codes: { dimensions: 64, bits: 2, step: 0.9957 },
  maxLength: 256,
  inPassages: false,
}
const codes = { ...FACTS.codes, scales: [1, 1], rarity: new Uint8Array(0) }

function part(tokens: number, dimensions = 64) {
  const data = Float32Array.from({ length: tokens * dimensions }, () => random.next() - 0.5)
  return keepText({ tokens, data }, { ...codes, dimensions })
}

const whole = (text: string, tokens: number): IndexedDocument => ({ hash: hashOfText(text), document: [{ kept: part(tokens) }] })
const documents = [whole('a', 1), whole('b', 16), whole('c', 17), whole('d', 55)]
const join = (pieces: Uint8Array[]) => Uint8Array.from(Buffer.concat(pieces))

/** What a reader makes of an index. */
async function read(bytes: Uint8Array, { pieceBytes = bytes.length, ...given }: Partial<IndexUse> & { pieceBytes?: number } = {}) {
  let taken: readonly IndexedDocument[] = []
  /** When they could be used: bytes read by then, and planes that were there. */
  const first = { bytes: 0, planes: 0 }
  const reader: IndexReader = new IndexReader({
    name: 'docs.index',
    maxBytes: 1e6,
    accept: () => undefined,
    take: (documents) => {
      taken = documents
      Object.assign(first, { bytes: reader.length, planes: documents[0]?.document[0]?.kept.planes })
    },
    ...given,
  })
  for (let at = 0; at < bytes.length; at += pieceBytes) await reader.push(bytes.subarray(at, at + pieceBytes))
  reader.end()
  return { taken, first, reader }
}

const refusal = (bytes: Uint8Array, use?: Partial<IndexUse>) =>
  read(bytes, use).then(
    () => undefined,
    (error: Error & { code?: string }) => error,
  )

describe('an index', () => {
  const bytes = join(writeIndex(FACTS, documents))

  test.each([1, 7, 4096, 1e6])('comes out as it went in, in pieces of %i bytes', async (pieceBytes) => {
    let facts: IndexFacts | undefined
    const { taken, reader } = await read(bytes, {
      pieceBytes,
      accept: (given) => {
        facts = given
      },
    })
    expect(facts).toMatchObject(FACTS)
    expect(taken).toEqual(documents)
    expect([reader.length, reader.total, reader.documents]).toEqual([bytes.length, bytes.length, 4])
  })

  test('is the same file whenever it is made of the same documents', () => {
    expect(join(writeIndex(FACTS, documents))).toEqual(bytes)
  })

  test('of passages keeps their places', async () => {
    const passages = {
      hash: hashOfText('long'),
      document: [0, 1, 2].map((i) => ({ kept: part(20 + i), range: { start: 90 * i, end: 90 * i + 100 } })),
    }
    const { taken } = await read(join(writeIndex({ ...FACTS, inPassages: true }, [passages, passages])))
    expect(taken).toEqual([passages, passages])
  })

  test('of nothing is one, too', async () => {
    const { taken, reader } = await read(join(writeIndex(FACTS, [])))
    expect(taken).toEqual([])
    expect(reader.total).toBe(reader.length)
  })

  test('can be used when its first plane is there: at most 60 bytes a token', async () => {
    const facts = { ...FACTS, codes: { ...FACTS.codes, dimensions: 384 } }
    const many = Array.from({ length: 200 }, (_, i) => ({ hash: BigInt(i), document: [{ kept: part(55, 384) }] }))
    const { first, taken } = await read(join(writeIndex(facts, many)), { maxBytes: 1e8, pieceBytes: 1000 })
    expect(first.planes).toBe(1)
    expect(first.bytes / (200 * 55)).toBeLessThanOrEqual(60)
    expect(taken).toEqual(many)
  })
})

describe('is refused', () => {
  const bytes = join(writeIndex(FACTS, documents))

  test('cut short anywhere', async () => {
    for (let length = 0; length < bytes.length; length += 1 + random.below(40)) {
      expect(await refusal(bytes.subarray(0, length)), `${length} bytes`).toMatchObject({
        name: 'IndexError',
        code: 'index-invalid',
        file: 'docs.index',
        message: expect.stringMatching(length === 0 ? /is empty/ : /cut short after \d+/),
      })
    }
  })

  test('with bytes behind its end', async () => {
    expect(await refusal(join([bytes, Uint8Array.of(0)]))).toMatchObject({ code: 'index-invalid' })
  })

  test('with any bit of it changed', async () => {
    for (let round = 0; round < 400; round++) {
      const damaged = bytes.slice()
      const at = round < bytes.length && round < 150 ? round : random.below(bytes.length)
      damaged[at] = (damaged[at] as number) ^ (1 << random.below(8))
      expect(await refusal(damaged), `byte ${at}`).toMatchObject({ name: 'IndexError', code: 'index-invalid' })
    }
  })

  test('in whatever way its bytes are mixed up', async () => {
    for (let round = 0; round < 300; round++) {
      const mixed = mutateBytes(bytes, random)
      if (Buffer.compare(mixed, bytes) === 0) continue
      expect(await refusal(mixed), `round ${round}`).toMatchObject({ name: 'IndexError' })
    }
  })

  test('with a header that says anything else, its checksum being right', async () => {
    const header = headerOf(bytes)
    let refused = 0
    for (let round = 0; round < 600; round++) {
      const said = mutateJson(header, random)
      if (!isJson(said)) continue
      const error = await refusal(withHeader(bytes, said))
      if (error) {
        expect(error, JSON.stringify(said)?.slice(0, 500)).toMatchObject({ name: 'IndexError' })
        refused++
      } else {
        // What was changed says nothing of the sections.
        expect(said).toMatchObject({ documents: 4, parts: 4, tokens: 89, codes: { dimensions: 64, bits: 2 } })
      }
    }
    expect(refused).toBeGreaterThan(300)
  })

  test('with a table that says anything else, its checksum being right', async () => {
    const header = headerOf(bytes)
    const [tableBytes = 0] = header.sections.map((section) => section.bytes)
    const start = bytes.length - header.sections.reduce((sum, section) => sum + section.bytes, 0)
    for (let round = 0; round < 400; round++) {
      const odd = bytes.slice()
      const table = odd.subarray(start, start + tableBytes)
      for (let changes = 1 + random.below(3); changes > 0; changes--) table[random.below(tableBytes)] = random.below(256)
      const sections = [{ bytes: tableBytes, sha256: new Sha256().update(table).digest() }, ...header.sections.slice(1)]
      const outcome = await read(withHeader(odd, { ...header, sections })).catch((error: Error) => error)
      if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'IndexError', code: 'index-invalid' })
      else {
        // Hashes and norms may be anything; tokens are those of the planes.
        expect(outcome.taken.flatMap(({ document }) => document.map(({ kept }) => kept.tokens)).reduce((a, b) => a + b)).toBe(89)
        for (const { document } of outcome.taken) for (const { kept } of document) expect(packText(kept, codes).length).toBeGreaterThan(8)
      }
    }
  })

  const newer = bytes.slice()
  newer[START] = 2
  test.each([
    [
      'an HTML page',
      Buffer.from('<!doctype html><html lang="en"><title>not found</title></html>'.padEnd(200)),
      /is an HTML page, no index/,
    ],
    ['JSON', Buffer.from('{"documents": []}'.padEnd(200)), /is no index of page-rerank/],
    ['of a newer format', newer, /version 2 .* reads version 1/],
  ])('where it is something else: %s', async (_, content, message) => {
    expect(await refusal(content)).toMatchObject({ code: 'index-invalid', message: expect.stringMatching(message) })
  })

  test('where it does not fit, before more of it is read', async () => {
    expect(await refusal(bytes, { maxBytes: 1000 })).toMatchObject({
      code: 'does-not-fit',
      message: expect.stringMatching(/states\.maxBytes/),
    })
    const header = { ...headerOf(bytes), documents: 2 ** 30, parts: 2 ** 30, tokens: 2 ** 30 }
    const sections = [28 * 2 ** 30, 8 * 2 ** 30, 8 * 2 ** 30].map((size) => ({ bytes: size, sha256: '' }))
    for (const maxBytes of [1e9, Number.POSITIVE_INFINITY]) {
      expect(await refusal(withHeader(bytes, { ...header, sections }), { maxBytes })).toMatchObject({ code: 'does-not-fit' })
    }
  })

  test('by who uses it: nothing more is read', async () => {
    const error = new Error('another model')
    const accept = () => {
      throw error
    }
    expect(await refusal(bytes.subarray(0, 600), { accept })).toBe(error)
  })
})

describe('a text’s hash', () => {
  test('is the beginning of the SHA-256 of its code units, and comes back from its bytes', () => {
    // printf 'a\\0b\\0' | sha256sum
    expect(hashOfText('ab').toString(16)).toBe('8fb20ef63ced4145fc2e983ffe597d1d')
    const view = new DataView(new ArrayBuffer(20))
    for (const text of ['', 'ab', '\ud800', '\udc00', 'ä', '文']) {
      writeTextHash(hashOfText(text), view, 3)
      expect(readTextHash(view, 3)).toBe(hashOfText(text))
    }
  })

  test('tells all texts apart, halves of characters too', () => {
    const texts = ['', ' ', 'a', 'A', 'a ', '\ud800', '\udc00', '\ufffd', 'e\u0301', 'é', '\u0000', '\u0000\u0000']
    expect(new Set(texts.map(hashOfText)).size).toBe(texts.length)
  })
})

/** Mutations may tie knots. */
function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}

interface Header {
  documents: number
  sections: { bytes: number; sha256: string }[]
}

function headerOf(bytes: Uint8Array): Header {
  const length = new DataView(bytes.buffer).getUint32(START + 4, true)
  return JSON.parse(new TextDecoder().decode(bytes.subarray(START + 40, START + 40 + length)))
}

/** The same sections behind another header, whose checksum is right. */
function withHeader(bytes: Uint8Array, header: unknown): Uint8Array {
  const before = new DataView(bytes.buffer).getUint32(START + 4, true)
  const json = new TextEncoder().encode(JSON.stringify(header))
  const start = bytes.slice(0, START + 40)
  new DataView(start.buffer).setUint32(START + 4, json.length, true)
  start.set(Buffer.from(new Sha256().update(json).digest(), 'hex'), START + 8)
  return join([start, json, bytes.subarray(START + 40 + before)])
}
