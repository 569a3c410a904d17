/** A search of one index, in the shape of either version of the client: parameters beside `indexName`, or in `params`. */
export interface Request {
  indexName?: unknown
  type?: unknown
  query?: unknown
  params?: unknown
  [name: string]: unknown
}

/** What is read of an answer. */
export interface Answer {
  hits?: unknown
  page?: number
  hitsPerPage?: number
  nbHits?: number
  nbPages?: number
  [name: string]: unknown
}

/** Names of indices, or what says whether a name is one of them. */
export type Indices = readonly string[] | ((name: string) => boolean)

/** One request whose hits are ranked. */
export interface Plan {
  query: string
  /** What is asked in its place. */
  request: Request
  /** What it has in common with requests for other pages of the same search. */
  search: string
  /** What it has in common with searches for other words. */
  box: string
  /** The page that the caller asked for; undefined where the hits that come are one page, of the size that the index says. */
  page?: { number: number; size: number }
}

/** Algolia's own: the most hits of one answer, and `paginationLimitedTo` unless an index says otherwise. */
const MAX_HITS = 1000
const PAGINATION_LIMIT = 1000

/**
 * How a request is answered, or undefined where it is passed on as it is: another index, no text, facets alone, a page behind the pool, and ways
 * of paging that no page can be cut for.
 *
 * @param pool hits that are ranked, at the least
 * @param indices those that are ranked; all where it is not given
 */
export function planOf(request: Request, pool: number, indices?: Indices): Plan | undefined {
  if (typeof request !== 'object' || request === null || request.type === 'facet') return undefined
  if (indices && !isOf(indices, request.indexName)) return undefined
  const { params } = request
  // The older client also takes them as they stand in an address.
  if (params !== undefined && (typeof params !== 'object' || params === null)) return undefined
  const given: Record<string, unknown> = { ...request, ...params }
  const { query, page = 0, hitsPerPage, offset, length, attributesToRetrieve } = given
  if (typeof query !== 'string' || query.trim() === '') return undefined
  if (offset !== undefined || length !== undefined) return undefined
  // Counting facets takes no hits.
  if (hitsPerPage === 0 || (Array.isArray(attributesToRetrieve) && attributesToRetrieve.length === 0)) return undefined
  if (!Number.isInteger(page) || (page as number) < 0) return undefined
  const { page: _, hitsPerPage: __, params: ___, ...rest } = given
  // Searches of which another number of hits is ranked are others.
  const plan = (hits?: number) => ({
    query,
    search: JSON.stringify({ ...rest, hitsPerPage: hits }),
    box: JSON.stringify({ ...rest, query: undefined }),
  })
  if (hitsPerPage === undefined) return page === 0 ? { ...plan(), request } : undefined
  if (!Number.isInteger(hitsPerPage) || (hitsPerPage as number) < 1) return undefined
  const size = hitsPerPage as number
  // Whole pages, so that no page is half of the pool and half of what comes behind it.
  const hits = Math.ceil(pool / size) * size
  const number = page as number
  if (hits > MAX_HITS) return number === 0 ? { ...plan(size), request } : undefined
  if (number >= hits / size) return undefined
  const all = { page: 0, hitsPerPage: hits }
  // In the older shape some may stand beside `params`.
  const { page: ____, hitsPerPage: _____, ...others } = request
  const changed = params === undefined ? { ...others, ...all } : { ...others, params: { ...params, ...all } }
  return { ...plan(hits), request: changed, page: { number, size } }
}

function isOf(indices: Indices, name: unknown): boolean {
  if (typeof name !== 'string') return false
  return typeof indices === 'function' ? indices(name) : indices.includes(name)
}

/** The page that was asked for, out of the pool. */
export function cut(answer: Answer, hits: readonly unknown[], page: Plan['page']): Answer {
  if (!page) return { ...answer, hits: [...hits] }
  const { number, size } = page
  const start = number * size
  return {
    ...answer,
    hits: hits.slice(start, start + size),
    page: number,
    hitsPerPage: size,
    ...(answer.nbPages !== undefined && { nbPages: pagesOf(answer, size) }),
  }
}

/** How many pages of a size there are: the answer counts pages of the pool's size. */
function pagesOf({ nbHits = 0, nbPages = 0, hitsPerPage = 1 }: Answer, size: number): number {
  // Where the index lets nobody page through all, what that comes to is known to a page of the pool.
  const reachable = nbPages * hitsPerPage
  const isLimit = reachable >= PAGINATION_LIMIT && reachable - hitsPerPage < PAGINATION_LIMIT
  return Math.ceil(Math.min(nbHits, isLimit ? PAGINATION_LIMIT : reachable) / size)
}
