/**
 * So many bits mean the unit vectors themselves, not turned, in steps of 1/32767: nothing is lost but what float32 would lose
 * itself. Products of two such integers add up to less than 2^31, since the vectors have length 1.
 */
export const EXACT_BITS = 16
export const EXACT_STEP = 1 / 32767

/**
 * What token embeddings are rounded to, a few bits a dimension after a turn that makes all of them worth the same
 * (docs/late-interaction.md).
 */
export interface Codes {
  /** Of a token embedding; a multiple of 8. */
  dimensions: number
  /** Of a dimension: a few, or `EXACT_BITS`. */
  bits: number
  /** Width of a step, for dimensions of variance 1. */
  step: number
  /** What a step of the first n bits is worth, for n from 1 to `bits`. */
  scales: readonly number[]
  /** Weight of a query token by its id, in steps of 1/128; 0 for tokens that do not count. Without it all count alike. */
  rarity?: Uint8Array
}

/** 1 in steps of 1/128. */
export const RARITY_UNIT = 128

/** Weight of a query's token, in steps of 1/128. */
export function weightOf(id: number, { rarity }: Codes): number {
  return rarity ? (rarity[id] ?? 0) : RARITY_UNIT
}

/** Codes of models that say nothing of any. */
export function exactCodes(dimensions: number): Codes {
  return { dimensions, bits: EXACT_BITS, step: EXACT_STEP, scales: [] }
}

export function isExact({ bits }: Pick<Codes, 'bits'>): boolean {
  return bits === EXACT_BITS
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
