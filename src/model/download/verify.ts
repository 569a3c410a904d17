import { ModelLoadError } from '../../errors.js'
import type { FileFacts } from '../describe/manifest.js'
import { Sha256 } from './sha256.js'

/** Hashes bytes that come in pieces: `Sha256`, or Node's native one. */
export interface Hash {
  update(bytes: Uint8Array): unknown
  /** @returns lower-case hex */
  digest(encoding: 'hex'): string
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
  if (facts?.sha256 && bytes.length === facts.bytes && bytes.length <= NATIVE_LIMIT && globalThis.crypto?.subtle) {
    verifyStart(file, bytes)
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource))
    verifyHash(file, Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''), facts.sha256)
  } else {
    await verifyPieces(file, [bytes], facts)
  }
}

/** The same of a file in pieces, hashed only where there is a hash to compare with. */
export async function verifyPieces(
  file: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  facts?: FileFacts,
  hash: Hash = new Sha256(),
): Promise<void> {
  let length = 0
  for await (const piece of pieces) {
    if (length === 0) verifyStart(file, piece)
    length += piece.length
    if (facts?.sha256) hash.update(piece)
  }
  if (length === 0) throw invalid(file, 'is empty')
  if (facts) verifyLength(file, length, facts.bytes)
  if (facts?.sha256) verifyHash(file, hash.digest('hex'), facts.sha256)
}

/** An HTML page is known by its first bytes. */
export function verifyStart(file: string, bytes: Uint8Array): void {
  if (bytes.length === 0) throw invalid(file, 'is empty')
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase()
  if (start.startsWith('<!doctype') || start.startsWith('<html')) throw invalid(file, 'is an HTML page, not a model file')
}

export function verifyLength(file: string, length: number, expected: number): void {
  if (length !== expected) throw invalid(file, `has ${length} bytes where ${expected} are expected`)
}

function verifyHash(file: string, sha256: string, expected: string): void {
  if (sha256 !== expected) throw invalid(file, 'does not have the expected SHA-256')
}

function invalid(file: string, why: string): ModelLoadError {
  return new ModelLoadError(
    'model-file-invalid',
    `${file} ${why}. Check that the address is right and the upload complete, then try again.`,
    { file },
  )
}
