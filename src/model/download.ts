import { ModelLoadError } from '../errors.js'
import type { ReadOptions } from './file-reader.js'

/** Fetch with byte counts; `undefined` for a 404. */
export async function download(
  url: string,
  options: ReadOptions & { headers?: HeadersInit },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { file, facts, signal, headers } = options
  const fail = (why: string, cause?: unknown): never => {
    throw new ModelLoadError(
      'download-failed',
      `${file} could not be fetched from ${url}: ${why}. Check the connection and the address, then try again.`,
      {
        cause,
        file,
      },
    )
  }
  let response: Response
  try {
    response = await fetch(url, { signal: signal ?? null, headers: headers ?? {} })
  } catch (cause) {
    signal?.throwIfAborted()
    return fail((cause as Error).message, cause)
  }
  if (response.status === 404) return undefined
  if (!response.ok || !response.body) return fail(`the server answered ${response.status} ${response.statusText}`.trim())
  // With a content encoding the header counts compressed bytes, the stream plain ones.
  const declared = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length') ?? 0)
  let bytes: Uint8Array<ArrayBuffer>
  try {
    bytes = await collect(iterate(response.body), facts?.bytes ?? declared, options)
  } catch (cause) {
    signal?.throwIfAborted()
    return fail('the connection broke off', cause)
  }
  if (declared > 0 && bytes.length !== declared) return fail(`${bytes.length} of ${declared} bytes arrived`)
  return bytes
}

/** ReadableStream is not async-iterable in every browser yet. */
async function* iterate(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** Collect a body, counting bytes as they come. */
async function collect(
  body: AsyncIterable<Uint8Array>,
  total: number,
  { onBytes, signal }: Pick<ReadOptions, 'onBytes' | 'signal'>,
): Promise<Uint8Array<ArrayBuffer>> {
  // Filled in place where the size is known: never two copies of the weights.
  let bytes = new Uint8Array(total)
  let loaded = 0
  for await (const chunk of body) {
    signal?.throwIfAborted()
    if (loaded + chunk.length > bytes.length) {
      const larger = new Uint8Array(Math.max(loaded + chunk.length, bytes.length * 2))
      larger.set(bytes.subarray(0, loaded))
      bytes = larger
    }
    bytes.set(chunk, loaded)
    loaded += chunk.length
    onBytes?.(loaded, total)
  }
  return loaded === bytes.length ? bytes : bytes.slice(0, loaded)
}
