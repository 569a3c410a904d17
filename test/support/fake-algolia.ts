import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Page {
  objectID: string
  title: string
  content: string
  kind: string
  _highlightResult?: unknown
}

/** An index of which each query finds all, in the order of their numbers; every seventh is about wake locks. */
export const PAGES: Page[] = Array.from({ length: 130 }, (_, i) => ({
  objectID: String(i),
  title: `Page ${i}`,
  content: i % 7 === 6 ? `Wake lock number ${i}: keep the screen on` : `Something else, ${i}`,
  kind: i % 2 ? 'guide' : 'reference',
}))

export interface FakeAlgolia {
  origin: string
  /** Requests in the order of their arrival, each with its parameters. */
  asked: Record<string, unknown>[]
  close(): Promise<void>
}

/** What the two versions of Algolia's clients send, and what they are answered: the path of multiple queries, as far as searches need it. */
export async function serveAlgolia({ limit = 1000 } = {}): Promise<FakeAlgolia> {
  const asked: Record<string, unknown>[] = []
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*').setHeader('access-control-allow-headers', '*')
    if (request.method === 'OPTIONS') return response.end()
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const { requests } = JSON.parse(body) as { requests: Record<string, unknown>[] }
      const results = requests.map(({ params, ...flat }) => {
        // The older client sends parameters as an address has them.
        const given =
          typeof params === 'string' ? Object.fromEntries([...new URLSearchParams(params)].map(([k, v]) => [k, readValue(v)])) : params
        return answer({ ...flat, ...(given as object) })
      })
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ results }))
    })
  })
  function answer(given: Record<string, unknown>) {
    asked.push(given)
    const {
      query = '',
      page = 0,
      hitsPerPage = 20,
      facetFilters,
      facets,
    } = given as { query?: string; page?: number; hitsPerPage?: number; facetFilters?: unknown; facets?: unknown }
    if (given.type === 'facet') return { facetHits: [{ value: 'guide', highlighted: 'guide', count: 65 }] }
    const kind = /kind:(\w+)/.exec(JSON.stringify(facetFilters ?? ''))?.[1]
    const found = PAGES.filter((one) => kind === undefined || one.kind === kind)
    const reachable = Math.min(found.length, limit)
    const hits = found.slice(page * hitsPerPage, Math.min(reachable, (page + 1) * hitsPerPage))
    return {
      hits: hits.map((hit) => ({
        ...hit,
        _highlightResult: {
          title: {
            value: `${given.highlightPreTag ?? '<em>'}${hit.title}${given.highlightPostTag ?? '</em>'}`,
            matchLevel: 'full',
            matchedWords: [],
          },
        },
      })),
      nbHits: found.length,
      page,
      hitsPerPage,
      nbPages: hitsPerPage > 0 ? Math.ceil(reachable / hitsPerPage) : 0,
      query,
      params: new URLSearchParams({ query }).toString(),
      index: given.indexName,
      ...(facets !== undefined && { facets: { kind: { guide: 65, reference: 65 } } }),
      processingTimeMS: 1,
      exhaustiveNbHits: true,
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function readValue(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
