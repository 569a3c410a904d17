import type { Result } from './pagefind.js'

/** A page that no keyword found is shown among the first ones only, and only where it answers more likely than not. */
const FIRST = 10
const LEAST_LOGIT = 0
/** Less will do where the model prefers it to all that the keywords found: what has nothing to do with the site stays below this. */
const LEAST_LOGIT_OF_BEST = -1

/** What the model makes of a page: of each section, by its place, and of the best. */
export interface PageScore {
  logit: number
  /** The best section's place. */
  best: number
  sections: Map<number, number>
}

/** A page in the new order: one of the keywords' results, or the id of one that they missed. */
export type Place = { result: Result; score?: PageScore } | { missed: string; score: PageScore }

/**
 * Keywords' results by the model and their own order together, those that it did not get to below; between them pages that the keywords
 * missed.
 *
 * @param weight what the keywords' order counts for, in logits
 * @param takeMissed whether pages may be added
 */
export function order(
  found: readonly Result[],
  scores: ReadonlyMap<string, PageScore>,
  { weight, takeMissed }: { weight: number; takeMissed: boolean },
): Place[] {
  const places = found.map((result, i) => ({ result, score: scores.get(result.id), bonus: weight * (1 - i / found.length) }))
  const scored = places.flatMap(({ result, score, bonus }) => (score ? [{ place: { result, score }, value: score.logit + bonus }] : []))
  const ids = new Set(found.map(({ id }) => id))
  const bestFound = Math.max(...scored.map(({ place }) => place.score.logit))
  const isLikely = (logit: number) => logit >= LEAST_LOGIT || (logit >= LEAST_LOGIT_OF_BEST && logit > bestFound)
  const missed = [...scores]
    .filter(([id, { logit }]) => takeMissed && isLikely(logit) && !ids.has(id))
    .map(([id, score]) => ({ place: { missed: id, score }, value: score.logit }))
  const ranked = [...scored, ...missed].sort((one, other) => other.value - one.value).map(({ place }) => place as Place)
  const rest = places.filter(({ score }) => !score).map(({ result }) => ({ result }))
  return [...ranked.filter((place, i) => i < FIRST || 'result' in place), ...rest]
}
