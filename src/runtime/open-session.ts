import type { Session } from '../core/session.js'
import type { Tokenizer } from '../core/tokenizer.js'
import type { Weights } from '../model/load-model.js'
import type { ModelLocation } from '../model/location.js'
import type { Fallback, Runtime } from '../types.js'
import type { Candidate } from './candidates.js'
import type { OutputReader } from './onnx.js'

/** A session on one device, and what it turned out to be. */
export interface OpenedSession<Output = number> extends Session<Output> {
  readonly runtime: Runtime
  readonly threads: number
  /** Aborted when the device is gone, with a `CandidateError` as its reason; absent where a device cannot be lost. */
  readonly lost?: AbortSignal
}

/** Token ids that a run needs besides the pairs'. */
export type RunTokens = Pick<Tokenizer, 'padTokenId' | 'answers'>

export interface OpenRequest<Output = number> extends Candidate {
  location: ModelLocation
  tokens: RunTokens
  /** How the graph's answer is read. */
  output: OutputReader<Output>
  /** Reads the weights of this dtype. */
  weights: () => Promise<Weights>
  /** How often this device has been opened before: a runtime that crashed must not be reused. */
  attempt: number
}

/**
 * Opens the model on one device with one dtype. A list of providers is no fallback chain, so it is one at a time.
 *
 * @throws CandidateError where another device or dtype may do better; ModelLoadError and InvalidInputError where none can
 */
export type OpenSession = <Output>(request: OpenRequest<Output>) => Promise<OpenedSession<Output>>

interface CandidateErrorOptions extends ErrorOptions {
  /** No other dtype can do better on this device. @default false */
  everyDtype?: boolean
}

/** Why a candidate was given up, in a form that `info.fallbacks` shows. Thrown for nothing that another candidate could not mend. */
export class CandidateError extends Error {
  readonly code: Fallback['code']
  readonly everyDtype: boolean

  constructor(code: Fallback['code'], message: string, { cause, everyDtype = false }: CandidateErrorOptions = {}) {
    super(message, { cause })
    this.code = code
    this.everyDtype = everyDtype
  }
}
