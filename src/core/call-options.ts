import { InvalidInputError } from '../errors.js'
import {
  LONG_DOCUMENTS,
  ON_MISMATCH,
  type PreparedIndex,
  type PrepareIndexOptions,
  type PrepareOptions,
  type RerankOptions,
  type ScoreOptions,
  TRUNCATIONS,
} from '../types.js'
import { aBoolean, aFunction, aSignal, aString, describe, kind, numberFrom, type OptionChecks, oneOf } from './options.js'

const count = numberFrom({ min: 1, integer: true })

export function isRerankerOrPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('rerank' in value || 'then' in value)
}

/** For what is given a reranker. */
export const aReranker = kind('a Reranker, or the promise of one', isRerankerOrPromise)

/** Options of a reranker's calls. What only the model knows, such as the longest `maxLength`, it checks itself. */
export const rerankChecks: OptionChecks<RerankOptions<never>> = {
  topN: count,
  text: aFunction,
  minScore: numberFrom({ min: 0, max: 1 }),
  maxLength: count,
  longDocuments: oneOf(LONG_DOCUMENTS),
  onMismatch: oneOf(ON_MISMATCH),
  firstStageWeight: numberFrom({ min: 0 }),
  explain: aBoolean,
  budgetMs: numberFrom({ min: 0 }),
  onUpdate: aFunction,
  onProgress: aFunction,
  key: aString,
  signal: aSignal,
}

export const prepareChecks: OptionChecks<PrepareOptions<never>> = {
  text: aFunction,
  maxLength: count,
  longDocuments: oneOf(LONG_DOCUMENTS),
  onProgress: aFunction,
  signal: aSignal,
}

export const indexChecks: OptionChecks<PreparedIndex> = {
  index(option, value) {
    if (value instanceof URL || (typeof value === 'string' && value !== '')) return
    throw new InvalidInputError('invalid-option', `${option} is ${describe(value)}; it must be the address of an index.`, { option })
  },
}

export const prepareIndexChecks: OptionChecks<PrepareIndexOptions> = { onProgress: aFunction, signal: aSignal }

export const scoreChecks: OptionChecks<ScoreOptions> = {
  normalize: aBoolean,
  maxLength: count,
  queryMaxLength: count,
  truncation: oneOf(TRUNCATIONS),
  batchSize: count,
  onProgress: aFunction,
  signal: aSignal,
}
