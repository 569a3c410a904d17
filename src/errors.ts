/**
 * One family of errors. Each has a stable `code`, a sentence that says what to do next, and the `cause` where there is
 * one. They are rebuilt with class, code and cause on the other side of a worker boundary (comlink alone keeps only the
 * message). This file imports nothing.
 */

export type ErrorCode =
  | 'invalid-input'
  | 'invalid-option'
  | 'model-not-found'
  | 'model-file-invalid'
  | 'model-unsupported'
  | 'download-failed'
  | 'access-denied'
  | 'storage-full'
  | 'storage-blocked'
  | 'device-unavailable'
  | 'session-failed'
  | 'does-not-fit'
  | 'index-not-found'
  | 'index-invalid'
  | 'index-mismatch'
  | 'worker-failed'
  | 'remote-refused'
  | 'remote-unavailable'
  | 'remote-invalid'
  | 'disposed'

/** Facts about what went wrong, for programs: which document, option or file. */
export interface ErrorDetails {
  /** Position of the offending document or pair. */
  index?: number
  /** Name of the offending option. */
  option?: string
  /** Path or address of the offending file. */
  file?: string
  /** HTTP status that a server answered with. */
  status?: number
}

interface RerankerErrorOptions extends ErrorDetails {
  cause?: unknown
}

/** Base of everything this library throws, `AbortError` (a `DOMException`) aside. */
export class RerankerError extends Error implements ErrorDetails {
  override readonly name: string = 'RerankerError'
  readonly code: ErrorCode
  declare readonly index?: number
  declare readonly option?: string
  declare readonly file?: string
  declare readonly status?: number

  constructor(code: ErrorCode, message: string, { cause, index, option, file, status }: RerankerErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    if (index !== undefined) this.index = index
    if (option !== undefined) this.option = option
    if (file !== undefined) this.file = file
    if (status !== undefined) this.status = status
  }
}

/** A query, document, pair or option that cannot be used. Nothing was scored. */
export class InvalidInputError extends RerankerError {
  override readonly name = 'InvalidInputError'
}

/** A model that could not be found, fetched, read or understood. */
export class ModelLoadError extends RerankerError {
  override readonly name = 'ModelLoadError'
}

/** No device can run the model: too large for this one (`does-not-fit`, before its weights are fetched), or each failed. */
export class SessionError extends RerankerError {
  override readonly name = 'SessionError'
}

/**
 * An index that cannot be used: there is none (`index-not-found`), it is no whole one (`index-invalid`), it is another model's
 * (`index-mismatch`) or too large for `states.maxBytes` (`does-not-fit`). `rerank` reads the documents instead.
 */
export class IndexError extends RerankerError {
  override readonly name = 'IndexError'
}

/** The worker could not be started, or died. */
export class WorkerError extends RerankerError {
  override readonly name = 'WorkerError'
}

/**
 * A server that did not rank: it refused the request (`remote-refused`, with its `status`), could not be reached or failed, again and
 * again (`remote-unavailable`, with the last `status` where there was one), or answered what cannot be right (`remote-invalid`).
 */
export class RemoteError extends RerankerError {
  override readonly name = 'RemoteError'
}

/** The reranker was disposed of before or during the call. */
export class DisposedError extends RerankerError {
  override readonly name = 'DisposedError'
  constructor(message = 'This reranker was disposed of. Create a new one with createReranker().') {
    super('disposed', message)
  }
}

/** The error of a cancelled call: what `fetch` throws, so `error.name === 'AbortError'` is the check to use. */
export function abortError(message = 'The call was aborted.', cause?: unknown): DOMException {
  const error = new DOMException(message, 'AbortError')
  // Not every engine takes a DOMException's cause in its constructor.
  return cause === undefined ? error : Object.defineProperty(error, 'cause', { value: cause, configurable: true })
}

/** True for the error of a call that was aborted, superseded, or ended by `dispose()`, from either side of a worker boundary. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** True for this library's errors; matches the `code` too, so that errors of a second copy of the library count. */
export function isRerankerError(error: unknown): error is RerankerError {
  return (
    error instanceof RerankerError ||
    (error instanceof Error && 'code' in error && (error.name in classes || error.name === 'DisposedError'))
  )
}

/** An error as plain data, for `postMessage`. */
export interface WireError extends ErrorDetails {
  name: string
  message: string
  code?: ErrorCode
  stack?: string
  cause?: WireError
}

const classes: Record<string, new (code: ErrorCode, message: string, options?: RerankerErrorOptions) => RerankerError> = {
  RerankerError,
  InvalidInputError,
  ModelLoadError,
  SessionError,
  IndexError,
  WorkerError,
  RemoteError,
}

/** Longest chain of causes that crosses; a longer one is a cycle or noise. */
const MAX_CAUSES = 5

/** What went wrong, as text: anything can be thrown, and `String` fails on some objects. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return `${typeof error === 'function' ? 'a function' : 'an object'} was thrown`
  }
}

/** Never throws. */
export function toWire(error: unknown, depth = 0): WireError {
  try {
    return describeError(error, depth)
  } catch {
    return { name: 'Error', message: messageOf(error) }
  }
}

function describeError(error: unknown, depth: number): WireError {
  if (!(error instanceof Error)) return { name: 'Error', message: messageOf(error) }
  const { stack, cause } = error
  const { code, index, option, file, status } = error as Partial<RerankerError>
  return {
    name: String(error.name),
    message: messageOf(error),
    ...(typeof stack === 'string' && { stack }),
    ...(isRerankerError(error) && { code, index, option, file, status }),
    ...(cause !== undefined && depth < MAX_CAUSES && { cause: toWire(cause, depth + 1) }),
  }
}

export function fromWire(wire: WireError): Error {
  const { name, message, code, stack, index, option, file, status } = wire
  const cause = wire.cause && fromWire(wire.cause)
  let error: Error
  if (name === 'AbortError') error = abortError(message, cause)
  else if (name === 'DisposedError') error = new DisposedError(message)
  else if (code && classes[name]) {
    error = new classes[name](code, message, { cause, index, option, file, status })
  } else {
    error = new Error(message, cause && { cause })
    error.name = name
  }
  // A DOMException's stack is read-only in some engines.
  if (stack !== undefined) Reflect.defineProperty(error, 'stack', { value: stack, configurable: true })
  return error
}
