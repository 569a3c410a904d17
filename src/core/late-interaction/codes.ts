/**
 * What token embeddings are rounded to, a few bits a dimension after a turn that makes all of them worth the same
 * (docs/late-interaction.md).
 */
export interface Codes {
  /** Of a token embedding; a multiple of 8. */
  dimensions: number
  /** Of a dimension. */
  bits: number
  /** Width of a step, for dimensions of variance 1. */
  step: number
  /** What a step of the first n bits is worth, for n from 1 to `bits`. */
  scales: readonly number[]
  /** Weight of a query token by its id, in steps of 1/128; 0 for tokens that do not count. */
  rarity: Uint8Array
}

/** Why these are no codes, for a message; undefined where they are. */
export function findFault({ dimensions, bits, step, scales }: Omit<Codes, 'rarity'>): string | undefined {
  if (!Number.isInteger(dimensions) || dimensions < 8 || dimensions > 4096 || dimensions % 8 !== 0)
    return 'dimensions must be a multiple of 8'
  if (!Number.isInteger(bits) || bits < 1 || bits > 8) return 'codes.bits must be a whole number from 1 to 8'
  if (!(step > 0 && step < Number.POSITIVE_INFINITY)) return 'codes.step must be above 0'
  const isScale = (scale: unknown) => typeof scale === 'number' && scale > 0 && scale < Number.POSITIVE_INFINITY
  if (!Array.isArray(scales) || scales.length !== bits || !scales.every(isScale))
    return 'codes.scales must be a number above 0 for each bit'
  return undefined
}
