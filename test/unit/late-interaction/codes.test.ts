import { describe, expect, test } from 'vitest'
import { askQuery } from '../../../src/core/late-interaction/asked-query.js'
import type { Codes } from '../../../src/core/late-interaction/codes.js'
import { keepText, packText, unpackText } from '../../../src/core/late-interaction/kept-text.js'
import { sumUp } from '../../../src/core/late-interaction/sums.js'
import { logitOf, TERMS, termsOf, unitOf } from '../../../src/core/late-interaction/terms.js'
import { turnedUnitVectors } from '../../../src/core/late-interaction/turned-unit-vectors.js'
import type { TokenEmbeddings } from '../../../src/core/session.js'
import { readJson } from '../../reference/golden.js'

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
  weights: Record<(typeof TERMS)[number], number>
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
        expect(TERMS.map((term) => values[term])).toEqual(terms)
        expect(logitOf(values, vectors)).toBe(logit)
      },
    )
  },
)
