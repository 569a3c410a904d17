import type { TokenEmbeddings } from '../session.js'
import { type Codes, EXACT_STEP, isExact, weightOf } from './codes.js'
import { lengthOf, sumOfRows, turnedUnitVectors, unitVectors } from './turned-unit-vectors.js'

/** The largest of a query's integers. */
const QUERY_MAX = 127

/** Dimensions that are looked up together: half a byte of a plane. */
const GROUP = 4
/** What half a byte can be. */
export const NIBBLES = 16

/** A query in small integers. */
export interface AskedQuery {
  /** Row 0 is the mean of all tokens, then one for each token that counts: `rows` × `dimensions`. */
  rows: number
  values: Int8Array | Int16Array
  /** Of the rows behind the first, in steps of 1/128. */
  weights: Uint8Array
  /** Which tokens of the query those rows are of, special tokens counted. */
  tokens: number[]
  /** What an integer of the rows is worth. */
  step: number
  /**
   * What four dimensions of a row come to, for each half byte of a plane: a dimension is added where its bit is set, and subtracted
   * where not. Groups of four × 16 half bytes × `rows`; empty where embeddings are kept exactly.
   */
  table: Int16Array
}

/** @param ids of the query's tokens, special tokens included */
export function askQuery(embeddings: TokenEmbeddings, ids: ArrayLike<number>, codes: Codes): AskedQuery {
  const { dimensions } = codes
  const vectors = isExact(codes) ? unitVectors(embeddings, dimensions) : turnedUnitVectors(embeddings, dimensions)
  const counted: number[] = []
  for (let token = 0; token < embeddings.tokens; token++) if (weightOf(ids[token] as number, codes) > 0) counted.push(token)
  const rows = counted.length + 1
  const exact = new Float64Array(rows * dimensions)
  const mean = sumOfRows(vectors, dimensions)
  const length = lengthOf(mean)
  for (let i = 0; i < dimensions; i++) exact[i] = length > 0 ? (mean[i] as number) / length : 0
  counted.forEach((token, i) => {
    exact.set(vectors.subarray(token * dimensions, (token + 1) * dimensions), (i + 1) * dimensions)
  })

  const weights = Uint8Array.from(counted, (token) => weightOf(ids[token] as number, codes))
  if (isExact(codes)) {
    const values = Int16Array.from(exact, (value) => Math.floor(value / EXACT_STEP + 0.5))
    return { rows, values, weights, tokens: counted, step: EXACT_STEP, table: new Int16Array(0) }
  }
  let largest = 0
  for (const value of exact) largest = Math.max(largest, Math.abs(value))
  const factor = largest > 0 ? QUERY_MAX / largest : 0
  const values = Int8Array.from(exact, (value) => Math.floor(value * factor + 0.5))
  return {
    rows,
    values,
    weights,
    tokens: counted,
    step: largest / QUERY_MAX,
    table: sums(values, rows, dimensions),
  }
}

function sums(values: Int8Array, rows: number, dimensions: number): Int16Array {
  const table = new Int16Array((dimensions / GROUP) * NIBBLES * rows)
  for (let group = 0; group < dimensions / GROUP; group++) {
    for (let nibble = 0; nibble < NIBBLES; nibble++) {
      for (let row = 0; row < rows; row++) {
        const at = row * dimensions + group * GROUP
        let sum = 0
        for (let j = 0; j < GROUP; j++) sum += (nibble >> j) & 1 ? (values[at + j] as number) : -(values[at + j] as number)
        table[(group * NIBBLES + nibble) * rows + row] = sum
      }
    }
  }
  return table
}
