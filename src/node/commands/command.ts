import type { Readable, Writable } from 'node:stream'
import type { LocalReranker } from '../../types.js'
import type { buildIndex } from '../build-index.js'
import type { CreateRerankerOptions } from '../options.js'
import type { createVectorizer } from '../vectorizer.js'
import type { Arguments } from './arguments.js'

/** What a command is given instead of reaching for `process`, so that tests can hand it their own. */
export interface CommandContext {
  createReranker: (options: CreateRerankerOptions) => Promise<LocalReranker>
  buildIndex: typeof buildIndex
  createVectorizer: typeof createVectorizer
  stdin: Readable & { isTTY?: boolean }
  /** Data only. */
  stdout: Writable & { isTTY?: boolean; columns?: number }
  /** Progress, notes and errors. */
  stderr: Writable & { isTTY?: boolean; columns?: number }
  /** Aborted by Ctrl-C, and when nobody reads the output any more. */
  signal: AbortSignal
  /** The package's version. */
  version: string
}

/** One option of a command: what `--help` says about it and how it is parsed. */
export interface OptionSpec {
  /** Name of the value in the help (`N`, `FILE`); a flag has none. */
  value?: string
  help: string
}

export interface Command {
  name: string
  /** What follows the command's name in the usage line. */
  usage: string
  summary: string
  /** Paragraph below the summary in the command's own help. */
  details: string
  options: Record<string, OptionSpec>
  /** Without the program's name. */
  examples: string[]
  run(args: Arguments, context: CommandContext): Promise<void>
}

/** Values of an option, for its help: `a, b or c`. */
export function either(values: readonly string[]): string {
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

/** Options that every command takes. */
export const commonOptions = {
  json: { help: 'Print JSON instead of text' },
  progress: { help: 'Show progress even where stderr is not a terminal' },
  debug: { help: 'On failure, print where it came from and its causes' },
  help: { help: 'Show this help' },
} satisfies Record<string, OptionSpec>
