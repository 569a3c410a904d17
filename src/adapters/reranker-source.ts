import { isRerankerOrPromise, rerankChecks } from '../core/call-options.js'
import { describe, type OptionChecks } from '../core/options.js'
import { orAborted } from '../core/or-aborted.js'
import { InvalidInputError } from '../errors.js'
import type { Reranker, RerankOptions } from '../types.js'

/**
 * Who ranks: a `Reranker`, its promise, or a function that makes one, which is called when something is ranked for the first time. It
 * stays yours to dispose of.
 */
export type RerankerSource = Reranker | PromiseLike<Reranker> | (() => Reranker | PromiseLike<Reranker>)

/** What a framework does not know and the model takes, for all calls of an adapter. As in `rerank`. */
export type RankingOptions = Pick<
  RerankOptions<never>,
  'minScore' | 'maxLength' | 'longDocuments' | 'onMismatch' | 'firstStageWeight' | 'budgetMs'
>

const { minScore, maxLength, longDocuments, onMismatch, firstStageWeight, budgetMs } = rerankChecks

export const rankingChecks: OptionChecks<RankingOptions> = { minScore, maxLength, longDocuments, onMismatch, firstStageWeight, budgetMs }

/**
 * The reranker, once it is needed. One that could not be made is not kept: a function is called again.
 *
 * @param caller who was given it, for the message
 * @returns rejects with the signal's reason as soon as that is aborted; what loads goes on for those who ask later
 * @throws InvalidInputError (`invalid-option`) where it is none of these; its calls, where what it makes is no reranker
 */
export function whenNeeded(caller: string, source: RerankerSource): (signal?: AbortSignal) => Promise<Reranker> {
  const isObject = isRerankerOrPromise(source)
  if (!isObject && typeof source !== 'function') {
    const message = `${caller} needs a Reranker, its promise, or a function that makes one: ${caller}(() => createReranker()).`
    throw new InvalidInputError('invalid-option', message, { option: 'reranker' })
  }
  let kept: Promise<Reranker> | undefined
  function get(): Promise<Reranker> {
    if (kept) return kept
    const made = (async () => {
      const reranker = await (typeof source === 'function' ? source() : source)
      if (typeof reranker?.rerank === 'function') return reranker
      const message = `${caller} was given a function or a promise of ${describe(reranker)}; it must come to a Reranker.`
      throw new InvalidInputError('invalid-option', message, { option: 'reranker' })
    })()
    // Each call tells its own caller; without this a promise that fails before the first one ends a process.
    made.catch(() => {
      if (kept === made) kept = undefined
    })
    kept = made
    return made
  }
  if (isObject) get()
  return async (signal) => {
    signal?.throwIfAborted()
    return signal ? orAborted(get(), signal) : get()
  }
}
