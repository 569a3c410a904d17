import type { Writable } from 'node:stream'
import { formatBytes } from '../../model/format-bytes.js'

/**
 * Write and wait until it is taken, so that a slow reader slows the command down instead of filling memory.
 * A reader that went away is not this command's failure: the program notices it and stops.
 */
export function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') resolve()
      else reject(new Error(`The output could not be written: ${error.message}.`, { cause: error }))
    })
  })
}

/** Lines of text, in a few large writes. */
export async function writeLines(stream: Writable, lines: Iterable<string>): Promise<void> {
  let chunk = ''
  for (const line of lines) {
    chunk += `${line}\n`
    if (chunk.length < 1 << 16) continue
    await write(stream, chunk)
    chunk = ''
  }
  if (chunk !== '') await write(stream, chunk)
}

/** Text as one line that cannot steer a terminal: white space becomes one space, control characters go. */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim()
}

/** Bytes of files that may be small, too: `3.1 kB`, `1.5 MB`. */
export function formatSize(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : formatBytes(bytes)
}
