import { messageOf, RemoteError } from '../errors.js'

/** Names and values of headers; also a `Headers` object. */
export type RequestHeaders = Readonly<Record<string, string>> | Headers

/** Shorter parts of a header's value are no secrets, and may be parts of any word. */
const LEAST_SECRET = 6

/** What can be sent as headers, as it is now; undefined where it cannot. */
export function toHeaders(value: unknown): Headers | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  try {
    // Not by instanceof: a Headers object may come from another frame. What can be gone through gives pairs, as a Headers does.
    const pairs = Symbol.iterator in value ? [...(value as Iterable<[string, string]>)] : Object.entries(value)
    // It knows which names and values there can be, and that they are the same in capitals.
    if (pairs.every(([, one]) => typeof one === 'string')) return new Headers(pairs)
  } catch {}
  return undefined
}

/**
 * The caller's headers.
 *
 * @throws RemoteError (`remote-refused`) also for what the caller's function throws: that is this reranker's failure
 */
export async function readHeaders(given: unknown): Promise<Headers> {
  let headers: unknown
  try {
    headers = (typeof given === 'function' ? await given() : given) ?? {}
  } catch (cause) {
    throw new RemoteError('remote-refused', `The headers function failed (${messageOf(cause)}), so nothing was asked.`, { cause })
  }
  const own = toHeaders(headers)
  if (own) return own
  throw new RemoteError('remote-refused', 'The headers function gave no object of headers that can be sent, so nothing was asked.')
}

/** Strikes out of a server's words what it repeats of the headers: keys, as a rule. */
export function withoutValues(words: string, headers: Headers): string {
  const parts = [...headers.values()].flatMap((value) => [value, ...value.split(/[\s,;]+/)]).filter(({ length }) => length >= LEAST_SECRET)
  return parts.sort((a, b) => b.length - a.length).reduce((rest, part) => rest.replaceAll(part, '…'), words)
}
