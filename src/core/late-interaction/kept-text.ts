import type { TokenEmbeddings } from '../session.js'
import type { Codes } from './codes.js'
import { lengthOf, sumOfRows, turnedUnitVectors } from './turned-unit-vectors.js'

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
   * filled up with zeros.
   */
  codes: Uint8Array
}

/** Round a text's token embeddings to codes. */
export function keepText(embeddings: TokenEmbeddings, { dimensions, bits, step }: Codes): KeptText {
  const { tokens } = embeddings
  const vectors = turnedUnitVectors(embeddings, dimensions)
  const length = planeBytes(tokens, dimensions)
  const codes = new Uint8Array(bits * length)
  const factor = Math.sqrt(dimensions) / step
  const half = 2 ** (bits - 1)
  for (let token = 0; token < tokens; token++) {
    const place = placeOf(token, dimensions)
    for (let i = 0; i < dimensions; i++) {
      const code = Math.floor((vectors[token * dimensions + i] as number) * factor) + half
      const clipped = Math.max(0, Math.min(2 * half - 1, code))
      const at = place + (i >> 3) * BLOCK
      for (let plane = 0; plane < bits; plane++) {
        const bit = (clipped >> (bits - 1 - plane)) & 1
        const byte = plane * length + at
        codes[byte] = (codes[byte] as number) | (bit << (i & 7))
      }
    }
  }
  return { tokens, norm: Math.fround(lengthOf(sumOfRows(vectors, dimensions))), codes }
}

/** Bytes of a plane. */
export function planeBytes(tokens: number, dimensions: number): number {
  return Math.ceil(tokens / BLOCK) * BLOCK * (dimensions / 8)
}

/** Where a token's first byte is in a plane; its next is 16 bytes on. */
export function placeOf(token: number, dimensions: number): number {
  return Math.floor(token / BLOCK) * BLOCK * (dimensions / 8) + (token % BLOCK)
}

/** As bytes that do not depend on how a kernel wants them: tokens (uint32), norm (float32), then plane by plane, token by token. */
export function packText({ tokens, norm, codes }: KeptText, { dimensions, bits }: Codes): Uint8Array {
  const bytes = dimensions / 8
  const packed = new Uint8Array(8 + bits * tokens * bytes)
  const view = new DataView(packed.buffer)
  view.setUint32(0, tokens, true)
  view.setFloat32(4, norm, true)
  let at = 8
  for (let plane = 0; plane < codes.length; plane += planeBytes(tokens, dimensions)) {
    for (let token = 0; token < tokens; token++) {
      const place = plane + placeOf(token, dimensions)
      for (let j = 0; j < bytes; j++) packed[at++] = codes[place + j * BLOCK] as number
    }
  }
  return packed
}

/** The other way round. @returns undefined where the bytes are none of `packText`'s */
export function unpackText(packed: Uint8Array, { dimensions, bits }: Codes): KeptText | undefined {
  const bytes = dimensions / 8
  if (packed.length < 8) return undefined
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const tokens = view.getUint32(0, true)
  const norm = view.getFloat32(4, true)
  if (tokens === 0 || packed.length !== 8 + bits * tokens * bytes || !(norm >= 0 && norm < Number.POSITIVE_INFINITY)) return undefined
  let at = 8
  const codes = new Uint8Array(bits * planeBytes(tokens, dimensions))
  for (let plane = 0; plane < codes.length; plane += planeBytes(tokens, dimensions)) {
    for (let token = 0; token < tokens; token++) {
      const place = plane + placeOf(token, dimensions)
      for (let j = 0; j < bytes; j++) codes[place + j * BLOCK] = packed[at++] as number
    }
  }
  return { tokens, norm, codes }
}
