import { type AskedQuery, NIBBLES } from './asked-query.js'
import { BLOCK, type KeptText, placeOf, planeBytes } from './kept-text.js'

/**
 * What a document's similarities to a query come to: whole numbers, the same whatever computes them and in which order. In
 * steps of `unitOf`.
 */
export interface Sums {
  /** Of all tokens to the query's mean. */
  mean: number
  /** Over the query's tokens: the largest similarity to a document token, times the token's weight. */
  best: number
  /** Over the first tokens: the largest similarity to a token of the query. */
  early: number
}

/**
 * Computes `Sums`, one a text. In plain JavaScript here; a kernel in WebAssembly gives the same numbers.
 *
 * @param bits how many of the codes' first bits are looked at
 * @param early how many tokens count as a document's first
 */
export type SumUp = (query: AskedQuery, texts: readonly KeptText[], bits: number, early: number) => Sums[]

export const sumUp: SumUp = (query, texts, bits, early) => texts.map((text) => sumUpOne(query, text, bits, early))

function sumUpOne(query: AskedQuery, text: KeptText, bits: number, early: number): Sums {
  const { rows, weights } = query
  const similar = new Int32Array(rows)
  const best = new Int32Array(rows).fill(-(2 ** 31))
  const sums: Sums = { mean: 0, best: 0, early: 0 }
  for (let token = 0; token < text.tokens; token++) {
    similarities(similar, query, text, token, bits)
    sums.mean += similar[0] as number
    if (rows === 1) continue
    let largest = similar[1] as number
    for (let row = 1; row < rows; row++) {
      const value = similar[row] as number
      if (value > largest) largest = value
      if (value > (best[row] as number)) best[row] = value
    }
    if (token < early) sums.early += largest
  }
  for (let row = 1; row < rows; row++) sums.best += (weights[row - 1] as number) * (best[row] as number)
  return sums
}

/** Of every row of the query to one token: each plane is worth twice the next. */
export function similarities(into: Int32Array, { rows, values, table }: AskedQuery, text: KeptText, token: number, bits: number): void {
  const dimensions = values.length / rows
  const length = planeBytes(text.tokens, dimensions)
  into.fill(0)
  for (let plane = 0; plane < bits; plane++) {
    const place = plane * length + placeOf(token, dimensions)
    for (let row = 0; row < rows; row++) into[row] = (into[row] as number) * 2
    for (let j = 0; j < dimensions / 8; j++) {
      const byte = text.codes[place + j * BLOCK] as number
      const low = (2 * j * NIBBLES + (byte & 15)) * rows
      const high = ((2 * j + 1) * NIBBLES + (byte >> 4)) * rows
      for (let row = 0; row < rows; row++) into[row] = (into[row] as number) + (table[low + row] as number) + (table[high + row] as number)
    }
  }
}
