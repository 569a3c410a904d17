import { kind, numberFrom, type OptionChecks, readOptions } from '../core/options.js'
import { InvalidInputError } from '../errors.js'
import type { Reranker } from '../types.js'
import { Cascade } from './cascade.js'

/** Two rerankers, one behind the other. */
export interface CascadeOptions {
  /** Orders all documents: as a rule a late-interaction model, which reads each once. It stays yours to dispose of. */
  first: Reranker
  /** Orders the first few of that order: as a rule a cross-encoder, here or on a server. It stays yours to dispose of. */
  second: Reranker
  /** Documents of the first stage's order that the second scores. @default 10 */
  pool?: number
  /**
   * What the first stage's order counts for in the second's, in the second's logits, 0 or more: `firstStageWeight` of its calls. (That of
   * the cascade's own calls is the first stage's.) @default 1
   */
  firstStageWeight?: number
}

/** Documents that the second stage scores where nobody says how many. */
const POOL = 10
/** What the first stage's order counts for: from one place to the next a tenth of a logit, so that it decides where the second stage does not. */
const FIRST_STAGE_WEIGHT = 1

/**
 * Two rerankers as one: the first orders all documents, the second the first `pool` of that order, under one budget.
 *
 * Where the second stage has no time, does not fit the query, or fails, the order is the first's, and `shortfall` of the response says
 * why. `dispose` ends the cascade's calls; the stages, which others may use too, are whose they were.
 *
 * @example
 * const cascade = createCascade({ first: await createReranker(), second: await createReranker({ model: 'bge-reranker-v2-m3' }) })
 * const { results } = await cascade.rerank(query, hits, { topN: 10, budgetMs: 500 })
 *
 * @throws InvalidInputError (`invalid-option`)
 */
export function createCascade(given: CascadeOptions): Reranker {
  const { first, second, pool = POOL, firstStageWeight = FIRST_STAGE_WEIGHT } = readOptions<CascadeOptions>('createCascade', given, checks)
  for (const [option, stage] of Object.entries({ first, second }))
    if (stage === undefined)
      throw new InvalidInputError('invalid-option', `createCascade needs ${option}. docs/cascade.md has examples.`, { option })
  return new Cascade(first, second, { pool, firstStageWeight })
}

/** Its `info` is asked for at once, so that a promise will not do. */
const aReadyReranker = kind(
  'a Reranker (await its promise)',
  (value) => typeof value === 'object' && value !== null && 'rerank' in value && 'info' in value,
)

const checks: OptionChecks<CascadeOptions> = {
  first: aReadyReranker,
  second: aReadyReranker,
  pool: numberFrom({ min: 1, integer: true }),
  firstStageWeight: numberFrom({ min: 0 }),
}
