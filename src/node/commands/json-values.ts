import { InvalidInputError } from '../../errors.js'
import { type Line, parseJson } from '../lines.js'

/** One value of an input, and its place, to begin a message with: `Line 3 of hits.jsonl`, `Element [2] of hits.json`. */
export interface JsonValue {
  value: unknown
  where: string
}

/**
 * The values of JSON Lines, or the elements of one JSON array, which may run over many lines.
 *
 * @param lines without those that are blank; at least one
 * @param isOneValue tells an array that is itself a value from one that lists values
 * @param advice what to do about a line that is not JSON, behind "is not valid JSON"
 * @throws InvalidInputError naming the line
 */
export function jsonValues(name: string, lines: readonly Line[], isOneValue: (array: unknown[]) => boolean, advice: string): JsonValue[] {
  const values = parseValues(name, lines, isOneValue, advice)
  for (const [index, { value, where }] of values.entries()) {
    if (isWithin(value, MAX_DEPTH)) continue
    const message = `${where} is nested more than ${MAX_DEPTH} levels deep, too deep to be written down again; leave out what is in there.`
    throw new InvalidInputError('invalid-input', message, { index })
  }
  return values
}

/** Levels that a value may be nested. Reading knows no limit, JSON.stringify overflows the stack at some thousands. */
const MAX_DEPTH = 1000

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((one) => isWithin(one, depth - 1))
}

function parseValues(name: string, lines: readonly Line[], isOneValue: (array: unknown[]) => boolean, advice: string): JsonValue[] {
  const [first] = lines as [Line]
  const isWhole = lines.length === 1 || parseJson(first.text) === undefined
  if (isWhole) {
    const whole = parseWhole(name, lines, advice)
    if (Array.isArray(whole) && !isOneValue(whole)) return whole.map((value, at) => ({ value, where: `Element [${at}] of ${name}` }))
    return [{ value: whole, where: lines.length === 1 ? `Line ${first.number} of ${name}` : name }]
  }
  return lines.map(({ text, number }, index) => {
    const where = `Line ${number} of ${name}`
    const value = parseJson(text)
    if (value === undefined) throw new InvalidInputError('invalid-input', `${where} is not valid JSON; ${advice}.`, { index })
    return { value, where }
  })
}

function parseWhole(name: string, lines: readonly Line[], advice: string): unknown {
  const text = lines.map((line) => line.text).join('\n')
  try {
    return JSON.parse(text)
  } catch (cause) {
    const line = faultyLine(lines, text, String(cause))
    throw new InvalidInputError('invalid-input', `${line ? `Line ${line} of ${name}` : name} is not valid JSON; ${advice}.`, { cause })
  }
}

/** The line at which the parser stopped: of JSON Lines the first, of an array the one that its message tells. */
function faultyLine(lines: readonly Line[], text: string, message: string): number | undefined {
  const [first] = lines as [Line]
  if (lines.length === 1 || !text.trimStart().startsWith('[')) return first.number
  const position = /Unexpected end/.test(message) ? text.length : /at position (\d+)/.exec(message)?.[1]
  return position === undefined ? undefined : lines[text.slice(0, Number(position)).split('\n').length - 1]?.number
}

/** What kind of JSON value it is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
