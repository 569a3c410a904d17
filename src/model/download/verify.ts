import { Sha256 } from '../../core/sha256.js'
import { ModelLoadError } from '../../errors.js'
import type { FileFacts } from '../describe/manifest.js'

/** Whether the facts tell the file's content, not only its size. */
export function tellContent(facts: FileFacts | undefined): facts is FileFacts {
  return facts?.sha256 !== undefined || facts?.gitSha1 !== undefined
}

/** Bytes up to which one native hash of the whole, which copies them, is better than our own in pieces. */
const NATIVE_LIMIT = 32 * 2 ** 20

/**
 * Is this the file it should be? Checked before it is kept: a truncated download, or the page a single-page app answers
 * every address with, would otherwise stay in the cache for good.
 *
 * @param file path or address, for the message
 * @throws ModelLoadError (`model-file-invalid`)
 */
export async function verifyFile(file: string, bytes: Uint8Array, facts?: FileFacts): Promise<void> {
  verifyStart(file, bytes)
  if (facts) verifyLength(file, bytes.length, facts.bytes)
  const { subtle } = globalThis.crypto ?? {}
  const digest = async (algorithm: string, pieces: Uint8Array) => hex(await subtle.digest(algorithm, pieces as BufferSource))
  if (facts?.sha256) {
    const native = subtle && bytes.length <= NATIVE_LIMIT
    verifyHash(file, native ? await digest('SHA-256', bytes) : new Sha256().update(bytes).digest(), facts.sha256)
  } else if (facts?.gitSha1 && subtle) {
    // Without it, on an insecure page, the length has to do; such a page has no cache either.
    verifyHash(file, await digest('SHA-1', concat(gitHeader(bytes.length), bytes)), facts.gitSha1)
  }
}

/** What Git hashes in front of a file's bytes. */
export function gitHeader(length: number): Uint8Array {
  return new TextEncoder().encode(`blob ${length}\0`)
}

/**
 * An HTML page is known by its first bytes.
 *
 * @param from the address, for the message, where `file` is only a path
 */
export function verifyStart(file: string, bytes: Uint8Array, from?: string): void {
  if (bytes.length === 0) throw invalidFile(file, 'is empty')
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase()
  if (start.startsWith('<!doctype') || start.startsWith('<html'))
    throw invalidFile(file, from ? `is an HTML page at ${from}` : 'is an HTML page')
}

export function verifyLength(file: string, length: number, expected: number): void {
  if (length !== expected) throw invalidFile(file, `has ${length} bytes where ${expected} are expected`)
}

/** @param expected lower-case hex of SHA-256, or of SHA-1 */
export function verifyHash(file: string, hash: string, expected: string): void {
  if (hash !== expected) throw invalidFile(file, `does not have the expected ${expected.length === 64 ? 'SHA-256' : 'SHA-1'}`)
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}

export function invalidFile(file: string, why: string): ModelLoadError {
  return new ModelLoadError(
    'model-file-invalid',
    `${file} ${why}. Check that the address is right and the upload complete, then try again.`,
    { file },
  )
}
