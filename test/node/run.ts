import { PassThrough, Readable, Writable } from 'node:stream'
import { buildIndex, createVectorizer } from 'page-rerank/node'
import type { CommandContext } from '../../src/node/commands/command.js'
import { runProgram } from '../../src/node/commands/program.js'
import type { CreateRerankerOptions } from '../../src/node/options.js'
import { createOverlapReranker } from './overlap-reranker.js'

export interface Outcome {
  code: number
  stdout: string
  stderr: string
  /** Options of every reranker that was created. */
  created: CreateRerankerOptions[]
}

interface Surroundings {
  stdin?: string | Uint8Array
  signal?: AbortSignal
  /** Both outputs are a terminal of this width. */
  columns?: number
  createReranker?: CommandContext['createReranker']
}

/** Run a command line in this process, with the word-overlap reranker. */
export async function run(argv: string[], { stdin, signal, columns, createReranker }: Surroundings = {}): Promise<Outcome> {
  const created: CreateRerankerOptions[] = []
  const stdout = new Sink(columns)
  const stderr = new Sink(columns)
  const code = await runProgram(argv, {
    createReranker: async (options) => {
      created.push(options)
      return createReranker ? createReranker(options) : createOverlapReranker(options)
    },
    buildIndex,
    createVectorizer,
    // Without input, one that never ends: a command that reads it by mistake hangs instead of finding it empty.
    stdin: stdin === undefined ? new PassThrough() : Readable.from([Buffer.from(stdin)]),
    stdout,
    stderr,
    signal: signal ?? new AbortController().signal,
    version: '1.2.3',
  })
  return { code, stdout: stdout.text, stderr: stderr.text, created }
}

class Sink extends Writable {
  text = ''
  readonly isTTY: boolean

  constructor(readonly columns?: number) {
    super()
    this.isTTY = columns !== undefined
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** Objects as JSON Lines. */
export function jsonLines(values: unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}
