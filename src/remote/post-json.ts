import { inTime } from '../core/in-time.js'
import { orAborted, whenAborted } from '../core/or-aborted.js'
import { messageOf, RemoteError } from '../errors.js'
import type { Answer } from './dialects.js'
import { readHeaders, withoutValues } from './headers.js'
import type { ReadRemoteOptions } from './options.js'
import { backoff, MAX_WAIT_MS, readRetryAfter } from './retry-after.js'

/** Answers after which the same request may well succeed. */
const PASSING = new Set([408, 425, 429, 502, 503, 504])

/** The longest wait that timers know. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Milliseconds that a server has to say why it refuses: that it does is known by then. */
const COMPLAINT_MS = 1000

/** Characters that are passed on of what a server says went wrong. */
const MAX_WORDS = 300

export type Endpoint = Pick<ReadRemoteOptions, 'url' | 'headers' | 'timeoutMs' | 'maxRetries'>

interface PostOptions {
  /** More than this is no answer to what was asked. */
  maxBytes: number
  signal: AbortSignal
}

/** How one attempt ended without an answer. */
interface Failure {
  error: RemoteError
  /** Whether another attempt may end otherwise. */
  isPassing?: boolean
  /** Milliseconds that the server wants to be left alone. */
  waitMs?: number
}

/** An address as errors and `info` tell it: what follows a `?` may be a key. */
export function publicAddress({ origin, pathname }: URL): string {
  return origin + pathname
}

/**
 * Post JSON and read JSON, again where that may help.
 *
 * @throws RemoteError; the signal's reason as soon as it is aborted
 */
export async function postJson(endpoint: Endpoint, body: object, options: PostOptions): Promise<Answer> {
  const text = toText(body)
  for (let attempt = 0; ; attempt++) {
    const outcome = await post(endpoint, text, options)
    if (!('error' in outcome)) return outcome.answer
    const { error, isPassing, waitMs = backoff(attempt) } = outcome
    if (!isPassing || attempt >= endpoint.maxRetries || waitMs > MAX_WAIT_MS) throw error
    await pause(waitMs, options.signal)
  }
}

/** What is too long for a string is as if the server had said so. */
function toText(body: object): string {
  try {
    return JSON.stringify(body)
  } catch (cause) {
    const message = 'The documents are more than one request can hold. Pass shorter texts, or lower batchSize.'
    throw new RemoteError('remote-refused', message, { cause, status: 413 })
  }
}

/** One attempt. Throws the signal's reason and nothing else. */
async function post(
  { url, headers, timeoutMs }: Endpoint,
  body: string,
  { maxBytes, signal }: PostOptions,
): Promise<{ answer: Answer } | Failure> {
  const server = `The server at ${publicAddress(url)}`
  const unavailable = (what: string, details?: { cause?: unknown; status?: number }) =>
    new RemoteError('remote-unavailable', `${server} ${what}`, details)
  const attempt = new AbortController()
  let isLate = false
  const stopListening = whenAborted(signal, () => attempt.abort(signal.reason))
  const timer = setTimeout(
    () => {
      isLate = true
      attempt.abort()
    },
    Math.min(timeoutMs, MAX_TIMER_MS),
  )
  let response: Response | undefined
  try {
    const own = await orAborted(readHeaders(headers), attempt.signal)
    const sent = new Headers(own)
    for (const name of ['content-type', 'accept']) if (!sent.has(name)) sent.set(name, 'application/json')
    response = await fetch(url, {
      method: 'POST',
      headers: sent,
      body,
      // What is followed takes the headers along, to wherever it leads.
      redirect: 'manual',
      signal: attempt.signal,
    })
    if (response.ok) return { answer: parseAnswer(server, await readText(response, maxBytes, server)) }
    const refusal = response
    const complaint = await inTime(
      performance.now() + COMPLAINT_MS,
      () => readText(refusal, maxBytes, server).catch(() => ''),
      () => '',
    )
    signal.throwIfAborted()
    return ofStatus(server, response, wordsIn(complaint, own))
  } catch (error) {
    signal.throwIfAborted()
    if (isLate)
      return { error: unavailable(`did not answer within ${timeoutMs} ms. Raise timeoutMs, or lower batchSize.`), isPassing: true }
    if (error instanceof RemoteError) return { error }
    if (response)
      return { error: unavailable(`broke off its answer (${reasonOf(error)}). Try again later.`, { cause: error }), isPassing: true }
    const hint = typeof document === 'undefined' ? '' : ', and does it allow this page (CORS)'
    return { error: unavailable(`cannot be reached (${reasonOf(error)}). Is it running${hint}?`, { cause: error }), isPassing: true }
  } finally {
    clearTimeout(timer)
    stopListening()
    // What is left of a complaint.
    attempt.abort()
  }
}

/** With the code of what Node's `fetch` keeps as its cause: "fetch failed" says nothing. */
function reasonOf(error: unknown): string {
  const { code } = ((error as Error | undefined)?.cause ?? {}) as { code?: unknown }
  return typeof code === 'string' ? `${messageOf(error)}: ${code}` : messageOf(error)
}

function ofStatus(server: string, { status, type, headers }: Response, words: string): Failure {
  if (type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    const message = `${server} answers with a redirect, which is not followed. Pass the address that it leads to as url.`
    return { error: new RemoteError('remote-refused', message, status ? { status } : {}) }
  }
  const said = `${server} answered ${status}${words && `: ${words}`}`
  if (status < 500 && !PASSING.has(status))
    return { error: new RemoteError('remote-refused', sentences(said, adviceFor(status)), { status }) }
  const waitMs = readRetryAfter(headers.get('retry-after'))
  const isPassing = PASSING.has(status)
  const wish = waitMs !== undefined && waitMs > MAX_WAIT_MS ? `It wants to be left alone for ${Math.ceil(waitMs / 1000)} seconds.` : ''
  const advice = wish || (isPassing ? 'Try again later.' : 'It failed at this very request; its log may say more.')
  return { error: new RemoteError('remote-unavailable', sentences(said, advice), { status }), isPassing, waitMs }
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403) return 'Look at the key in the headers option.'
  if (status === 404 || status === 405) return 'Look at url: it must be the address of the rerank endpoint.'
  if (status === 413) return 'A document is too large for it.'
  return 'Look at flavour and model.'
}

const sentences = (first: string, second: string) => `${first.replace(/[.\s]*$/, '')}. ${second}`

/** The body of an answer, as long as it is no longer than it can be. */
async function readText(response: Response, maxBytes: number, server: string): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return response.text()
  const decoder = new TextDecoder()
  let text = ''
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > maxBytes) {
      reader.cancel().catch(() => undefined)
      throw new RemoteError('remote-invalid', `${server} answered more than ${maxBytes} bytes, which is no ranking. Look at url.`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

function parseAnswer(server: string, text: string): Answer {
  const what = /^\s*</.test(text) ? 'an HTML page' : text.trim() === '' ? 'nothing' : 'what is no JSON'
  let cause: unknown
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null) return answer as Answer
  } catch (error) {
    cause = error
  }
  throw new RemoteError('remote-invalid', `${server} answered ${what}. Look at url: it must be the address of the rerank endpoint.`, {
    cause,
  })
}

/**
 * What a server says went wrong, as far as it is in one of the usual places: `error`, `message` or `detail`, or the `message` or `msg` in
 * these. Nothing else is passed on: FastAPI's complaints hold the documents. What it repeats of the headers is not either.
 */
function wordsIn(text: string, sent: Headers): string {
  let words: unknown
  try {
    words = JSON.parse(text)
  } catch {
    return ''
  }
  for (let depth = 0; depth < 4 && typeof words === 'object' && words !== null; depth++) {
    const { error, message, msg, detail }: { [name: string]: unknown } = Array.isArray(words) ? { detail: words[0] } : { ...words }
    words = error ?? message ?? msg ?? detail
  }
  if (typeof words !== 'string') return ''
  // Nor what changes how the rest is shown.
  const visible = withoutValues(words, sent).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
  return visible.length > MAX_WORDS ? `${visible.slice(0, MAX_WORDS)}…` : visible
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout>
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return orAborted(over, signal).finally(() => clearTimeout(timer))
}
