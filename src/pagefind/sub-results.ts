import type { PageScore } from './order.js'
import { type PageText, type Section, splitWords } from './page-texts.js'
import type { ResultData, SubResult } from './pagefind.js'

/**
 * A page's data with its sub-results in the model's order. What stands before the first heading stays first: interfaces take it for the
 * page itself. Where the best section has none of the words, it is added, so that a reader gets there.
 *
 * @param isMissed whether no keyword found the page: then its excerpt is the best section's
 */
export function withBestSections(data: ResultData, page: PageText, score: PageScore, isMissed: boolean): ResultData {
  const subResults = [...(data.sub_results ?? [])]
  const best = page.sections.find(({ at }) => at === score.best)
  const isRoot = (sub: SubResult) => sub.anchor === undefined
  const placeOf = (sub: SubResult) => (isRoot(sub) ? 0 : (sub.anchor?.location ?? 0))
  const isIn = best && subResults.some((sub) => placeOf(sub) === best.at && isRoot(sub) === (best.id === undefined))
  const added = best && !isIn ? asSubResult(data, best) : undefined
  if (added) subResults.push(added)
  const roots = subResults.filter(isRoot)
  const others = subResults.filter((sub) => !isRoot(sub))
  const logitOf = (sub: SubResult) => score.sections.get(placeOf(sub)) ?? Number.NEGATIVE_INFINITY
  // Sorting is stable: sections that the model did not read keep their order.
  others.sort((one, other) => compare(logitOf(other), logitOf(one)))
  const excerpt = isMissed && added ? { excerpt: added.excerpt, plain_excerpt: added.plain_excerpt } : {}
  return { ...data, ...excerpt, sub_results: [...roots, ...inOrderOfLocations(others)] }
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one - other
}

/**
 * Interfaces with little room show the three with the most words found, in the order given. So that these are the first three, none has
 * more locations than the one before.
 */
function inOrderOfLocations(subResults: readonly SubResult[]): SubResult[] {
  let most = Number.POSITIVE_INFINITY
  return subResults.map((sub) => {
    if (!sub.locations) return sub
    const locations = sub.locations.slice(0, most)
    most = locations.length
    return { ...sub, locations }
  })
}

/** As Pagefind would have made it, had a word been found there. */
function asSubResult(data: ResultData, { at, id, heading }: Section): SubResult {
  const url = data.meta?.url || data.url
  const excerpt = excerptFrom(data, at)
  const facts = { locations: [at], weighted_locations: [], excerpt, plain_excerpt: excerpt }
  if (id === undefined) return { title: data.meta?.title ?? '', url, ...facts }
  const anchor = data.anchors?.find((one) => one.location === at && one.id === id)
  return { title: heading || '', url: `${url.replace(/#.*$/, '')}#${id}`, anchor: { element: 'h2', id, ...anchor, location: at }, ...facts }
}

/** As many words as this page's own excerpt has. */
function excerptFrom({ raw_content, content, plain_excerpt, excerpt }: ResultData, at: number): string {
  const { words, joiner } = splitWords(raw_content ?? content.replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
  const length = splitWords(plain_excerpt ?? excerpt.replace(/<\/?mark>/g, '')).words.length
  return words
    .slice(at, at + Math.max(length, 12))
    .join(joiner)
    .trim()
}
