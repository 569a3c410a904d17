import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { InvalidInputError, isAbortError } from '../errors.js'

/** One line of a file, without its line end. */
export interface Line {
  /** From 1. */
  number: number
  text: string
}

/**
 * The lines of a file, read as a stream. Not `node:readline`, which also breaks lines at U+2028 and U+2029; both may
 * stand unescaped inside a JSON string.
 *
 * @throws InvalidInputError when the file cannot be read or is not UTF-8
 */
export function fileLines(path: string, signal?: AbortSignal): AsyncGenerator<Line> {
  return streamLines(createReadStream(path, { signal }), path)
}

/** The lines of any stream of bytes. */
export async function* streamLines(stream: Readable, name: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let number = 0
  let rest = ''
  for await (const text of decodedChunks(stream, decoder, name)) {
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      yield { number: ++number, text: withoutReturn(rest + text.slice(start, end)) }
      rest = ''
      start = end + 1
    }
    rest += text.slice(start)
  }
  if (rest !== '') yield { number: ++number, text: withoutReturn(rest) }
}

async function* decodedChunks(stream: Readable, decoder: TextDecoder, name: string): AsyncGenerator<string> {
  try {
    for await (const chunk of stream) {
      const text = decoder.decode(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, { stream: true })
      // UTF-16 and many binary files are valid UTF-8, with zeros in it.
      if (text.includes('\0')) throw new Error('it is not text, it holds zero bytes')
      yield text
    }
    yield decoder.decode()
  } catch (cause) {
    throw isAbortError(cause) ? cause : readError(name, cause)
  }
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text
}

function readError(name: string, cause: unknown): InvalidInputError {
  return new InvalidInputError('invalid-input', `Cannot read ${name}: ${fileProblem(cause)}.`, { file: name, cause })
}

const fileProblems: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EEXIST: 'there is a file of that name',
  ENOTDIR: 'a part of its path is a file',
  EACCES: 'permission was denied',
  EPERM: 'permission was denied',
  EROFS: 'the disk is read-only',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
}

/** What Node's error says of a file, in words that fit behind a colon. */
export function fileProblem(cause: unknown): string {
  return fileProblems[(cause as { code?: string } | null)?.code ?? ''] ?? (cause as Error).message
}

/** The value of a JSON line, or `undefined` where the line is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
