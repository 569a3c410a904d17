import { InvalidInputError } from '../errors.js'
import type { Pair } from '../types.js'
import { nearestName } from './nearest-name.js'

/** Refuses a value that an option cannot have. Never asked about `undefined`, which is the same as not given. */
export type OptionCheck = (option: string, value: unknown) => void

/** A check for every option of an options type, so that none can be forgotten. */
export type OptionChecks<T> = { readonly [K in keyof Required<T>]: OptionCheck }

/**
 * The options of a call as they are now: each known one read once, wherever the caller's object has it from (a class, a getter),
 * so that nothing the caller does to the object later counts. Names that do not exist are refused like values that cannot be.
 *
 * @param caller who takes them, for the message
 * @returns an object of its own, without those that are not given
 * @throws InvalidInputError (`invalid-option`) naming the option, and the one that was probably meant
 */
export function readOptions<T extends object>(caller: string, given: T, checks: OptionChecks<T>): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidInputError('invalid-option', `The options of ${caller} are ${describe(given)}; pass an object.`)
  }
  const names = Object.keys(checks) as (keyof T & string)[]
  for (const option of Object.keys(given)) {
    if (Object.hasOwn(checks, option)) continue
    const meant = nearestName(option, names)
    const advice = meant ? `Did you mean ${meant}?` : `Its options are: ${names.join(', ')}.`
    throw new InvalidInputError('invalid-option', `${caller} has no option ${option}. ${advice}`, { option })
  }
  const options: Partial<T> = {}
  for (const option of names) {
    const value = given[option]
    if (value === undefined) continue
    checks[option](option, value)
    options[option] = value
  }
  return options as T
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
  throw new InvalidInputError('invalid-option', `${option} is ${show(value)}; it must be a${integer ? ' whole' : ''} number, ${range}.`, {
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
    throw new InvalidInputError('invalid-option', `${option} is ${show(value)}; it must be one of: ${allowed.join(', ')}.`, { option })
  }

export const aFunction = kind('a function', (value) => typeof value === 'function')
export const aString = kind('a string', (value) => typeof value === 'string')
export const aBoolean = kind('true or false', (value) => typeof value === 'boolean')
// Not by instanceof: a signal may come from another frame.
export const aSignal = kind('an AbortSignal', (value) => value !== null && typeof value === 'object' && 'throwIfAborted' in value)
/** Not by instanceof either. */
export const anAddress = kind('an address, as a string or a URL', isAddress)
/** For options that are looked at elsewhere. */
export const anything: OptionCheck = () => undefined

export function kind(what: string, fits: (value: unknown) => boolean): OptionCheck {
  return (option, value) => {
    if (fits(value)) return
    throw new InvalidInputError('invalid-option', `${option} is ${describe(value)}; it must be ${what}.`, { option })
  }
}

export function isAddress(value: unknown): value is string | URL {
  return typeof value === 'string' || (typeof value === 'object' && value !== null && 'href' in value)
}

/**
 * @param base what a relative address resolves against
 * @throws InvalidInputError (`invalid-option`) where that gives none
 */
export function readAddress(option: string, address: string | URL, base: string | undefined): URL {
  try {
    return new URL(address, base)
  } catch (cause) {
    throw new InvalidInputError('invalid-option', `${option} is ${JSON.stringify(address)}, which is no address.`, { option, cause })
  }
}

export function checkQuery(query: unknown): void {
  if (typeof query !== 'string') throw new InvalidInputError('invalid-input', `The query is ${describe(query)}; it must be a string.`)
  if (query.trim() === '') {
    throw new InvalidInputError('invalid-input', 'The query is empty. Show the first-stage order instead of calling rerank().')
  }
}

/** One pair or a list of pairs, as a list of copies: the caller may go on to change what was passed. */
export function readPairs(pairs: unknown): Pair[] {
  if (!Array.isArray(pairs)) {
    throw new InvalidInputError('invalid-input', `The pairs are ${describe(pairs)}; pass [query, document] or a list of such pairs.`)
  }
  // Array.from, because array methods skip holes and make arrays of the caller's own class.
  const given: unknown[] = Array.from(pairs)
  const list = given.length === 2 && given.every((part) => typeof part === 'string') ? [given] : given
  return list.map((pair, index): Pair => {
    const [query, document] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : []
    if (typeof query === 'string' && typeof document === 'string') return [query, document]
    throw new InvalidInputError('invalid-input', `Pair ${index} is ${describe(pair)}; it must be [query, document], both strings.`, {
      index,
    })
  })
}

/** A value's kind, for a message: never its content, which may be private. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value === undefined) return 'undefined'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The value of an option, for a message, strings in quotes: "3" is no number. Of what has no short form (`String` fails on some objects) its kind. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' || typeof value === 'function' ? describe(value) : String(value)
}
