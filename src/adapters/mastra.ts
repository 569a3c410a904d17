import { scoreChecks } from '../core/call-options.js'
import { checkQuery, describe, type OptionChecks, readOptions } from '../core/options.js'
import { orAborted } from '../core/or-aborted.js'
import { InvalidInputError, isRerankerError } from '../errors.js'
import type { Pair, ScoreOptions } from '../types.js'
import { type RerankerSource, whenNeeded } from './reranker-source.js'

export type { RerankerSource }

/** As in `computeScore`. */
export type RelevanceScoreOptions = Pick<ScoreOptions, 'maxLength'>

/** A `RelevanceScoreProvider` of `@mastra/core`. */
export interface RelevanceScoreProvider {
  /**
   * How well a text answers a query, from 0 to 1: the sigmoid of the logit.
   *
   * Mastra asks for one text a call. Calls of one tick, whatever their queries, are scored together.
   *
   * @throws InvalidInputError (`invalid-input`), and RemoteError where a server refuses the text, which the others of its tick hear nothing
   *   of; as `computeScore`, all of them; the signal's reason, the one that it belongs to
   */
  getRelevanceScore(query: string, text: string, options?: { signal?: AbortSignal }): Promise<number>
}

/** Answers of a server to a text that it cannot read; the others of a request may have none of that. */
const OF_TEXTS = new Set<unknown>([400, 413, 422])

/** Whether one of the texts may be the reason. */
function isOfTexts(error: unknown): boolean {
  return isRerankerError(error) && OF_TEXTS.has((error as { status?: unknown }).status)
}

/** A call that waits for the others of its tick. */
interface Waiting {
  pair: Pair
  signal?: AbortSignal
  resolve: (score: number) => void
  reject: (error: unknown) => void
}

const checks: OptionChecks<RelevanceScoreOptions> = { maxLength: scoreChecks.maxLength }

/**
 * A scorer for Mastra's `rerankWithScorer()`, and the `reranker` of its vector query tools.
 *
 * What the order of the results counts for is Mastra's to weigh (`weights.position`): `firstStageWeight` has no part in it.
 *
 * @example
 * const scorer = relevanceScoreProvider(() => createReranker())
 * const ranked = await rerankWithScorer({ results, query, scorer, options: { topK: 5 } })
 *
 * @throws InvalidInputError (`invalid-option`)
 */
export function relevanceScoreProvider(reranker: RerankerSource, given: RelevanceScoreOptions = {}): RelevanceScoreProvider {
  const options = readOptions('relevanceScoreProvider', given, checks)
  const ready = whenNeeded('relevanceScoreProvider', reranker)
  let gathered: Waiting[] = []

  async function score(calls: Waiting[]): Promise<void> {
    try {
      const ranker = await ready()
      const wanted = calls.filter(({ signal }) => !signal?.aborted)
      const pairs = wanted.map(({ pair }) => pair)
      const scores = await ranker.computeScore(pairs, { ...options, normalize: true })
      for (const [i, { resolve }] of wanted.entries()) resolve(scores[i] as number)
    } catch (error) {
      const half = calls.length >> 1
      if (half > 0 && isOfTexts(error)) await Promise.all([score(calls.slice(0, half)), score(calls.slice(half))])
      else for (const { reject } of calls) reject(error)
    }
  }

  function gather(pair: Pair, signal?: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      gathered.push({ pair, signal, resolve, reject })
      if (gathered.length > 1) return
      setTimeout(() => {
        const calls = gathered
        gathered = []
        score(calls)
      })
    })
  }

  return {
    async getRelevanceScore(query, text, options) {
      const signal = options?.signal ?? undefined
      signal?.throwIfAborted()
      checkQuery(query)
      if (typeof text !== 'string') throw new InvalidInputError('invalid-input', `The text is ${describe(text)}; it must be a string.`)
      const asked = gather([query, text], signal)
      return signal ? orAborted(asked, signal) : asked
    },
  }
}
