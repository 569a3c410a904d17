import { ModelLoadError } from '../errors.js'
import type { FileFacts } from './manifest.js'

/**
 * Is this the file it should be? Checked before it is kept: a truncated download, or the page a single-page app answers
 * every address with, would otherwise stay in the cache for good.
 *
 * @param file path or address, for the message
 * @throws ModelLoadError (`model-file-invalid`)
 */
export async function verifyFile(file: string, bytes: Uint8Array, facts?: FileFacts): Promise<void> {
  const refuse = (why: string): never => {
    throw new ModelLoadError(
      'model-file-invalid',
      `${file} ${why}. Check that the address is right and the upload complete, then try again.`,
      { file },
    )
  }
  if (bytes.length === 0) refuse('is empty')
  if (looksLikeHtml(bytes)) refuse('is an HTML page, not a model file')
  if (facts && bytes.length !== facts.bytes) refuse(`has ${bytes.length} bytes where ${facts.bytes} are expected`)
  // crypto.subtle exists in secure contexts only; elsewhere the size has to do.
  if (facts?.sha256 && globalThis.crypto?.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource))
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
    if (hex !== facts.sha256) refuse('does not have the expected SHA-256')
  }
}

function looksLikeHtml(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase()
  return start.startsWith('<!doctype') || start.startsWith('<html')
}
