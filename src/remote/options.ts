import { anAddress, aString, kind, numberFrom, type OptionChecks, oneOf, readAddress, readOptions } from '../core/options.js'
import { InvalidInputError } from '../errors.js'
import { DIALECTS, FLAVOURS, type Flavour, type Tells } from './dialects.js'
import { type RequestHeaders, toHeaders } from './headers.js'

/** Where a server is, what it speaks and how patiently it is asked. */
export interface RemoteOptions {
  /**
   * Address of the server's rerank endpoint (`https://api.cohere.com/v2/rerank`, in a page also `/api/rerank`). Where it has no path,
   * the flavour's usual one is put: `http://localhost:8080` is `http://localhost:8080/rerank` with `tei`.
   */
  url: string | URL
  /** Whose requests and answers the server speaks. */
  flavour: Flavour
  /** Name of the model, for servers that have several. @default none is named */
  model?: string
  /**
   * Headers of every request, such as the one with the key; or a function that gives them, which is called for every request, so that a
   * token can be a new one. What a page sends, its reader can read: in a page no key, but a proxy that adds it.
   */
  headers?: RequestHeaders | (() => RequestHeaders | PromiseLike<RequestHeaders>)
  /**
   * Most documents in one request. Where a server says that this is too many, it is halved. @default by flavour: `tei` 32, `llama.cpp`
   * 64, `infinity` and `vllm` 256, the others 1000
   */
  batchSize?: number
  /** Most requests at a time, over all calls, 256 at the most. @default 4 */
  concurrency?: number
  /** Milliseconds for one request, until its answer is there. @default 30000 */
  timeoutMs?: number
  /**
   * How many times a request is made again that was answered 408, 425, 429, 502, 503 or 504, or not at all: when `Retry-After` says, else after
   * half a second, one, two and so on. A server that wants to be left alone for more than a minute is not asked again. @default 2
   */
  maxRetries?: number
  /**
   * What the server's numbers are, where they are others than its flavour's: `logits` are the model's own, `scores` are from 0 to 1. @default
   * `logits`, which `tei`, `infinity` and `vllm` are asked for, and which `llama.cpp` gives; `scores` of `cohere`, `jina` and `voyage`
   */
  tells?: Tells
  /** What the order of the documents counts for where a call does not say it: as in `rerank`. @default 0 */
  firstStageWeight?: number
}

/** The same with all that is not given. */
export type ReadRemoteOptions = Omit<RemoteOptions, 'url'> & { url: URL } & Required<
    Pick<RemoteOptions, 'batchSize' | 'concurrency' | 'timeoutMs' | 'maxRetries' | 'tells'>
  >

const count = numberFrom({ min: 1, integer: true })

const remoteChecks: OptionChecks<RemoteOptions> = {
  url: anAddress,
  flavour: oneOf(FLAVOURS),
  model: aString,
  headers: kind('an object of headers, or a function that gives one', isHeadersOption),
  batchSize: count,
  concurrency: numberFrom({ min: 1, max: 256, integer: true }),
  timeoutMs: numberFrom({ min: 1 }),
  maxRetries: numberFrom({ min: 0, integer: true }),
  tells: oneOf(['logits', 'scores']),
  firstStageWeight: numberFrom({ min: 0 }),
}

/** @throws InvalidInputError (`invalid-option`) */
export function readRemoteOptions(given: RemoteOptions): ReadRemoteOptions {
  const options = readOptions('createRemoteReranker', given, remoteChecks)
  for (const option of ['url', 'flavour'] as const) {
    if (options[option] !== undefined) continue
    const what = option === 'url' ? "the address of the server's rerank endpoint" : `one of: ${FLAVOURS.join(', ')}`
    throw new InvalidInputError('invalid-option', `${option} is missing; it must be ${what}.`, { option })
  }
  const { batchSize, tells, path } = DIALECTS[options.flavour]
  return { batchSize, tells, concurrency: 4, timeoutMs: 30_000, maxRetries: 2, ...options, url: endpoint(options.url, path) }
}

function endpoint(address: string | URL, path: string): URL {
  const page = globalThis.document?.baseURI ?? globalThis.location?.href
  const refuse = (why: string) => new InvalidInputError('invalid-option', `url ${why}`, { option: 'url' })
  if (!page && String(address).startsWith('/'))
    throw refuse(`is "${address}"; outside a page it must be a full address, with https:// and a host.`)
  const url = readAddress('url', address, page)
  if (!/^https?:$/.test(url.protocol)) throw refuse(`begins with ${url.protocol}; it must be an address of http: or https:.`)
  if (url.username || url.password) throw refuse('has a name or a password in it; send them by the headers option.')
  // A copy: the caller may change its own later.
  const own = new URL(url)
  if (own.pathname === '/') own.pathname = path
  return own
}

function isHeadersOption(value: unknown): boolean {
  return typeof value === 'function' || toHeaders(value) !== undefined
}
