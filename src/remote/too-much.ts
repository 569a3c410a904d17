import { RemoteError } from '../errors.js'

/** What a server answers to a request with too many documents: the first of TEI, the second of FastAPI's checks, the rest of others. */
const TOO_MANY_DOCUMENTS = /batch size|at most \d+ item|number of documents|too many (?:documents|texts|inputs|passages|items|pairs)/i
/** And to one that is too much in any way, such as of tokens. */
const TOO_MUCH = /too many|too_long|number of tokens/i

/** What Node says of a connection that the other side has ended. */
const CUT = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** Whether a request may succeed in halves. */
export function isTooMuch(error: unknown): error is RemoteError {
  if (!(error instanceof RemoteError)) return false
  const { status, message } = error
  return status === 413 || ((status === 400 || status === 422) && (TOO_MUCH.test(message) || isTooManyDocuments(error)))
}

/** Whether the number of documents is the reason, so that it is of other documents, too. */
export function isTooManyDocuments({ message }: RemoteError): boolean {
  return TOO_MANY_DOCUMENTS.test(message) && !/tokens/i.test(message)
}

/**
 * Whether the connection ended without an answer, which a server that finds a request too large does as well, before it is sent to its end.
 * Browsers do not say how it was.
 */
export function isCut(error: unknown): error is RemoteError {
  if (!(error instanceof RemoteError) || error.code !== 'remote-unavailable' || error.cause === undefined) return false
  const { code } = (error.cause as { cause?: { code?: unknown } }).cause ?? {}
  return code === undefined || CUT.has(String(code))
}
