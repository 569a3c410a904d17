/**
 * Kinds of refusal, for programs. The first five are text-embeddings-inference's (router/src/lib.rs, `ErrorType`); it answers the others
 * without a body of its own.
 */
export type ErrorType =
  | 'Unhealthy'
  | 'Backend'
  | 'Overloaded'
  | 'Validation'
  | 'Empty'
  | 'Unauthorized'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'TooLarge'
  | 'UnsupportedMediaType'
  | 'Timeout'
  | 'ClientClosedRequest'

/** A request that is not answered with an order: its HTTP status, kind, and one sentence for who sent it. */
export class RequestError extends Error {
  override readonly name = 'RequestError'

  constructor(
    readonly status: number,
    readonly type: ErrorType,
    message: string,
    /** Seconds after which the same request may be answered. */
    readonly retryAfter?: number,
  ) {
    super(message)
  }

  /** As an answer. `message` says the same as `error`: Cohere's clients look for it there. */
  toResponse(): Response {
    const headers = { ...(this.retryAfter !== undefined && { 'retry-after': String(this.retryAfter) }) }
    return Response.json(errorBody(this.type, this.message), { status: this.status, headers })
  }
}

/** What is in the body of every answer that is an error. */
export function errorBody(type: ErrorType, sentence: string): { error: string; error_type: ErrorType; message: string } {
  return { error: sentence, error_type: type, message: sentence }
}
