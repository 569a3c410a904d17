import { RemoteError } from '../errors.js'
import type { Answer, Dialect, Tells } from './dialects.js'

/** How far outside its range a score of 32 bits may be, for being rounded. */
const ROUNDING = 1e-6

/**
 * The logits in an answer, in the order in which the documents were sent.
 *
 * @param server how errors name it
 * @throws RemoteError (`remote-invalid`) where there is not exactly one finite number for each document
 */
export function readScores(answer: Answer, { results, score: name }: Dialect, tells: Tells, count: number, server: string): Float64Array {
  const fail = (what: string) =>
    new RemoteError('remote-invalid', `${server} answered ${what}. Look at flavour, and whether url is its rerank endpoint.`)
  const list = results(answer)
  if (!Array.isArray(list)) throw fail('no list of results')
  if (list.length !== count) throw fail(`${list.length} results for ${count} documents`)
  const logits = new Float64Array(count).fill(Number.NaN)
  for (const result of list as unknown[]) {
    const { index, [name]: score } = (result ?? {}) as { [name: string]: unknown }
    if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= count) throw fail('a result of no document')
    const place = index as number
    if (!Number.isNaN(logits[place])) throw fail(`two results of document ${place}`)
    if (typeof score !== 'number' || !Number.isFinite(score)) throw fail(`a ${name} that is no number`)
    if (tells === 'scores' && Math.abs(score) > 1 + ROUNDING) throw fail(`the ${name} ${score}, which is more than a score from 0 to 1`)
    logits[place] = tells === 'logits' ? score : logitOf(score)
  }
  return logits
}

/** Logits of the scores 0 and 1: their sigmoids are 0 and 1 exactly, and no score between has a lower or a higher one. */
const LOWEST = -750
const HIGHEST = 40

/**
 * The inverse of the sigmoid: finite for 0 and 1 too, and rising all the way, so that the order stays the server's. Scores below 0 come
 * from Jina's third reranker, whose scores are cosines; they are all the score 0, in their order.
 */
export function logitOf(score: number): number {
  if (score <= 0) return LOWEST + 100 * score
  return score >= 1 ? HIGHEST : Math.log(score / (1 - score))
}
