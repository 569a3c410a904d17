import { describe, expect, test } from 'vitest'
import { askQuery } from '../../../src/core/late-interaction/asked-query.js'
import { type Codes, exactCodes } from '../../../src/core/late-interaction/codes.js'
import { keepText, packText, unpackText } from '../../../src/core/late-interaction/kept-text.js'
import { sumUp } from '../../../src/core/late-interaction/sums.js'
import { logitOf, type Term, termsOf, unitOf } from '../../../src/core/late-interaction/terms.js'
import { turnedUnitVectors, unitVectors } from '../../../src/core/late-interaction/turned-unit-vectors.js'
import type { TokenEmbeddings } from '../../../src/core/session.js'
import { readJson } from '../../reference/golden.js'
import { Random } from '../../support/random.js'

/** What training/codes.py made of small random embeddings, for one width and number of bits. */
interface Group {
  dimensions: number
  bits: number
  step: number
  scales: number[]
  /** The second document's unit vectors, turned. */
  turned: number[][]
  documents: { embeddings: number[][]; kept: string }[]
  queries: { embeddings: number[][]; rarities: number[]; rows: number[][]; weights: number[]; step: number }[]
  cases: { query: number; document: number; bits: number; terms: number[]; logit: number }[]
}

interface Vectors {
  termNames: Term[]
  weights: Partial<Record<Term, number>>
  scale: number
  shift: number
  groups: Group[]
}

const vectors = readJson('test/reference/late-interaction/codes.json') as Vectors
const embeddings = (rows: number[][]): TokenEmbeddings => ({ tokens: rows.length, data: Float32Array.from(rows.flat()) })
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

describe.each(vectors.groups.map((group) => [group.dimensions, group.bits, group] as const))(
  'codes of %i dimensions and %i bits, as the Python reference makes them',
  (_dimensions, _bits, { dimensions, bits, step, scales, turned, documents, queries, cases }) => {
    const codes: Codes = { dimensions, bits, step, scales, rarity: Uint8Array.from(queries.flatMap(({ rarities }) => rarities)) }
    /** A query's ids, by which its tokens find their rarities. */
    const idsOf = (query: number) => {
      const before = queries.slice(0, query).reduce((sum, { rarities }) => sum + rarities.length, 0)
      return (queries[query] as Group['queries'][number]).rarities.map((_, i) => before + i)
    }
    const ask = (query: number) => askQuery(embeddings((queries[query] as Group['queries'][number]).embeddings), idsOf(query), codes)
    const keep = (document: number) => keepText(embeddings((documents[document] as Group['documents'][number]).embeddings), codes)

    test('unit vectors, turned', () => {
      const second = documents[1] as Group['documents'][number]
      expect(Array.from(turnedUnitVectors(embeddings(second.embeddings), dimensions))).toEqual(turned.flat())
    })

    test.each(documents.map(({ kept }, i) => [i, kept] as const))('document %i, to the byte and back', (i, expected) => {
      const kept = keep(i)
      const packed = packText(kept, codes)
      expect(hex(packed)).toBe(expected)
      expect(unpackText(packed, codes)).toEqual(kept)
      expect(unpackText(packed.slice(0, -1), codes)).toBeUndefined()
    })

    test.each(queries.map((query, i) => [i, query] as const))('query %i', (i, { rows, weights, step }) => {
      const asked = ask(i)
      expect(Array.from(asked.values)).toEqual(rows.flat())
      expect(Array.from(asked.weights)).toEqual(weights)
      expect(asked.step).toBe(step)
    })

    test.each(cases.map((one, i) => [i, one] as const))(
      'terms and logit of case %i, to the bit',
      (_, { query, document, bits, terms, logit }) => {
        const asked = ask(query)
        const text = keep(document)
        const [sums] = sumUp(asked, [text], bits)
        const values = termsOf(sums as NonNullable<typeof sums>, asked, text, unitOf(asked, codes, bits))
        expect(vectors.termNames.map((term) => values[term])).toEqual(terms)
        expect(logitOf(values, vectors)).toBe(logit)
      },
    )
  },
)

describe('embeddings kept exactly', () => {
  const random = new Random(5)
  const dimensions = 48
  const codes = exactCodes(dimensions)
  const randomText = (tokens: number): TokenEmbeddings => ({
    tokens,
    data: Float32Array.from({ length: tokens * dimensions }, () => random.below(2001) / 1000 - 1),
  })
  /** One of them points where nothing else does: its integers are as large as they can be. */
  const withExtreme = (text: TokenEmbeddings): TokenEmbeddings => {
    text.data.fill(0, 0, dimensions)
    text.data[7] = -5
    return text
  }
  const query = withExtreme(randomText(9))
  const document = withExtreme(randomText(21))
  const asked = askQuery(
    query,
    Array.from({ length: 9 }, (_, i) => i),
    codes,
  )
  const kept = keepText(document, codes)

  test('the sum of the largest similarities is that of floats', () => {
    const [q, d] = [unitVectors(query, dimensions), unitVectors(document, dimensions)]
    const dot = (a: number, b: number) => {
      let sum = 0
      for (let i = 0; i < dimensions; i++) sum += (q[a * dimensions + i] as number) * (d[b * dimensions + i] as number)
      return sum
    }
    const places = (count: number) => Array.from({ length: count }, (_, i) => i)
    const expected = places(9).reduce((sum, row) => sum + Math.max(...places(21).map((token) => dot(row, token))), 0)
    const [sums] = sumUp(asked, [kept], codes.bits)
    const { sum, cos } = termsOf(sums as NonNullable<typeof sums>, asked, kept, unitOf(asked, codes, codes.bits))
    expect(sum).toBeCloseTo(expected, 3)
    expect(Math.abs(sum - expected)).toBeLessThan(9 * 1e-4)
    expect(Math.abs(cos)).toBeLessThanOrEqual(1)
  })

  test('as bytes and back', () => {
    const packed = packText(kept, codes)
    expect(packed).toHaveLength(8 + 21 * dimensions * 2)
    expect(unpackText(packed, codes)).toEqual(kept)
    expect(unpackText(packed.slice(0, -2), codes)).toBeUndefined()
  })
})
