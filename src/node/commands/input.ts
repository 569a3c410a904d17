import { addAbortSignal } from 'node:stream'
import { InvalidInputError } from '../../errors.js'
import { fileLines, type Line, streamLines } from '../lines.js'
import type { CommandContext } from './command.js'

/** What a command reads, with its name for messages. */
export interface Input {
  name: string
  lines: AsyncGenerator<Line>
}

/**
 * FILE, or standard input for `-` and where no FILE is named.
 *
 * @throws InvalidInputError where that would wait for a terminal without having been asked to, which looks like a hang
 */
export function openInput(file: string | undefined, stdin: CommandContext['stdin'], signal: AbortSignal): Input {
  if (file === undefined && stdin.isTTY) {
    throw new InvalidInputError(
      'invalid-input',
      'There is no input; name a FILE, pipe lines in, or type them after a - and end with Ctrl-D.',
    )
  }
  if (file !== undefined && file !== '-') return { name: file, lines: fileLines(file, signal) }
  const name = 'standard input'
  return { name, lines: streamLines(addAbortSignal(signal, stdin), name) }
}

/** All lines that are not blank. */
export async function filledLines({ lines }: Input): Promise<Line[]> {
  const filled: Line[] = []
  for await (const line of lines) if (line.text.trim() !== '') filled.push(line)
  return filled
}
