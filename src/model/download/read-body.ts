/**
 * A small answer as a whole.
 *
 * @throws Error where it has more bytes than it may have
 */
export async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for (const reader = response.body?.getReader(); reader; ) {
    const { done, value } = await reader.read()
    if (done) break
    pieces.push(value)
    length += value.length
    if (length <= maxBytes) continue
    await reader.cancel()
    throw new Error(`the answer has more than ${maxBytes} bytes`)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
