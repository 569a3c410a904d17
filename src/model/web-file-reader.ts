import { ModelLoadError } from '../errors.js'
import { collect, type FileReader, type ReadOptions, type ReadResult } from './file-reader.js'
import { verifyFile } from './verify.js'

/** transformers.js's cache: models it has downloaded on this origin are reused, and the other way round. */
const CACHE_NAME = 'transformers-cache'

/** Reads files in a page or worker: the Cache API first, then the network. */
export class WebFileReader implements FileReader {
  readonly #useCache: boolean
  readonly #localFilesOnly: boolean

  constructor({ cache = true, localFilesOnly = false }: { cache?: boolean; localFilesOnly?: boolean } = {}) {
    this.#useCache = cache
    this.#localFilesOnly = localFilesOnly
  }

  async read(url: string, options: ReadOptions): Promise<ReadResult | undefined> {
    const cached = await this.#fromCache(url, options)
    if (cached) return { bytes: cached, from: 'cache' }
    const sameOrigin = new URL(url).origin === globalThis.location?.origin
    if (this.#localFilesOnly && !sameOrigin) {
      throw new ModelLoadError('model-not-found', `${options.file} is not in the cache and localFilesOnly forbids fetching ${url}.`, {
        file: options.file,
      })
    }
    const bytes = await download(url, options)
    if (!bytes) return undefined
    await verifyFile(options.file, bytes, options.facts)
    await this.#store(url, bytes)
    return { bytes, from: 'network' }
  }

  async evict(url: string): Promise<void> {
    await (await this.#open())?.delete(url)
  }

  async #fromCache(url: string, { file, facts, onBytes }: ReadOptions): Promise<Uint8Array | undefined> {
    const cache = await this.#open()
    const response = await cache?.match(url)
    if (!response) return undefined
    const bytes = new Uint8Array(await response.arrayBuffer())
    try {
      await verifyFile(file, bytes, facts)
    } catch {
      // An older revision under the same address, or a file some other code cut short: fetch it anew.
      await cache?.delete(url)
      return undefined
    }
    onBytes?.(bytes.length, bytes.length)
    return bytes
  }

  async #store(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      const cache = await this.#open()
      await cache?.put(url, new Response(bytes, { headers: { 'content-length': String(bytes.length) } }))
    } catch {
      // Quota exceeded: the model works all the same, only the next visit downloads again.
    }
  }

  /** Undefined where storage is blocked (private windows, sandboxed frames, insecure pages). */
  async #open(): Promise<Cache | undefined> {
    if (!this.#useCache || typeof caches === 'undefined') return undefined
    return caches.open(CACHE_NAME).catch(() => undefined)
  }
}

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
