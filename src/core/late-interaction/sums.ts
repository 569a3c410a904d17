import { type AskedQuery, NIBBLES } from './asked-query.js'
import { BLOCK, exactValues, type KeptText, placeOf, planeBytes } from './kept-text.js'

/** Blocks of 16 tokens that a window has, and a document's title. */
export const WINDOW_BLOCKS = 3
export const TITLE_BLOCKS = 2

/**
 * What a document's similarities to a query come to: whole numbers, the same whatever computes them and in which order. In
 * steps of `unitOf`. All but the first are sums over the query's tokens of the largest similarity to some of the document's tokens,
 * times the query token's weight.
 */
export interface Sums {
  /** Of all tokens to the query's mean. */
  mean: number
  /** To any of its tokens. */
  best: number
  /** To tokens of three blocks in a row: the largest such sum. */
  window: number
  /** To tokens of the first two blocks. */
  title: number
}

/**
 * Computes `Sums`, one a text. In plain JavaScript here; a kernel in WebAssembly gives the same numbers.
 *
 * @param bits how many of the codes' first bits are looked at
 */
export type SumUp = (query: AskedQuery, texts: readonly KeptText[], bits: number) => Sums[]

export const sumUp: SumUp = (query, texts, bits) => texts.map((text) => sumUpOne(query, text, bits))

function sumUpOne(query: AskedQuery, text: KeptText, bits: number): Sums {
  const { rows, weights } = query
  const similar = similarities(query, text, bits)
  const blocks = Math.ceil(text.tokens / BLOCK)
  // The largest of each block, the rows of a block together.
  const largest = new Int32Array(blocks * rows).fill(-(2 ** 31))
  let mean = 0
  for (let token = 0; token < text.tokens; token++) {
    const from = token * rows
    mean += similar[from] as number
    const at = Math.floor(token / BLOCK) * rows
    for (let row = 1; row < rows; row++) largest[at + row] = Math.max(largest[at + row] as number, similar[from + row] as number)
  }
  const over = (first: number, count: number) => {
    let sum = 0
    for (let row = 1; row < rows; row++) {
      let best = largest[first * rows + row] as number
      for (let block = first + 1; block < Math.min(first + count, blocks); block++) {
        best = Math.max(best, largest[block * rows + row] as number)
      }
      sum += (weights[row - 1] as number) * best
    }
    return sum
  }
  let window = over(0, WINDOW_BLOCKS)
  for (let first = 1; first + WINDOW_BLOCKS <= blocks; first++) window = Math.max(window, over(first, WINDOW_BLOCKS))
  return { mean, best: over(0, blocks), window, title: over(0, TITLE_BLOCKS) }
}

/** Of every token to every row of the query, by the codes' first `bits` bits: tokens × rows. */
export function similarities(query: AskedQuery, text: KeptText, bits: number): Int32Array {
  const similar = new Int32Array(text.tokens * query.rows)
  if (query.values instanceof Int16Array) addProducts(similar, query.values, query.rows, text)
  else for (let token = 0; token < text.tokens; token++) addLookedUp(similar, query, text, token, bits)
  return similar
}

/** Of embeddings that are kept exactly. */
function addProducts(similar: Int32Array, values: Int16Array, rows: number, text: KeptText): void {
  const dimensions = values.length / rows
  const kept = exactValues(text, dimensions)
  for (let token = 0; token < text.tokens; token++) {
    const start = token * dimensions
    for (let row = 0; row < rows; row++) {
      const asked = row * dimensions
      let sum = 0
      for (let i = 0; i < dimensions; i++) sum += Math.imul(values[asked + i] as number, kept[start + i] as number)
      similar[token * rows + row] = sum
    }
  }
}

/** Each plane is worth twice the next. */
function addLookedUp(similar: Int32Array, { rows, values, table }: AskedQuery, text: KeptText, token: number, bits: number): void {
  const dimensions = values.length / rows
  const length = planeBytes(text.tokens, dimensions)
  const at = token * rows
  for (let plane = 0; plane < bits; plane++) {
    const place = plane * length + placeOf(token, dimensions)
    for (let row = 0; row < rows; row++) similar[at + row] = (similar[at + row] as number) * 2
    for (let j = 0; j < dimensions / 8; j++) {
      const byte = text.codes[place + j * BLOCK] as number
      const low = (2 * j * NIBBLES + (byte & 15)) * rows
      const high = ((2 * j + 1) * NIBBLES + (byte >> 4)) * rows
      for (let row = 0; row < rows; row++) {
        similar[at + row] = (similar[at + row] as number) + (table[low + row] as number) + (table[high + row] as number)
      }
    }
  }
}
