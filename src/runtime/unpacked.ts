/**
 * What a gzip file holds; anything else as it is. By its first bytes and not by its name: some servers say that a `.gz` is an
 * encoding, and then the browser has unpacked it already.
 *
 * @throws TypeError where the file is damaged
 */
export async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
