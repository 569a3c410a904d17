/** The longest that a server's wish to be left alone is waited for; one that wants more is not asked again. */
export const MAX_WAIT_MS = 60_000

const FIRST_WAIT_MS = 500

/**
 * Milliseconds that a `Retry-After` header asks for: seconds, or a date. Undefined where there is none that can be read, and of a date that
 * is over, as it is where the two clocks differ.
 */
export function readRetryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined
  const text = header.trim()
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  // Date.parse reads -5 as the year 2001; a date of HTTP begins with a day's name.
  const left = /^[a-z]/i.test(text) ? Date.parse(text) - now : Number.NaN
  return left > 0 ? left : undefined
}

/**
 * Milliseconds until a request is made again that said nothing of it: half a second, then twice as long each time, all of it or as
 * little as half, so that many who were turned away together do not come back together.
 *
 * @param attempt from 0
 */
export function backoff(attempt: number): number {
  return Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + Math.random() / 2)
}
