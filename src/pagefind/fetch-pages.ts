import type { PageText } from './page-texts.js'

/** The texts of a site's pages. Some servers decompress what they send, others leave it to whom they send it. */
export async function fetchPages(address: URL, signal: AbortSignal): Promise<PageText[]> {
  const response = await fetch(address, { signal })
  if (!response.ok) throw new Error(`${address.pathname} was answered with status ${response.status}.`)
  const bytes = await response.blob()
  const start = new Uint8Array(await bytes.slice(0, 2).arrayBuffer())
  const isGzip = start[0] === 0x1f && start[1] === 0x8b
  const body = isGzip ? bytes.stream().pipeThrough(new DecompressionStream('gzip')) : bytes.stream()
  return new Response(body).json()
}
