import { InvalidInputError } from '../errors.js'
import type { Pair } from '../types.js'
import { nearestName } from './nearest-name.js'

/** Refuses a value that an option cannot have. Never asked about `undefined`, which is the same as not given. */
export type OptionCheck = (option: string, value: unknown) => void

/** A check for every option of an options type, so that none can be forgotten. */
export type OptionChecks<T> = { readonly [K in keyof Required<T>]: OptionCheck }

/**
 * Look at the options of a call: names that do not exist are refused like values that cannot be.
 *
 * @param caller who takes them, for the message
 * @throws InvalidInputError (`invalid-option`) naming the option, and the one that was probably meant
 */
export function checkOptions<T extends object>(caller: string, options: T, checks: OptionChecks<T>): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidInputError('invalid-option', `The options of ${caller} are ${describe(options)}; pass an object.`)
  }
  for (const [option, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, option)) {
      const names = Object.keys(checks)
      const meant = nearestName(option, names)
      const advice = meant ? `Did you mean ${meant}?` : `Its options are: ${names.join(', ')}.`
      throw new InvalidInputError('invalid-option', `${caller} has no option ${option}. ${advice}`, { option })
    }
    if (value !== undefined) checks[option as keyof T](option, value)
  }
}

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

export const numberFrom =
  (range: Range): OptionCheck =>
  (option, value) =>
    checkNumber(option, value, range)

/** One of the allowed words. */
export const oneOf =
  (allowed: readonly string[]): OptionCheck =>
  (option, value) => {
    if (allowed.includes(value as string)) return
    throw new InvalidInputError('invalid-option', `${option} is ${String(value)}; it must be one of: ${allowed.join(', ')}.`, { option })
  }

export const aFunction = kind('a function', (value) => typeof value === 'function')
export const aString = kind('a string', (value) => typeof value === 'string')
export const aBoolean = kind('true or false', (value) => typeof value === 'boolean')
// Not by instanceof: a signal may come from another frame.
export const aSignal = kind('an AbortSignal', (value) => value !== null && typeof value === 'object' && 'throwIfAborted' in value)
/** For options that are looked at elsewhere. */
export const anything: OptionCheck = () => undefined

function kind(what: string, fits: (value: unknown) => boolean): OptionCheck {
  return (option, value) => {
    if (fits(value)) return
    throw new InvalidInputError('invalid-option', `${option} is ${describe(value)}; it must be ${what}.`, { option })
  }
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
  if (value === undefined) return 'undefined'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
