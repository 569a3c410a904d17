import { isRerankerError, ModelLoadError } from '../errors.js'
import type { ReadOptions } from './file-reader.js'
import type { FileFacts } from './manifest.js'
import { verifyLength, verifyStart } from './verify.js'

/** Receives a file's bytes in their order, and keeps them over an interruption as well as it can. */
export interface Sink {
  /** Bytes kept. */
  readonly length: number
  /** What the kept bytes are the beginning of: a hash or an ETag. Undefined where that is unknown or nothing is kept. */
  readonly version: string | undefined
  /** Begin at byte 0, dropping what was kept. @param total bytes to come, 0 where unknown */
  restart(version: string | undefined, total: number): Promise<void>
  append(bytes: Uint8Array): Promise<void>
  /** @throws ModelLoadError (`model-file-invalid`) where the bytes kept are not the file */
  verify(file: string, facts: FileFacts): Promise<void>
  /** Forget everything. */
  discard(): Promise<void>
}

export interface DownloadOptions extends Omit<ReadOptions, 'model'> {
  headers?: Record<string, string>
  /** @default the global one, called as `fetch(url, { headers, signal })` */
  fetch?: (url: string, init: { headers: Record<string, string>; signal: AbortSignal }) => Promise<Response>
  /** Milliseconds without a byte after which a connection counts as dead. @default 30 000 */
  stallMs?: number
}

const STALL_MS = 30_000
/** Attempts in a row that may bring nothing. One that brought bytes starts the count anew. */
const MAX_ATTEMPTS = 4
/** Milliseconds before the second attempt; doubled for each one after. */
const FIRST_DELAY_MS = 500
/** A server that asks for more patience than this is not waited for. */
const MAX_DELAY_MS = 30_000

/**
 * Fetch a file into a sink, going on after an interruption where it stopped, and verify it.
 *
 * Cuts, stalls and the statuses 408, 429 and 5xx are tried again after a pause (or what `Retry-After` says). What has
 * arrived stays in the sink when the download fails in the end, except a file that turned out to be the wrong one.
 *
 * @returns false where the server has no such file (404)
 * @throws ModelLoadError (`download-failed`, `access-denied`, `model-file-invalid`, `storage-full`); AbortError
 */
export async function download(url: string, sink: Sink, options: DownloadOptions): Promise<boolean> {
  const { file, signal } = options
  const facts = options.facts ?? (await options.lookUp?.())
  if (facts === null) return false
  let failures = 0
  let resumed = false
  for (;;) {
    const before = sink.length
    resumed ||= before > 0
    try {
      const found = await attempt(url, sink, options, facts)
      if (!found) return false
      await sink.verify(file, found)
      return true
    } catch (error) {
      signal?.throwIfAborted()
      if (isRerankerError(error) && error.code === 'model-file-invalid') {
        await sink.discard()
        if (!resumed) throw error
        // What was kept of an earlier attempt may be what is wrong; once, it is done without.
        resumed = false
        continue
      }
      if (!(error instanceof Interruption)) throw error
      if (sink.length > before) failures = 0
      failures++
      const delay = error.retryAfter ?? FIRST_DELAY_MS * 2 ** (failures - 1)
      if (failures >= MAX_ATTEMPTS || delay > MAX_DELAY_MS) throw downloadFailed(url, file, error.message, error)
      await pause(delay, signal)
    }
  }
}

/** Worth another attempt. */
class Interruption extends Error {
  readonly status: number | undefined
  /** Milliseconds the server asked to wait. */
  readonly retryAfter: number | undefined

  constructor(message: string, { cause, status, retryAfter }: { cause?: unknown; status?: number; retryAfter?: number } = {}) {
    super(message, { cause })
    this.status = status
    this.retryAfter = retryAfter
  }
}

function downloadFailed(url: string, file: string, why: string, details: { cause?: unknown; status?: number }): ModelLoadError {
  return new ModelLoadError(
    'download-failed',
    `${file} could not be fetched from ${url}: ${why}. Check the connection and the address, then try again.`,
    { ...details, file },
  )
}

/** One request. @returns what is known of the whole file; undefined for a 404 */
async function attempt(url: string, sink: Sink, options: DownloadOptions, facts: FileFacts | undefined): Promise<FileFacts | undefined> {
  const { file, headers = {}, onBytes, fetch: request = fetch } = options
  // The beginning of an unknown version, or of another one, cannot be built upon.
  if (sink.length > 0 && (sink.version === undefined || (facts?.sha256 && sink.version !== facts.sha256))) await sink.discard()
  // Everything is there: an earlier process ended between the last byte and the verdict.
  if (facts && sink.length === facts.bytes) return facts

  const patience = new Patience(options)
  try {
    const range: Record<string, string> = sink.length > 0 ? { range: `bytes=${sink.length}-` } : {}
    const response = await patience.wait(request(url, { headers: { ...headers, ...range }, signal: patience.signal }))
    if (response.status === 404) return undefined
    const body = checkStatus(url, file, response)
    const sha256 = facts?.sha256 ?? hashInHeaders(response)
    const version = sha256 ?? response.headers.get('etag') ?? response.headers.get('last-modified') ?? undefined
    const total = totalBytes(response, sink.length) || (facts?.bytes ?? 0)
    if (facts && total > 0) verifyLength(file, total, facts.bytes)
    if (response.status !== 206) await sink.restart(version, total)
    else if (version !== sink.version || startOf(response, sink.length) !== sink.length) {
      await sink.discard()
      throw new Interruption('the file changed while it was fetched', { retryAfter: 0 })
    }
    onBytes?.(sink.length, total)

    const reader = body.getReader()
    for (;;) {
      const { done, value } = await patience.wait(reader.read())
      if (done) break
      if (sink.length === 0) verifyStart(file, value)
      await sink.append(value)
      onBytes?.(sink.length, total)
    }
    if (sink.length < total) throw new Interruption(`the connection broke off after ${sink.length} of ${total} bytes`)
    return { bytes: total || sink.length, sha256 }
  } catch (error) {
    if (error instanceof Interruption && error.status === 416 && sink.length > 0) await sink.discard()
    throw error
  } finally {
    patience.end()
  }
}

/** @throws ModelLoadError or Interruption for anything but a body to read */
function checkStatus(url: string, file: string, { status, statusText, headers, body }: Response): ReadableStream<Uint8Array> {
  const answer = `the server answered ${status} ${statusText}`.trim()
  if (status === 401 || status === 403) {
    throw new ModelLoadError(
      'access-denied',
      `${file} may not be read: ${answer} for ${url}. The model is private or gated, or there is none of that name: in Node set HF_TOKEN to a token that may read it; for a page download it with "page-rerank pull" and serve it yourself.`,
      { file, status },
    )
  }
  if (status === 408 || status === 416 || status === 429 || status >= 500) {
    throw new Interruption(answer, { status, retryAfter: retryAfter(headers) })
  }
  if ((status !== 200 && status !== 206) || !body) throw downloadFailed(url, file, answer, { status })
  return body
}

/** `Retry-After` in milliseconds; it holds seconds or a date. */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (!value) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/**
 * The SHA-256 that the hub gives for a large file: `X-Linked-ETag` beside its redirect, or `ETag` where it sends the file
 * itself. A CDN's own ETag may be another hash of the same length, so it is not taken for one.
 */
function hashInHeaders({ headers, redirected }: Response): string | undefined {
  const etag = headers.get('x-linked-etag') ?? (headers.has('x-repo-commit') && !redirected ? headers.get('etag') : undefined)
  return etag?.match(/^(?:W\/)?"?([0-9a-f]{64})"?$/)?.[1]
}

const CONTENT_RANGE = /^bytes (\d+)-\d+\/(\d+)$/

/** Bytes of the whole file; 0 where the headers do not say it. */
function totalBytes({ status, headers }: Response, kept: number): number {
  // With a content encoding the header counts compressed bytes, the stream plain ones.
  const length = headers.has('content-encoding') ? 0 : Number(headers.get('content-length') ?? 0)
  if (status !== 206) return length
  const total = Number(CONTENT_RANGE.exec(headers.get('content-range') ?? '')?.[2] ?? 0)
  return total || (length && length + kept)
}

/** First byte of a partial answer. Another origin may hide the header; then it is taken to be what was asked for. */
function startOf({ headers }: Response, asked: number): number {
  const range = headers.get('content-range')
  return range === null ? asked : Number(CONTENT_RANGE.exec(range)?.[1] ?? Number.NaN)
}

/** Waits for a connection as long as it shows signs of life. */
class Patience {
  readonly #stall = new AbortController()
  readonly #ms: number
  readonly signal: AbortSignal

  constructor({ signal, stallMs = STALL_MS }: DownloadOptions) {
    this.#ms = stallMs
    this.signal = AbortSignal.any([this.#stall.signal, ...(signal ? [signal] : [])])
  }

  async wait<T>(work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#stall.abort(new Error(`no byte came for ${this.#ms / 1000} seconds`)), this.#ms)
    try {
      return await work
    } catch (cause) {
      if (isRerankerError(cause)) throw cause
      const { message, cause: reason } = (this.#stall.signal.aborted ? this.#stall.signal.reason : cause) as Error
      throw new Interruption(reason instanceof Error ? `${message}: ${reason.message}` : message, { cause })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Closes the connection, whatever is left to read of it. */
  end(): void {
    this.#stall.abort()
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop)
  })
}
