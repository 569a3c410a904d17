import { InvalidInputError } from '../errors.js'
import type { Pair } from '../types.js'

interface Range {
  min: number
  max?: number
  integer?: boolean
}

/** Refuse a number that is not one or is out of its range; `undefined` means "not given" and passes. */
export function checkNumber(option: string, value: unknown, { min, max = Number.POSITIVE_INFINITY, integer }: Range): void {
  if (value === undefined) return
  const fits = typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value))
  if (fits) return
  const range = max === Number.POSITIVE_INFINITY ? `${min} or more` : `from ${min} to ${max}`
  throw new InvalidInputError('invalid-option', `${option} is ${String(value)}; it must be a${integer ? ' whole' : ''} number, ${range}.`, {
    option,
  })
}

/** Refuse a value that is not one of the allowed words. */
export function checkOneOf(option: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value as string)) return
  throw new InvalidInputError('invalid-option', `${option} is ${String(value)}; it must be one of: ${allowed.join(', ')}.`, { option })
}

export function checkFunction(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw new InvalidInputError('invalid-option', `${option} must be a function.`, { option })
}

export function checkQuery(query: unknown): void {
  if (typeof query !== 'string') throw new InvalidInputError('invalid-input', `The query is ${describe(query)}; it must be a string.`)
  if (query.trim() === '') {
    throw new InvalidInputError('invalid-input', 'The query is empty. Show the first-stage order instead of calling rerank().')
  }
}

/** One pair or a list of pairs, as a list. */
export function checkPairs(pairs: unknown): readonly Pair[] {
  if (!Array.isArray(pairs)) {
    throw new InvalidInputError('invalid-input', `The pairs are ${describe(pairs)}; pass [query, document] or a list of such pairs.`)
  }
  const list = (pairs.length === 2 && pairs.every((part) => typeof part === 'string') ? [pairs] : pairs) as unknown[]
  list.forEach((pair, index) => {
    if (!Array.isArray(pair) || pair.length !== 2 || pair.some((part) => typeof part !== 'string')) {
      throw new InvalidInputError('invalid-input', `Pair ${index} is ${describe(pair)}; it must be [query, document], both strings.`, {
        index,
      })
    }
  })
  return list as Pair[]
}

/** A value's kind, for a message: never its content, which may be private. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  return typeof value === 'object' ? 'an object' : typeof value === 'string' ? 'a string' : String(typeof value)
}
