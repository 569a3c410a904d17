import { inTime } from './in-time.js'
import type { Place } from './order.js'
import type { Pagefind, Result, Results, SearchOptions } from './pagefind.js'
import type { Ranked, Ranker } from './ranker.js'
import { withBestSections } from './sub-results.js'

/** Pagefind's functions, with searches that are reranked. */
export function wrap(original: Pagefind, ranker: Ranker): Pagefind {
  const user = {}
  let newest = 0
  let ranking = new AbortController()
  /** All pages that the filters let through, as Pagefind gives them where there are no words; the last ones asked for. */
  let everything: { filters: string; results: Promise<Map<string, Result>> } | undefined
  const forget = () => {
    everything = undefined
  }

  function findAll(filters: object = {}): Promise<Map<string, Result>> {
    const key = JSON.stringify(filters)
    if (everything?.filters === key) return everything.results
    const results = original.search(null, { filters }).then(({ results }) => new Map(results.map((result) => [result.id, result])))
    results.catch(forget)
    everything = { filters: key, results }
    return results
  }

  async function rerank<R extends Results | null>(
    found: R,
    term: string | null,
    options: SearchOptions = {},
    signal: AbortSignal,
  ): Promise<R> {
    // A sort that somebody asked for is theirs.
    const isSorted = Object.keys(options?.sort ?? {}).length > 0
    if (!found?.results || typeof term !== 'string' || term.trim() === '' || isSorted) return found
    const begin = performance.now()
    const ranked = await ranker.rank(term, found.results, signal)
    if (!ranked) return found
    const hasMissed = ranked.places.some((place) => 'missed' in place)
    // As a rule they are at hand, and without them nothing is lost but what the keywords missed.
    const left = ranker.budgetMs - (performance.now() - begin)
    const all = hasMissed ? await inTime(Math.max(0, left), findAll(options?.filters)).catch(() => undefined) : undefined
    const results = ranked.places.flatMap((place) => toResult(place, ranked, all))
    return { ...found, results, unfilteredResultCount: Math.max(found.unfilteredResultCount ?? 0, results.length) }
  }

  const wrapped: Pagefind = {
    async search(...given) {
      const searching = original.search(...given)
      ranker.start(user)
      return rerank(await searching, given[0], given[1], new AbortController().signal)
    },
    async debouncedSearch(...given) {
      const mine = ++newest
      // An older one's answer would be null.
      ranking.abort()
      ranking = new AbortController()
      const { signal } = ranking
      const searching = original.debouncedSearch(...given)
      ranker.start(user)
      const found = await searching
      if (mine !== newest) return null
      const results = await rerank(found, given[0], given[1], signal)
      return mine === newest ? results : null
    },
    // What is asked for before the first search: then the model is on its way while somebody types.
    async init() {
      ranker.start(user)
      await original.init?.()
    },
    async preload(...given) {
      ranker.start(user)
      await original.preload?.(...given)
    },
    // Some interfaces ask for them when a page is loaded, before anybody searches.
    async filters() {
      return original.filters?.()
    },
    async destroy() {
      forget()
      ranking.abort()
      ranker.leave(user)
      await original.destroy?.()
    },
    async options(...given) {
      forget()
      await original.options?.(...given)
    },
    async mergeIndex(...given) {
      forget()
      await original.mergeIndex?.(...given)
    },
  }
  const { createInstance } = original
  if (createInstance) wrapped.createInstance = (...given) => wrapInstance(createInstance(...given), ranker)
  return wrapped
}

/** An instance may have more functions than are wrapped. */
function wrapInstance(instance: Pagefind, ranker: Ranker): Pagefind {
  const wrapped = wrap(instance, ranker)
  const own = Object.entries(wrapped).filter(([name]) => name in instance)
  return { ...instance, ...Object.fromEntries(own) }
}

function toResult(place: Place, { pageOf }: Ranked, all: Map<string, Result> | undefined): Result[] {
  const isMissed = 'missed' in place
  const { score } = place
  // Of a page that is filtered out, or of an earlier build, there is nothing.
  const result = isMissed ? all?.get(place.missed) : place.result
  if (!result) return []
  const page = score && pageOf(result.id)
  if (!page) return [result]
  // The result itself is kept alive on purpose: Pagefind forgets its data with it.
  return [{ ...result, data: async () => withBestSections(await result.data(), page, score, isMissed) }]
}
