import { parseArgs } from 'node:util'
import { nearestName } from '../../core/nearest-name.js'
import { InvalidInputError } from '../../errors.js'
import type { OptionSpec } from './command.js'

interface Range {
  min: number
  max?: number
  integer?: boolean
}

/** A command's parsed arguments; every getter refuses what it cannot use with a sentence that names the option. */
export class Arguments {
  readonly positionals: readonly string[]
  readonly #values: ReadonlyMap<string, string | true>

  constructor(positionals: readonly string[], values: ReadonlyMap<string, string | true>) {
    this.positionals = positionals
    this.#values = values
  }

  flag(name: string): boolean {
    return this.#values.has(name)
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : undefined
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name)
    if (value === undefined || (allowed as readonly string[]).includes(value)) return value as T | undefined
    throw invalidOption(name, `--${name} is ${value}; it must be one of: ${allowed.join(', ')}.`)
  }

  number(name: string, { min, max = Number.POSITIVE_INFINITY, integer = false }: Range): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    // Number('') is 0, which nobody means.
    const number = value.trim() === '' ? Number.NaN : Number(value)
    if (Number.isFinite(number) && number >= min && number <= max && (!integer || Number.isInteger(number))) return number
    const range = max === Number.POSITIVE_INFINITY ? `${min} or more` : `from ${min} to ${max}`
    throw invalidOption(name, `--${name} is ${value || 'empty'}; it must be a${integer ? ' whole' : ''} number, ${range}.`)
  }

  /** A whole number, 1 or more. */
  count(name: string): number | undefined {
    return this.number(name, { min: 1, integer: true })
  }

  /** Refuse more positional arguments than the command takes. */
  atMost(count: number, usage: string): void {
    const extra = this.positionals[count]
    if (extra !== undefined) throw new InvalidInputError('invalid-input', `Unexpected argument "${extra}"; the usage is: ${usage}.`)
  }
}

/**
 * Parse what follows the command's name.
 *
 * @throws InvalidInputError for an unknown option, one without its value, or a flag with one
 */
export function parseArguments(argv: readonly string[], options: Record<string, OptionSpec>): Arguments {
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(Object.entries(options).map(([name, { value }]) => [name, { type: value ? 'string' : 'boolean' } as const])),
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
    // Not strict, because its messages run over several sentences; the checks are below.
    strict: false,
    tokens: true,
  })
  const values = new Map<string, string | true>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (!spec) throw unknownOption(token.name, token.rawName, Object.keys(options))
    if (!spec.value) {
      if (token.value !== undefined) throw invalidOption(token.name, `--${token.name} takes no value.`)
      values.set(token.name, true)
    } else {
      // `--field --json`: an option where the value should be means that the value was forgotten. `--field=--json` stays possible.
      if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
        throw invalidOption(token.name, `--${token.name} needs a value: --${token.name} ${spec.value}.`)
      }
      const earlier = values.get(token.name)
      if (earlier !== undefined && earlier !== token.value) {
        throw invalidOption(token.name, `--${token.name} is given twice, as ${earlier} and as ${token.value}; give it once.`)
      }
      values.set(token.name, token.value)
    }
  }
  return new Arguments(positionals, values)
}

function unknownOption(name: string, typed: string, known: readonly string[]): InvalidInputError {
  const nearest = nearestName(name, known)
  const advice = nearest ? `did you mean --${nearest}?` : 'see --help, or put -- before text that starts with a dash.'
  return invalidOption(name, `Unknown option ${typed}; ${advice}`)
}

function invalidOption(option: string, message: string): InvalidInputError {
  return new InvalidInputError('invalid-option', message, { option })
}
