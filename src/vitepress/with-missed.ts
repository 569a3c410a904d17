/** A result of MiniSearch, and the excerpt that the search box adds. */
export interface SectionResult {
  id: string
  score: number
  terms: string[]
  queryTerms: string[]
  match: Record<string, string[]>
  text?: string
  [stored: string]: unknown
}

/** Results that are made; VitePress shows 16. */
const TOP = 32

/**
 * What the first place in the keywords' list counts for, in logits: more than the model's own, for words that are half typed and for
 * names of functions and options, which keywords know best.
 */
const FIRST_PLACE = 2

/**
 * The same for a query that is one word of ASCII: a code, an option, a name, or a word half typed. Where that stands keywords know, and a model that
 * has read the beginning of a section may not.
 */
const FIRST_PLACE_OF_NAME = 8
const NAME = /^[!-~]+$/

/** What the keywords missed has to answer the query at least so well; what they found stays in any case. */
export const MISSED_MIN_SCORE = 0.2

/**
 * The keywords' hits and the sections that they missed, in one order: by logit and, for hits, by their place.
 *
 * @param hits of the keywords, best first
 * @param scored by the model, by section
 * @param shown sections that may be shown where the keywords missed them
 */
export function withMissed(
  hits: readonly SectionResult[],
  scored: ReadonlyMap<string, { logit: number; score: number }>,
  shown: ReadonlyMap<string, SectionResult>,
  query: string,
): SectionResult[] {
  const firstPlace = NAME.test(query.trim()) ? FIRST_PLACE_OF_NAME : FIRST_PLACE
  const results = new Map<string, { result: SectionResult; value: number }>()
  hits.forEach((result, place) => {
    // Those that were not ranked stay below, in their order.
    const logit = scored.get(result.id)?.logit
    results.set(result.id, { result, value: logit === undefined ? -1e6 - place : logit + firstPlace * (1 - place / hits.length) })
  })
  for (const [id, { logit, score }] of scored) {
    if (results.has(id) || score < MISSED_MIN_SCORE) continue
    const result = shown.get(id)
    if (result) results.set(id, { result, value: logit })
  }
  return [...results.values()]
    .sort((one, other) => other.value - one.value)
    .slice(0, TOP)
    .map(({ result }) => result)
}
