import type { IncomingMessage } from 'node:http'
import type { EnqueuedTask, SearchResponse as MeilisearchResponse, Task } from 'meilisearch'
import type { SearchResponse as TypesenseResponse } from 'typesense/lib/Typesense/Documents.js'
import { listen, type RerankServer, readText, sendJson } from './tei-server.js'

/** What a document of examples/engines is in an index. */
interface Page {
  id?: string
  title: string
  body: string
}

export interface FakeEngine extends RerankServer {
  /** Method and path of each request, in order. */
  requests: string[]
}

/** The answer to a request: its status, and JSON, or a text as it is. */
type Answer = [status: number, body: object | string]

/** A search engine on a free port that answers what `answer` says, where the request has the header that lets in. */
async function fakeEngine(
  header: string,
  value: string,
  refusal: object,
  answer: (route: string, body: string) => Answer,
): Promise<FakeEngine> {
  const requests: string[] = []
  const server = await listen(async (request, response) => {
    const route = `${request.method} ${request.url}`
    requests.push(route)
    const body = await readText(request as IncomingMessage)
    if (request.headers[header] !== value) return sendJson(response, 401, refusal)
    const [status, content] = answer(route, body)
    if (typeof content === 'string') response.writeHead(status, { 'content-type': 'text/plain' }).end(content)
    else sendJson(response, status, content)
  })
  return { ...server, requests }
}

const jsonLines = (body: string) =>
  body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** Those with a word of the query, the last one first: the reranker has something to do. */
function find(query: string, pages: Iterable<Page>): Page[] {
  const words = new Set(query.toLowerCase().split(/\W+/))
  const isFound = ({ title, body }: Page) =>
    `${title} ${body}`
      .toLowerCase()
      .split(/\W+/)
      .some((word) => words.has(word))
  return [...pages].filter(isFound).reverse()
}

/** Answers as an OpenSearch 2.19.6 gave them; elastic/elasticsearch-specification at 9d9b9a5 has the same (BulkResponse.ts, hits.ts). */
export function fakeElasticsearch(key: string): Promise<FakeEngine> {
  const pages = new Map<string, Page>()
  const shards = { total: 1, successful: 1, skipped: 0, failed: 0 }
  const refusal = { error: { root_cause: [], type: 'security_exception', reason: 'unable to authenticate user' }, status: 401 }
  return fakeEngine('authorization', `ApiKey ${key}`, refusal, (route, body) => {
    if (route === 'POST /page-rerank-example/_bulk?refresh=wait_for') {
      const lines = jsonLines(body)
      const items = []
      for (let i = 0; i < lines.length; i += 2) {
        const { _id } = lines[i].index
        pages.set(_id, lines[i + 1])
        const written = { _version: 1, result: 'created', _shards: shards, _seq_no: i / 2, _primary_term: 1, status: 201 }
        items.push({ index: { _index: 'page-rerank-example', _id, ...written } })
      }
      return [200, { took: 5, errors: false, items }]
    }
    if (route !== 'POST /page-rerank-example/_search') return [400, { error: `no handler found for ${route}`, status: 400 }]
    const { size, query } = JSON.parse(body)
    const ids = new Map([...pages].map(([id, page]) => [page, id]))
    const found = find(query.multi_match.query, pages.values()).slice(0, size)
    const hits = found.map((_source, i) => ({ _index: 'page-rerank-example', _id: ids.get(_source), _score: 3 - i / 10, _source }))
    const total = { value: hits.length, relation: 'eq' }
    return [200, { took: 3, timed_out: false, _shards: shards, hits: { total, max_score: hits[0]?._score ?? null, hits } }]
  })
}

/** Answers as a Typesense 0.24.1 gave them, in the types of its client. */
export function fakeTypesense(key: string): Promise<FakeEngine> {
  const pages = new Map<string, Page>()
  let isThere = false
  const refusal = { message: 'Forbidden - a valid `x-typesense-api-key` header must be sent.' }
  return fakeEngine('x-typesense-api-key', key, refusal, (route, body) => {
    if (route === 'POST /collections') {
      if (isThere) return [409, { message: 'A collection with name `page-rerank-example` already exists.' }]
      isThere = true
      return [201, { ...JSON.parse(body), created_at: 1795860313, default_sorting_field: '', num_documents: 0 }]
    }
    if (route === 'POST /collections/page-rerank-example/documents/import?action=upsert') {
      for (const page of jsonLines(body)) pages.set(page.id, page)
      return [
        200,
        jsonLines(body)
          .map(() => '{"success":true}')
          .join('\n'),
      ]
    }
    if (route !== 'POST /multi_search') return [404, { message: 'Not Found' }]
    const [{ q, per_page, collection }] = JSON.parse(body).searches
    if (collection !== 'page-rerank-example') return [200, { results: [{ code: 404, error: 'Not found.' }] }]
    const result: TypesenseResponse<Page> = {
      facet_counts: [],
      found: find(q, pages.values()).length,
      hits: find(q, pages.values())
        .slice(0, per_page)
        .map((document) => ({
          document,
          highlight: {},
          highlights: [{ field: 'title', matched_tokens: [] }],
          text_match: 578730123365187700,
        })),
      out_of: pages.size,
      page: 1,
      request_params: { collection_name: collection, per_page, q },
      search_cutoff: false,
      search_time_ms: 0,
    }
    return [200, { results: [result] }]
  })
}

/** Answers as in meilisearch/documentation at 52a04d8, assets/open-api/meilisearch-openapi.json (1.53), in the types of its client. */
export function fakeMeilisearch(key: string): Promise<FakeEngine> {
  const pages = new Map<string, Page>()
  const enqueuedAt = '2024-08-08T17:05:55.791772Z'
  const indexUid = 'page-rerank-example'
  let looks = 0
  const refusal = {
    message: 'The provided API key is invalid.',
    code: 'invalid_api_key',
    type: 'auth',
    link: 'https://docs.meilisearch.com',
  }
  return fakeEngine('authorization', `Bearer ${key}`, refusal, (route, body) => {
    if (route === 'POST /indexes/page-rerank-example/documents?primaryKey=id') {
      for (const page of JSON.parse(body) as Page[]) pages.set(page.id as string, page)
      looks = 0
      const task: EnqueuedTask = { taskUid: 147, indexUid, status: 'enqueued', type: 'documentAdditionOrUpdate', enqueuedAt }
      return [202, task]
    }
    if (route === 'GET /tasks/147') {
      const status = (['enqueued', 'processing', 'succeeded'] as const)[looks++] ?? 'succeeded'
      const times = { enqueuedAt, startedAt: null, finishedAt: null, duration: null }
      const task: Task = {
        ...{ uid: 147, batchUid: 0, indexUid, status, type: 'documentAdditionOrUpdate', canceledBy: null, error: null },
        ...times,
      }
      return [200, task]
    }
    const missing = { message: `Index \`${route}\` not found.`, code: 'index_not_found', type: 'invalid_request', link: '' }
    // What is not yet indexed is not found.
    if (route !== 'POST /indexes/page-rerank-example/search' || looks < 3) return [404, missing]
    const { q, limit } = JSON.parse(body)
    const hits = find(q, pages.values()).slice(0, limit)
    const answer: MeilisearchResponse<Page> = { hits, offset: 0, limit, estimatedTotalHits: hits.length, processingTimeMs: 1, query: q }
    return [200, answer]
  })
}

interface Point {
  id: number
  vector: Record<string, number[] | number[][]>
  payload: { document: number }
}

/** Answers as in qdrant/qdrant at 74f3e85, docs/redoc/master/openapi.json; ranks by the dot product, and by MaxSim, as it does. */
export function fakeQdrant(key: string): Promise<FakeEngine> {
  let vectors: Record<string, { size: number }> | undefined
  const points = new Map<number, Point>()
  const ok = (result: unknown): Answer => [200, { usage: null, time: 0.002, status: 'ok', result }]
  const error = (status: number, message: string): Answer => [status, { status: { error: message }, time: 0.001 }]
  return fakeEngine('api-key', key, { status: { error: 'Invalid API key' }, time: 0 }, (route, body) => {
    const request = JSON.parse(body)
    if (route === 'PUT /collections/page-rerank-example') {
      if (vectors) return error(409, 'Wrong input: Collection `page-rerank-example` already exists!')
      vectors = request.vectors
      return ok(true)
    }
    if (route === 'PUT /collections/page-rerank-example/points?wait=true') {
      for (const point of request.points as Point[]) {
        for (const [name, vector] of Object.entries(point.vector))
          for (const one of rowsOf(vector))
            if (one.length !== vectors?.[name]?.size) return error(400, `Wrong input: Vector dimension error: ${name} ${one.length}`)
        points.set(point.id, point)
      }
      return ok({ operation_id: 0, status: 'completed' })
    }
    if (route !== 'POST /collections/page-rerank-example/points/query/groups') return error(404, 'Not found')
    const { prefetch, query, using, group_by, group_size, limit } = request
    const first = prefetch
      ? rank([...points.values()], prefetch).slice(0, prefetch.limit)
      : [...points.values()].map((point) => ({ point }))
    const ranked = rank(
      first.map(({ point }) => point),
      { query, using },
    )
    const groups = new Map<unknown, object[]>()
    for (const { point, score } of ranked) {
      const id = (point.payload as Record<string, unknown>)[group_by]
      const hits = groups.get(id) ?? []
      if (hits.length < group_size) hits.push({ id: point.id, version: 0, score, payload: point.payload })
      groups.set(id, hits)
    }
    return ok({ groups: [...groups].slice(0, limit).map(([id, hits]) => ({ hits, id })) })
  })
}

const rowsOf = (vector: number[] | number[][]) => (typeof vector[0] === 'number' ? [vector as number[]] : (vector as number[][]))

function rank(points: Point[], { query, using }: { query: number[] | number[][]; using: string }): { point: Point; score: number }[] {
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)
  const scoreOf = ({ vector }: Point) => {
    const rows = rowsOf(vector[using] as number[])
    return rowsOf(query).reduce((sum, one) => sum + Math.max(...rows.map((row) => dot(one, row))), 0)
  }
  return points.map((point) => ({ point, score: scoreOf(point) })).sort((a, b) => b.score - a.score)
}

/** A Vespa with these operations of a feed: /search/ as vespa-engine/documentation at 7b53ea4 has it (en/querying/grouping.html). */
export async function fakeVespa(operations: readonly { put: string; fields: Fields }[]): Promise<FakeEngine> {
  return fakeEngine('content-type', 'application/json', {}, (route, body) => {
    const request = JSON.parse(body)
    if (route !== 'POST /search/' || request.ranking !== 'max_sim') return [404, { root: { errors: [{ code: 0, message: route }] } }]
    // Tensor literals of one dimension, and of one dimension with labels: both are JSON here.
    const find = { query: JSON.parse(request['input.query(first)']), using: 'first' }
    const query = Object.values<number[]>(JSON.parse(request['input.query(vectors)']))
    const points = operations.map(({ fields: { place, first, vectors } }, id) => {
      return { id, vector: { first: first.values, vectors: Object.values(vectors.blocks) }, payload: { document: place } }
    })
    const [, targetHits, limit] = request.yql.match(/targetHits: (\d+).+ max\((\d+)\) each/) as string[]
    const found = rank(points, find).slice(0, Number(targetHits))
    const best = new Map<number, number>()
    for (const { point, score } of rank(
      found.map(({ point }) => point),
      { query, using: 'vectors' },
    ))
      best.set(point.payload.document, best.get(point.payload.document) ?? score)
    const groups = [...best].slice(0, Number(limit)).map(([place, score]) => {
      return { id: `group:long:${place}`, relevance: score, value: String(place), fields: { 'max(relevance())': score } }
    })
    const list = { id: 'grouplist:place', relevance: 1, label: 'place', children: groups }
    const root = { id: 'group:root:0', relevance: 1, continuation: { this: '' }, children: [list] }
    return [200, { root: { id: 'toplevel', relevance: 1, fields: { totalCount: found.length }, children: [root] } }]
  })
}

interface Fields {
  place: number
  first: { values: number[] }
  vectors: { blocks: Record<string, number[]> }
}
