#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandContext } from './commands/command.js'
import { INTERRUPTED, runProgram } from './commands/program.js'
import { packageFolder } from './package-folder.js'

const interrupt = new AbortController()
/** Exit code of a command that a signal ended: 128 and its number. */
let interrupted = INTERRUPTED
for (const [signal, code] of [['SIGINT', INTERRUPTED] as const, ['SIGTERM', 143] as const]) {
  process.on(signal, () => {
    // The second one does not wait for the run in progress.
    if (interrupt.signal.aborted) process.exit(code)
    interrupted = code
    interrupt.abort()
  })
}

// A reader that has seen enough (`| head`) ends the work, and is no failure. Anything else, such as a full disk, rejects the
// write that met it.
let unread = false
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') return
  unread = true
  interrupt.abort()
})
process.stderr.on('error', () => {})

const context: CommandContext = {
  // Loaded when a command needs it: --help should not wait for a runtime.
  createReranker: async (options) => (await import('./index.js')).createReranker(options),
  buildIndex: async (documents, options) => (await import('./index.js')).buildIndex(documents, options),
  createVectorizer: async (options) => (await import('./index.js')).createVectorizer(options),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupt.signal,
  version: JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')).version,
}

const code = await runProgram(process.argv.slice(2), context)
// An input that nobody reads any more, or a runtime's threads, must not keep the process; what was written must go out.
process.stdout.write('', () => process.exit(unread ? 0 : code === INTERRUPTED ? interrupted : code))
