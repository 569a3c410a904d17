import { withoutQuery } from '../../core/without-query.js'
import { isRerankerError, ModelLoadError } from '../../errors.js'
import type { FileFacts } from '../describe/manifest.js'
import type { Fetch, FileRequest } from './file-reader.js'
import { parseHubAddress } from './hub-address.js'
import type { PartialFile } from './partial-file.js'
import { invalidFile, verifyLength, verifyStart } from './verify.js'

export interface DownloadOptions extends Omit<FileRequest, 'model' | 'url' | 'lookUp'> {
  /** @default the global one */
  fetch?: Fetch
}

/** Milliseconds without a byte after which a connection counts as dead. */
const STALL_MS = 30_000
/** Attempts in a row that may bring nothing. One that brought bytes starts the count anew. */
const MAX_ATTEMPTS = 4
/** Milliseconds before the second attempt; doubled for each one after. */
const FIRST_DELAY_MS = 500
/** A server that asks for more patience than this is not waited for. */
const MAX_DELAY_MS = 30_000

/**
 * Fetch a file, going on after an interruption where it stopped, and verify it.
 *
 * Cuts, stalls and the statuses 408, 429 and 5xx are tried again after a pause (or what `Retry-After` says). What has
 * arrived stays in `partial` when the download fails in the end, except a file that turned out to be the wrong one.
 *
 * @returns false where the server has no such file (404)
 * @throws ModelLoadError (`download-failed`, `access-denied`, `model-file-invalid`, `storage-full`); AbortError
 */
export async function download(url: string, partial: PartialFile, options: DownloadOptions): Promise<boolean> {
  const { file, signal } = options
  let failures = 0
  let resumed = false
  for (;;) {
    const before = partial.length
    resumed ||= before > 0
    try {
      const found = await attempt(url, partial, options)
      if (!found) return false
      await partial.verify(file, found)
      return true
    } catch (error) {
      signal?.throwIfAborted()
      if (isRerankerError(error) && error.code === 'model-file-invalid') {
        await partial.discard()
        if (!resumed) throw error
        // What was kept of an earlier attempt may be what is wrong; once, it is done without.
        resumed = false
        continue
      }
      if (!(error instanceof Interruption)) throw error
      if (partial.length > before) failures = 0
      failures++
      const delay = error.retryAfter ?? FIRST_DELAY_MS * 2 ** (failures - 1)
      if (failures >= (options.hurry ? 1 : MAX_ATTEMPTS) || delay > MAX_DELAY_MS) throw downloadFailed(url, file, error.message, error)
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
  const elsewhere = parseHubAddress(url)
    ? ' Or name a mirror as host (HF_ENDPOINT in Node), or load a folder that "page-rerank pull" wrote: an address of your own site starts with /, a path with / or ./.'
    : ''
  return new ModelLoadError(
    'download-failed',
    `${file} could not be fetched from ${withoutQuery(url)}: ${why}. Check the connection and the address, then try again.${elsewhere}`,
    { ...details, file },
  )
}

/** One request. @returns what is known of the whole file; undefined for a 404 */
async function attempt(url: string, partial: PartialFile, options: DownloadOptions): Promise<FileFacts | undefined> {
  const { file, facts, immutable, onBytes, fetch: request = globalThis.fetch } = options
  const content = facts?.sha256 ?? facts?.gitSha1
  // The beginning of an unknown version, or of another one, cannot be built upon.
  if (partial.length > 0 && (partial.version === undefined || (content !== undefined && partial.version !== content)))
    await partial.discard()
  // Everything is there: an earlier process ended between the last byte and the verdict.
  if (facts && partial.length === facts.bytes) return facts

  const stall = new StallTimer(options)
  try {
    const headers: Record<string, string> = partial.length > 0 ? { range: `bytes=${partial.length}-` } : {}
    const cache = immutable ? 'default' : 'no-cache'
    const response = await stall.wait(request(url, { headers, signal: stall.signal, cache }))
    if (response.status === 404) return undefined
    // At once: Node ends a body that nobody reads yet when its Response is garbage.
    const reader = checkStatus(url, file, response).getReader()
    const sha256 = facts?.sha256 ?? hashInHeaders(response)
    const version = content ?? versionOf(response)
    const total = totalBytes(response, partial.length) || (facts?.bytes ?? 0)
    if (facts && total > 0) verifyLength(file, total, facts.bytes)
    // A server may promise anything, and send more than it promised.
    const { maxBytes = Number.POSITIVE_INFINITY } = options
    const most = facts?.bytes ?? (total || maxBytes)
    if (Math.max(most, total) > maxBytes) throw tooLong(file, maxBytes)
    if (response.status !== 206) await partial.restart(version, total)
    else if (version !== partial.version || startOf(response, partial.length) !== partial.length) {
      await partial.discard()
      throw new Interruption('the file changed while it was fetched', { retryAfter: 0 })
    }
    onBytes?.(partial.length, total)

    for (;;) {
      const { done, value } = await stall.wait(reader.read())
      if (done) break
      if (partial.length === 0) verifyStart(file, value, withoutQuery(url))
      if (partial.length + value.length > most) throw tooLong(file, most)
      await partial.append(value)
      await options.onPiece?.(value, partial.length - value.length)
      onBytes?.(partial.length, total)
    }
    if (partial.length < total) throw new Interruption(`the connection broke off after ${partial.length} of ${total} bytes`)
    return { ...facts, bytes: facts?.bytes ?? (total || partial.length), ...(sha256 && { sha256 }) }
  } catch (error) {
    if (error instanceof Interruption && error.status === 416 && partial.length > 0) await partial.discard()
    throw error
  } finally {
    stall.end()
  }
}

function tooLong(file: string, most: number): ModelLoadError {
  return invalidFile(file, `has more than the ${most} bytes it may have`)
}

/** What tells one state of a file from another, where its server says it: a hash, an ETag or a date. */
export function versionOf(response: Response): string | undefined {
  const { headers } = response
  return hashInHeaders(response) ?? headers.get('etag') ?? headers.get('last-modified') ?? undefined
}

/** @throws ModelLoadError or Interruption for anything but a body to read */
function checkStatus(url: string, file: string, { status, statusText, headers, body }: Response): ReadableStream<Uint8Array> {
  const answer = `the server answered ${status} ${statusText}`.trim()
  if (status === 401 || status === 403) {
    throw new ModelLoadError(
      'access-denied',
      `${file} may not be read: ${answer} for ${withoutQuery(url)}. The model is private, gated or not there: in Node set HF_TOKEN to a token that may read it; for a page serve a folder that "page-rerank pull" wrote.`,
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
  const length = headers.has('content-encoding') ? 0 : count(headers.get('content-length'))
  if (status !== 206) return length
  const total = count(CONTENT_RANGE.exec(headers.get('content-range') ?? '')?.[2])
  return total || (length && length + kept)
}

/** A number in a header; 0 for what is none. */
function count(text: string | null | undefined): number {
  return text && /^\d+$/.test(text) ? Number(text) : 0
}

/** First byte of a partial answer. Another origin may hide the header; then it is taken to be what was asked for. */
function startOf({ headers }: Response, asked: number): number {
  const range = headers.get('content-range')
  return range === null ? asked : Number(CONTENT_RANGE.exec(range)?.[1] ?? Number.NaN)
}

/** Waits for a connection as long as it shows signs of life. */
class StallTimer {
  readonly #stall = new AbortController()
  readonly signal: AbortSignal

  constructor({ signal }: DownloadOptions) {
    this.signal = AbortSignal.any([this.#stall.signal, ...(signal ? [signal] : [])])
  }

  async wait<T>(work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#stall.abort(new Error(`no byte came for ${STALL_MS / 1000} seconds`)), STALL_MS)
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
