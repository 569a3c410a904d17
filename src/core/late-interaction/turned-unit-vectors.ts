import type { TokenEmbeddings } from '../session.js'

/**
 * Token embeddings at length 1 and turned, by an orthogonal map that spreads every dimension over all of them, so that each is
 * worth the same: signs and Hadamard blocks, twice, with a deal in between. In float64 and in a fixed order, so that every
 * machine comes to the same bits.
 *
 * @returns tokens × dimensions
 */
export function turnedUnitVectors({ tokens, data }: TokenEmbeddings, dimensions: number): Float64Array {
  const turned = new Float64Array(tokens * dimensions)
  const vector = new Float64Array(dimensions)
  const { first, second, block } = turnOf(dimensions)
  const blocks = dimensions / block
  for (let token = 0; token < tokens; token++) {
    const offset = token * dimensions
    let sum = 0
    for (let i = 0; i < dimensions; i++) sum += (data[offset + i] as number) * (data[offset + i] as number)
    const length = Math.sqrt(sum)
    for (let i = 0; i < dimensions; i++) vector[i] = length > 0 ? ((data[offset + i] as number) / length) * (first[i] as number) : 0
    hadamard(vector, block)
    const dealt = turned.subarray(offset, offset + dimensions)
    for (let i = 0; i < blocks; i++) {
      for (let j = 0; j < block; j++) {
        const place = j * blocks + i
        dealt[place] = (vector[i * block + j] as number) * (second[place] as number)
      }
    }
    hadamard(dealt, block)
    for (let i = 0; i < dimensions; i++) dealt[i] = (dealt[i] as number) / block
  }
  return turned
}

/** The same at length 1 alone. */
export function unitVectors({ tokens, data }: TokenEmbeddings, dimensions: number): Float64Array {
  const vectors = new Float64Array(tokens * dimensions)
  for (let at = 0; at < vectors.length; at += dimensions) {
    let sum = 0
    for (let i = at; i < at + dimensions; i++) sum += (data[i] as number) * (data[i] as number)
    const length = Math.sqrt(sum)
    for (let i = at; i < at + dimensions; i++) vectors[i] = length > 0 ? (data[i] as number) / length : 0
  }
  return vectors
}

/** The Hadamard transform of every block, without a factor. */
function hadamard(vector: Float64Array, block: number): void {
  for (let apart = 1; apart < block; apart *= 2) {
    for (let start = 0; start < vector.length; start += 2 * apart) {
      for (let i = start; i < start + apart; i++) {
        const a = vector[i] as number
        const b = vector[i + apart] as number
        vector[i] = a + b
        vector[i + apart] = a - b
      }
    }
  }
}

interface Turn {
  /** Of the first pass, and of the second. */
  first: Float64Array
  second: Float64Array
  /** The largest power of two that divides the dimensions. */
  block: number
}

const turns = new Map<number, Turn>()

function turnOf(dimensions: number): Turn {
  const known = turns.get(dimensions)
  if (known) return known
  let state = 1
  const draw = () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32
    return state >= 2 ** 31 ? -1 : 1
  }
  const turn = {
    first: Float64Array.from({ length: dimensions }, draw),
    second: Float64Array.from({ length: dimensions }, draw),
    block: dimensions & -dimensions,
  }
  turns.set(dimensions, turn)
  return turn
}

/** The sum of all rows, from the first to the last. */
export function sumOfRows(rows: Float64Array, dimensions: number): Float64Array {
  const sum = new Float64Array(dimensions)
  for (let at = 0; at < rows.length; at += dimensions) {
    for (let i = 0; i < dimensions; i++) sum[i] = (sum[i] as number) + (rows[at + i] as number)
  }
  return sum
}

/** Length of a vector, its squares added from the first to the last. */
export function lengthOf(vector: Float64Array): number {
  let sum = 0
  for (let i = 0; i < vector.length; i++) sum += (vector[i] as number) * (vector[i] as number)
  return Math.sqrt(sum)
}
