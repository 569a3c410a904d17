import { nearestName } from '../../core/nearest-name.js'
import { InvalidInputError } from '../../errors.js'
import { parseArguments } from './arguments.js'
import { cache } from './cache.js'
import type { Command, CommandContext } from './command.js'
import { copy } from './copy.js'
import { evalCommand } from './eval.js'
import { commandHelp, programHelp } from './help.js'
import { indexCommand } from './index-command.js'
import { info } from './info.js'
import { write } from './output.js'
import { pagefind } from './pagefind.js'
import { pull } from './pull.js'
import { rerank } from './rerank.js'
import { score } from './score.js'
import { serve } from './serve.js'
import { vectors } from './vectors.js'

const commands: readonly Command[] = [rerank, score, evalCommand, indexCommand, vectors, pagefind, serve, info, pull, copy, cache]

/** Exit code of a command that Ctrl-C ended: 128 and the signal's number. */
export const INTERRUPTED = 130

/**
 * Run one command line. Never rejects: a failure is one sentence on stderr and an exit code other than 0.
 *
 * @param argv what follows the program's name
 * @returns the exit code
 */
export async function runProgram(argv: readonly string[], context: CommandContext): Promise<number> {
  try {
    await dispatch(argv, context)
    return 0
  } catch (error) {
    // A rewriting progress line may still stand there.
    if (context.stderr.isTTY) await write(context.stderr, '\r\x1b[K')
    if (context.signal.aborted) return INTERRUPTED
    await write(context.stderr, `page-rerank: ${sentence(error)}\n${argv.includes('--debug') ? causes(error) : ''}`)
    return 1
  }
}

async function dispatch(argv: readonly string[], context: CommandContext): Promise<void> {
  const [first, ...others] = argv
  if (first === 'help' && others.length > 0) return dispatch([others[0] as string, '--help'], context)
  const [name, ...rest] = first === 'help' ? ['--help'] : argv
  if (name === '--version' || name === '-V') return write(context.stdout, `${context.version}\n`)
  if (name === '--help' || name === '-h') return write(context.stdout, programHelp(commands))
  const command = commands.find((one) => one.name === name)
  if (!command) {
    const problem = name === undefined ? 'There is no command' : `There is no command ${JSON.stringify(name)}`
    const names = commands.map((one) => one.name)
    const nearest = nearestName(name ?? '', names)
    const advice = nearest ? `did you mean ${nearest}?` : `the commands are ${names.join(', ')}, and --help tells more.`
    throw new InvalidInputError('invalid-input', `${problem}; ${advice}`)
  }
  const args = parseArguments(rest, command.options)
  if (args.flag('help')) return write(context.stdout, commandHelp(command))
  await command.run(args, context)
}

/** The message on one line. */
function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error)
  return message.replace(/\s*\n\s*/g, ' ')
}

/** Stack of the error and of everything that caused it. */
function causes(error: unknown): string {
  const lines: string[] = []
  const seen = new Set<unknown>()
  for (let one: unknown = error; one !== undefined && !seen.has(one); one = one instanceof Error ? one.cause : undefined) {
    seen.add(one)
    const stack = one instanceof Error ? (one.stack ?? String(one)) : String(one)
    lines.push(lines.length === 0 ? stack : `Caused by: ${stack}`)
  }
  return `${lines.join('\n')}\n`
}
