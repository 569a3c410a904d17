/** A small file that is compiled in, as it was: the manifest has its hash. */
export function bytesOf(json: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`)
}
