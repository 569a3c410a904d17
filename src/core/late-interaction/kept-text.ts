import type { TokenEmbeddings } from '../session.js'
import { type Codes, EXACT_BITS, EXACT_STEP, isExact } from './codes.js'
import { lengthOf, sumOfRows, turnedUnitVectors, unitVectors } from './turned-unit-vectors.js'

/** Tokens that lie together, so that a kernel can look at 16 of them at a time. */
export const BLOCK = 16

/** What is kept of a text: enough to score it for any query, 48 bytes a token and bit with 384 dimensions. */
export interface KeptText {
  /** Tokens, `[CLS]` and `[SEP]` among them. */
  tokens: number
  /** Length of the sum of its unit vectors, as a float32. */
  norm: number
  /**
   * Planes of equal length, a bit of every code each, the highest first. A plane is in blocks of 16 tokens: `dimensions / 8` times
   * 16 bytes; byte `j · 16 + t` has the dimensions `8j … 8j + 7` of token `t`, the first as its lowest bit. The last block is
   * filled up with zeros. Of embeddings that are kept exactly the bytes lie the same way: a token's `dimensions` int16,
   * little-endian, are cut into 16 equal pieces, and each takes the place of a plane's bytes.
   */
  codes: Uint8Array
  /** How many of the planes are there: all of them, except while an index arrives. */
  planes: number
}

/** Round a text's token embeddings to codes. */
export function keepText(embeddings: TokenEmbeddings, codes: Codes): KeptText {
  return isExact(codes) ? keepExactly(embeddings, codes) : keepInFewBits(embeddings, codes)
}

function keepExactly(embeddings: TokenEmbeddings, { dimensions }: Codes): KeptText {
  const { tokens } = embeddings
  const vectors = unitVectors(embeddings, dimensions)
  const values = new DataView(new ArrayBuffer(2 * dimensions))
  const codes = new Uint8Array(EXACT_BITS * planeBytes(tokens, dimensions))
  for (let token = 0; token < tokens; token++) {
    for (let i = 0; i < dimensions; i++) {
      values.setInt16(2 * i, Math.floor((vectors[token * dimensions + i] as number) / EXACT_STEP + 0.5), true)
    }
    for (const [i, place] of exactPlaces(tokens, token, dimensions)) codes[place] = values.getUint8(i)
  }
  return { tokens, norm: Math.fround(lengthOf(sumOfRows(vectors, dimensions))), codes, planes: EXACT_BITS }
}

/** The integers of embeddings that are kept exactly, token by token. */
export function exactValues({ tokens, codes }: Pick<KeptText, 'tokens' | 'codes'>, dimensions: number): Int16Array {
  const bytes = new DataView(new ArrayBuffer(2 * tokens * dimensions))
  for (let token = 0; token < tokens; token++) {
    const start = 2 * token * dimensions
    for (const [i, place] of exactPlaces(tokens, token, dimensions)) bytes.setUint8(start + i, codes[place] as number)
  }
  return Int16Array.from({ length: tokens * dimensions }, (_, i) => bytes.getInt16(2 * i, true))
}

/** Of each of a token's bytes: which it is, and where it lies. */
function* exactPlaces(tokens: number, token: number, dimensions: number): Generator<[number, number]> {
  const piece = dimensions / 8
  for (let plane = 0; plane < EXACT_BITS; plane++) {
    const start = plane * planeBytes(tokens, dimensions) + placeOf(token, dimensions)
    for (let j = 0; j < piece; j++) yield [plane * piece + j, start + j * BLOCK]
  }
}

function keepInFewBits(embeddings: TokenEmbeddings, { dimensions, bits, step }: Codes): KeptText {
  const { tokens } = embeddings
  const vectors = turnedUnitVectors(embeddings, dimensions)
  const length = planeBytes(tokens, dimensions)
  const codes = new Uint8Array(bits * length)
  const factor = Math.sqrt(dimensions) / step
  const half = 2 ** (bits - 1)
  const clipped = new Uint8Array(dimensions)
  for (let token = 0; token < tokens; token++) {
    for (let i = 0; i < dimensions; i++) {
      const code = Math.floor((vectors[token * dimensions + i] as number) * factor) + half
      clipped[i] = code < 0 ? 0 : code > 2 * half - 1 ? 2 * half - 1 : code
    }
    for (let plane = 0; plane < bits; plane++) {
      const shift = bits - 1 - plane
      let at = plane * length + placeOf(token, dimensions)
      for (let i = 0; i < dimensions; i += 8) {
        let byte = 0
        for (let j = 0; j < 8; j++) byte |= (((clipped[i + j] as number) >> shift) & 1) << j
        codes[at] = byte
        at += BLOCK
      }
    }
  }
  return { tokens, norm: Math.fround(lengthOf(sumOfRows(vectors, dimensions))), codes, planes: bits }
}

/** Bytes of a plane. */
export function planeBytes(tokens: number, dimensions: number): number {
  return Math.ceil(tokens / BLOCK) * BLOCK * (dimensions / 8)
}

/** Where a token's first byte is in a plane; its next is 16 bytes on. */
export function placeOf(token: number, dimensions: number): number {
  return Math.floor(token / BLOCK) * BLOCK * (dimensions / 8) + (token % BLOCK)
}

/** A plane as bytes that do not depend on how a kernel wants them: token by token. */
export function packPlane(
  { tokens, codes }: Pick<KeptText, 'tokens' | 'codes'>,
  plane: number,
  dimensions: number,
  into: Uint8Array,
): void {
  const bytes = dimensions / 8
  const start = plane * planeBytes(tokens, dimensions)
  for (let token = 0; token < tokens; token++) {
    const place = start + placeOf(token, dimensions)
    for (let j = 0; j < bytes; j++) into[token * bytes + j] = codes[place + j * BLOCK] as number
  }
}

/** The other way round. */
export function unpackPlane(
  packed: Uint8Array,
  { tokens, codes }: Pick<KeptText, 'tokens' | 'codes'>,
  plane: number,
  dimensions: number,
): void {
  const bytes = dimensions / 8
  const start = plane * planeBytes(tokens, dimensions)
  for (let token = 0; token < tokens; token++) {
    const place = start + placeOf(token, dimensions)
    for (let j = 0; j < bytes; j++) codes[place + j * BLOCK] = packed[token * bytes + j] as number
  }
}

/** All of it as such bytes: tokens (uint32), norm (float32), then the planes. */
export function packText(text: KeptText, { dimensions, bits }: Pick<Codes, 'dimensions' | 'bits'>): Uint8Array {
  const { tokens, norm } = text
  const bytes = (tokens * dimensions) / 8
  const packed = new Uint8Array(8 + bits * bytes)
  const view = new DataView(packed.buffer)
  view.setUint32(0, tokens, true)
  view.setFloat32(4, norm, true)
  for (let plane = 0; plane < bits; plane++) packPlane(text, plane, dimensions, packed.subarray(8 + plane * bytes))
  return packed
}

/** The other way round. @returns undefined where the bytes are none of `packText`'s */
export function unpackText(packed: Uint8Array, { dimensions, bits }: Pick<Codes, 'dimensions' | 'bits'>): KeptText | undefined {
  if (packed.length < 8) return undefined
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const tokens = view.getUint32(0, true)
  const norm = view.getFloat32(4, true)
  const bytes = (tokens * dimensions) / 8
  if (tokens === 0 || packed.length !== 8 + bits * bytes || !(norm >= 0 && norm < Number.POSITIVE_INFINITY)) return undefined
  const text: KeptText = { tokens, norm, codes: new Uint8Array(bits * planeBytes(tokens, dimensions)), planes: bits }
  for (let plane = 0; plane < bits; plane++) unpackPlane(packed.subarray(8 + plane * bytes), text, plane, dimensions)
  return text
}
