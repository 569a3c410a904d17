import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { liteClient } from 'algoliasearch/lite'
import algoliasearch4 from 'algoliasearch-v4/lite.js'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { cut, planOf, type Request } from '../../src/algolia/paging.js'
import { type RerankedClientOptions, rerankedClient } from '../../src/algolia/reranked-client.js'
import { abortError } from '../../src/errors.js'
import type { Reranker, RerankOptions } from '../../src/types.js'
import { launchBrowser } from '../support/browser.js'
import { bundle } from '../support/bundle.js'
import { type FakeAlgolia, type Page, serveAlgolia } from '../support/fake-algolia.js'
import { BLANK_PAGE, LIBRARY_FOLDERS, serve } from '../support/server.js'

/** With the real clients, which speak to a server of the test's own. */
let algolia: FakeAlgolia
beforeAll(async () => {
  algolia = await serveAlgolia()
})
afterAll(async () => {
  await algolia?.close()
})

const text = ({ title, content }: Page) => `${title}\n${content}`

/** What is about wake locks first. */
function fakeReranker({ wait = async () => {} } = {}) {
  const rerank = vi.fn(async (_query: string, documents: readonly Page[], { text, signal }: RerankOptions<Page>) => {
    await wait()
    if (signal?.aborted) throw abortError()
    const isIt = (document: Page) => Number(/wake/i.test(text?.(document, 0) ?? ''))
    const results = documents
      .map((document, index) => ({ document, index }))
      .sort((one, other) => isIt(other.document) - isIt(one.document))
    return { results: results.map((one, i) => ({ ...one, rank: i + 1, scored: true, score: 0, logit: 0 })), unscored: 0 }
  })
  return { info: {}, rerank } as unknown as Reranker & { rerank: typeof rerank }
}

function closedGate() {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open, opened }
}

/** Each with the shape in which it is called. */
const CLIENTS = {
  v5: (options: RerankedClientOptions<Page>, { origin } = algolia) => {
    const client = rerankedClient(
      liteClient('APP', 'KEY', { hosts: [{ url: origin, protocol: 'http', accept: 'readWrite' }] as never }),
      options,
    )
    return async (...requests: Request[]) => (await client.search({ requests: requests as never })).results as never as Answered[]
  },
  'v5, as InstantSearch calls it': (options: RerankedClientOptions<Page>, { origin } = algolia) => {
    const client = rerankedClient(
      liteClient('APP', 'KEY', { hosts: [{ url: origin, protocol: 'http', accept: 'readWrite' }] as never }),
      options,
    )
    return async (...requests: Request[]) => (await client.search(requests.map(nested) as never)).results as never as Answered[]
  },
  v4: (options: RerankedClientOptions<Page>, { origin } = algolia) => {
    // Its types know another default than Node gives.
    const create = algoliasearch4 as unknown as typeof algoliasearch4.default
    const client = rerankedClient(create('APP', 'KEY', { hosts: [{ url: origin, protocol: 'http' }] as never }), options)
    return async (...requests: Request[]) => (await client.search(requests.map(nested) as never)).results as never as Answered[]
  },
}
const nested = ({ indexName, type, ...params }: Request) => ({ indexName, ...(type !== undefined && { type }), params })

interface Answered {
  hits: Page[]
  page: number
  hitsPerPage: number
  nbPages: number
  nbHits: number
  facets?: unknown
  facetHits?: unknown[]
}
type Search = (...requests: Request[]) => Promise<Answered[]>
const ids = ({ hits }: Answered) => hits.map(({ objectID }) => Number(objectID))
const isWake = (id: number) => id % 7 === 6
const QUERY = { indexName: 'docs', query: 'keep the screen on' }

beforeEach(() => {
  algolia.asked.length = 0
})

describe.each(Object.entries(CLIENTS))('%s', (_, connect) => {
  test('pages are cut from one pool: together they are Algolia’s hits, each once, in the model’s order', async () => {
    const search = connect({ reranker: fakeReranker(), text })
    const pages: Answered[] = []
    for (let page = 0; page < 7; page++) pages.push(...(await search({ ...QUERY, page, hitsPerPage: 20, facets: ['kind'] })))
    const all = pages.flatMap(ids)
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 130 }, (_, i) => i))
    // Of the first fifty, those about it: seven.
    expect(all.slice(0, 7)).toEqual([6, 13, 20, 27, 34, 41, 48])
    expect(all.slice(7, 43)).toEqual(
      Array.from({ length: 50 }, (_, i) => i)
        .filter((i) => !isWake(i))
        .slice(0, 36),
    )
    // Behind the pool of whole pages it is Algolia's order.
    expect(all.slice(60)).toEqual(Array.from({ length: 70 }, (_, i) => 60 + i))
    for (const [i, { page, hitsPerPage, nbPages, nbHits, facets }] of pages.entries())
      expect({ page, hitsPerPage, nbPages, nbHits, facets }).toEqual({
        page: i,
        hitsPerPage: 20,
        nbPages: 7,
        nbHits: 130,
        facets: { kind: { guide: 65, reference: 65 } },
      })
    expect(pages[0]?.hits[0]).toMatchObject({ title: 'Page 6', _highlightResult: { title: { value: '<em>Page 6</em>' } } })
  })

  test('several at once: only those with a text are changed', async () => {
    const reranker = fakeReranker()
    const search = connect({ reranker, text })
    const answers = await search(
      { ...QUERY, hitsPerPage: 10 },
      { ...QUERY, hitsPerPage: 0, facets: ['kind'] },
      { indexName: 'docs', query: '', hitsPerPage: 5 },
      { indexName: 'docs', type: 'facet', facet: 'kind', facetQuery: 'g' },
      { indexName: 'other', query: 'screen', hitsPerPage: 5, facetFilters: ['kind:guide'] },
    )
    expect(answers.map((one) => one.hits?.length ?? one.facetHits?.length)).toEqual([10, 0, 5, 1, 5])
    expect(ids(answers[0] as Answered).slice(0, 3)).toEqual([6, 13, 20])
    expect(ids(answers[2] as Answered)).toEqual([0, 1, 2, 3, 4])
    expect(ids(answers[4] as Answered)).toEqual([13, 27, 41, 55, 69])
    expect(reranker.rerank).toHaveBeenCalledTimes(2)
    expect(algolia.asked.map(({ hitsPerPage }) => hitsPerPage)).toEqual([50, 0, 5, undefined, 50])
  })

  test('without a number of hits, the first page is ordered in itself and later ones stay', async () => {
    const search = connect({ reranker: fakeReranker(), text })
    const [first] = await search(QUERY)
    expect(ids(first as Answered)).toEqual([6, 13, ...Array.from({ length: 20 }, (_, i) => i).filter((i) => !isWake(i))])
    const [second] = await search({ ...QUERY, page: 1 })
    expect(ids(second as Answered)).toEqual(Array.from({ length: 20 }, (_, i) => 20 + i))
    expect(algolia.asked.map(({ hitsPerPage }) => hitsPerPage)).toEqual([undefined, undefined])
  })
})

describe('the model', () => {
  const connect = CLIENTS['v5, as InstantSearch calls it']

  test('not there yet: Algolia’s order on all pages, until the page is told', async () => {
    let arrive: (reranker: Reranker) => void = () => {}
    const onReady = vi.fn()
    const search = connect({ reranker: new Promise((resolve) => (arrive = resolve)), text, onReady })
    expect(ids((await search({ ...QUERY, hitsPerPage: 20 }))[0] as Answered)[0]).toBe(0)
    expect(onReady).not.toHaveBeenCalled()
    arrive(fakeReranker())
    await vi.waitFor(() => expect(onReady).toHaveBeenCalledOnce())
    expect(ids((await search({ ...QUERY, hitsPerPage: 20 }))[0] as Answered)[0]).toBe(6)
  })

  test('that comes between two pages does not mix their orders', async () => {
    let arrive: (reranker: Reranker) => void = () => {}
    const reranker = fakeReranker()
    const search = connect({ reranker: new Promise((resolve) => (arrive = resolve)), text })
    const pages = [ids((await search({ ...QUERY, hitsPerPage: 20 }))[0] as Answered)]
    arrive(reranker)
    await new Promise((resolve) => setTimeout(resolve, 10))
    for (const page of [1, 2]) pages.push(ids((await search({ ...QUERY, hitsPerPage: 20, page }))[0] as Answered))
    expect(pages.flat()).toEqual(Array.from({ length: 60 }, (_, i) => i))
    expect(reranker.rerank).not.toHaveBeenCalled()
  })

  test('is waited for as long as the page says', async () => {
    const slow = new Promise<Reranker>((resolve) => setTimeout(() => resolve(fakeReranker()), 50))
    expect(ids((await connect({ reranker: slow, text, wait: 2000 })(QUERY))[0] as Answered)[0]).toBe(6)
    expect(ids((await connect({ reranker: new Promise(() => {}), text, wait: 20 })(QUERY))[0] as Answered)[0]).toBe(0)
  })

  test.each([
    ['that does not load', () => Promise.reject(new Error('no model')), 'no model'],
    ['that fails', () => ({ info: {}, rerank: () => Promise.reject(new Error('lost')) }) as unknown as Reranker, 'lost'],
  ])('%s: Algolia’s order, and why', async (_, make, message) => {
    const onError = vi.fn()
    const search = connect({ reranker: make(), text, onError })
    expect(ids((await search({ ...QUERY, hitsPerPage: 20 }))[0] as Answered)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message }))
  })

  test('is not asked for what was typed before: the older search ends with Algolia’s order', async () => {
    const gate = closedGate()
    const reranker = fakeReranker({ wait: () => gate.opened })
    const search = connect({ reranker, text })
    const older = search({ ...QUERY, query: 'keep', hitsPerPage: 20 })
    await vi.waitFor(() => expect(reranker.rerank).toHaveBeenCalledTimes(1))
    const newer = search({ ...QUERY, query: 'keep on', hitsPerPage: 20 }, { ...QUERY, query: 'keep it on', hitsPerPage: 20 })
    await vi.waitFor(() => expect(reranker.rerank).toHaveBeenCalledTimes(3))
    // The two of one call do not end each other.
    expect(reranker.rerank.mock.calls.map(([, , { signal }]) => signal?.aborted)).toEqual([true, false, false])
    gate.open()
    expect(ids((await older)[0] as Answered)[0]).toBe(0)
    expect((await newer).map((one) => ids(one)[0])).toEqual([6, 6])
  })
})

describe('at the same time', () => {
  const connect = CLIENTS.v5
  const FIRST_FIFTY = Array.from({ length: 50 }, (_, i) => i)
  const RANKED = [...FIRST_FIFTY.filter(isWake), ...FIRST_FIFTY.filter((id) => !isWake(id))]

  test.each([
    ['in two calls', (search: Search, asked: Request[]) => Promise.all(asked.map(async (one) => (await search(one))[0] as Answered))],
    ['in one call', (search: Search, asked: Request[]) => search(...asked)],
  ])('pages of one search are cut from one ranking: %s', async (_, ask) => {
    const reranker = fakeReranker({ wait: () => new Promise((resolve) => setTimeout(resolve, 50)) })
    const search = connect({ reranker, text })
    const pages = await ask(
      search,
      [0, 1, 2, 3, 4].map((page) => ({ ...QUERY, page, hitsPerPage: 10 })),
    )
    expect(pages.flatMap(ids)).toEqual(RANKED)
    expect(pages.map(({ page }) => page)).toEqual([0, 1, 2, 3, 4])
    expect(reranker.rerank).toHaveBeenCalledOnce()
  })

  test('a page that is asked for with a search that is overtaken has Algolia’s order like the others', async () => {
    const gate = closedGate()
    const reranker = fakeReranker({ wait: () => gate.opened })
    const search = connect({ reranker, text })
    const older = [0, 1].map((page) => search({ ...QUERY, page, hitsPerPage: 20 }))
    await vi.waitFor(() => expect(reranker.rerank).toHaveBeenCalledTimes(1))
    const newer = search({ ...QUERY, query: 'wake', hitsPerPage: 20 })
    await vi.waitFor(() => expect(reranker.rerank).toHaveBeenCalledTimes(2))
    const later = await search({ ...QUERY, page: 2, hitsPerPage: 20 })
    gate.open()
    const pages = [...(await Promise.all(older)).flat(), ...later]
    expect(pages.flatMap(ids)).toEqual(Array.from({ length: 60 }, (_, i) => i))
    expect(ids((await newer)[0] as Answered)[0]).toBe(6)
  })

  test('what is typed again while its first ranking ends is ranked anew, and its pages stay together', async () => {
    const gate = closedGate()
    const reranker = fakeReranker({ wait: () => gate.opened })
    const search = connect({ reranker, text })
    const asked = []
    for (const [i, query] of ['keep on', 'keep', 'keep on'].entries()) {
      asked.push(search({ ...QUERY, query, hitsPerPage: 10 }))
      await vi.waitFor(() => expect(reranker.rerank).toHaveBeenCalledTimes(i + 1))
    }
    gate.open()
    expect((await Promise.all(asked)).map(([one]) => ids(one as Answered)[0])).toEqual([0, 0, 6])
    const [second] = await search({ ...QUERY, query: 'keep on', hitsPerPage: 10, page: 1 })
    expect(ids(second as Answered)).toEqual(RANKED.slice(10, 20))
  })

  test('searches that differ in more than their words do not end each other', async () => {
    const gate = closedGate()
    const reranker = fakeReranker({ wait: () => gate.opened })
    const search = connect({ reranker, text })
    const asked = [
      search({ ...QUERY, hitsPerPage: 10 }),
      search({ ...QUERY, hitsPerPage: 10, facetFilters: ['kind:guide'] }),
      search({ ...QUERY, hitsPerPage: 20 }),
    ]
    await vi.waitFor(() => expect(reranker.rerank).toHaveBeenCalledTimes(3))
    gate.open()
    expect((await Promise.all(asked)).map(([one]) => ids(one as Answered)[0])).toEqual([6, 13, 6])
  })
})

describe.each([
  ['names', ['docs']],
  ['a function', (name: string) => !name.endsWith('_asc')],
])('indices as %s', (_, indices) => {
  test.each(Object.entries(CLIENTS))('others are answered as they are: %s', async (_, connect) => {
    const reranker = fakeReranker()
    const search = connect({ reranker, text, indices })
    const answers = await search({ ...QUERY, hitsPerPage: 10 }, { ...QUERY, indexName: 'docs_price_asc', hitsPerPage: 10, page: 1 })
    expect(answers.map((one) => ids(one).slice(0, 3))).toEqual([
      [6, 13, 20],
      [10, 11, 12],
    ])
    expect(algolia.asked.map(({ hitsPerPage, page = 0 }) => [hitsPerPage, page])).toEqual([
      [50, 0],
      [10, 1],
    ])
    expect(reranker.rerank).toHaveBeenCalledOnce()
  })
})

test('searchForHits is search', async () => {
  const hosts = [{ url: algolia.origin, protocol: 'http', accept: 'readWrite' }] as never
  const client = rerankedClient(liteClient('APP', 'KEY', { hosts }), { reranker: fakeReranker(), text })
  const asked = [
    { ...QUERY, hitsPerPage: 10 },
    { ...QUERY, indexName: 'other', hitsPerPage: 10, page: 1 },
  ]
  const { results } = await client.searchForHits<Page>({ requests: asked })
  expect(results.map((one) => [one.page, ...ids(one as never).slice(0, 3)])).toEqual([
    [0, 6, 13, 20],
    [1, 3, 4, 5],
  ])
})

test.each([
  [403, { message: 'Invalid API key', status: 403 }, 'Invalid API key'],
  [404, { message: 'Index docs does not exist', status: 404 }, 'Index docs does not exist'],
])('the real client’s error stays: %d', async (status, body, message) => {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const reranker = fakeReranker()
  try {
    const search = CLIENTS.v5({ reranker, text }, { origin: `127.0.0.1:${(server.address() as AddressInfo).port}` } as FakeAlgolia)
    await expect(search({ ...QUERY, hitsPerPage: 10 })).rejects.toMatchObject({ name: 'ApiError', message, status })
    expect(reranker.rerank).not.toHaveBeenCalled()
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('what Algolia answers with an error is its error', async () => {
  const client = rerankedClient(
    { search: (_requests: unknown) => Promise.reject(new Error('Invalid API key')) },
    { reranker: fakeReranker() },
  )
  await expect(client.search([{ indexName: 'docs', params: QUERY }])).rejects.toThrow('Invalid API key')
})

test('everything else is the client’s', () => {
  const client = { appId: 'APP', search: async () => ({}), clearCache: vi.fn(), searchForFacetValues: () => 'facets' }
  const wrapped = rerankedClient(client, { reranker: fakeReranker() })
  expect([wrapped.appId, wrapped.searchForFacetValues(), Object.keys(wrapped)]).toEqual(['APP', 'facets', Object.keys(client)])
  wrapped.clearCache()
  expect(client.clearCache).toHaveBeenCalledOnce()
  expect({ ...wrapped }.search).toBe(wrapped.search)
})

test('a frozen client is ranked too', async () => {
  const answer = { results: [{ hits: [{ text: 'off' }, { text: 'wake' }] }] }
  const text = ({ text }: { text: string }) => text
  const client = rerankedClient(Object.freeze({ search: async (_: unknown) => answer }), { reranker: fakeReranker(), text } as never)
  await Promise.resolve()
  expect((await client.search([nested(QUERY)])).results[0]?.hits[0]).toEqual({ text: 'wake' })
})

test('a client whose search cannot be changed is ranked too', async () => {
  const given = {} as { search: (requests: unknown) => Promise<{ results: { hits: { text: string }[] }[] }> }
  Object.defineProperty(given, 'search', { value: async () => ({ results: [{ hits: [{ text: 'off' }, { text: 'wake' }] }] }) })
  const client = rerankedClient(given, { reranker: fakeReranker(), text: ({ text }: never) => text } as never)
  await Promise.resolve()
  expect((await client.search([nested(QUERY)])).results[0]?.hits[0]).toEqual({ text: 'wake' })
})

test('a client of a class has its private fields', async () => {
  class Client {
    #searches = 0
    async search(_: unknown) {
      this.#searches++
      return { results: [] }
    }
    count() {
      return this.#searches
    }
    get searches() {
      return this.#searches
    }
  }
  for (const given of [new Client(), Object.freeze(new Client())]) {
    const client = rerankedClient(given, { reranker: fakeReranker() })
    await client.search([nested(QUERY)])
    const { count } = client
    expect([client.count(), client.searches, client instanceof Client]).toEqual([1, 1, true])
    expect(client.count).toBe(count)
    expect(client.constructor).toBe(Client)
  }
})

test('hits that are no JSON, and hits of one name, are each on one page', async () => {
  const circle = (text: string) => {
    const hit = { text, size: 5n, self: {} }
    hit.self = hit
    return hit
  }
  const same = ['one', 'two', 'wake', 'one'].map((objectID) => ({ objectID, text: objectID }))
  for (const hits of [['one', 'two', 'wake', 'four'].map(circle), same]) {
    const answer = { results: [{ hits, nbHits: 4, page: 0, hitsPerPage: 4, nbPages: 1 }] }
    const client = rerankedClient({ search: async (_: unknown) => answer }, {
      reranker: fakeReranker(),
      pool: 4,
      text: ({ text }: never) => text,
    } as never)
    await Promise.resolve()
    const pages = []
    for (const page of [0, 1]) pages.push(...((await client.search([nested({ ...QUERY, page, hitsPerPage: 2 })])).results[0]?.hits ?? []))
    expect(pages[0]?.text).toBe('wake')
    expect(pages.map(({ text }) => text).sort()).toEqual(hits.map(({ text }) => text).sort())
  }
})

test('hits without a name are each on one page', async () => {
  const hits = Array.from({ length: 60 }, (_, i) => ({ text: i % 7 === 6 ? `wake ${i}` : `page ${i}` }))
  const answer = { results: [{ hits, nbHits: 60, page: 0, hitsPerPage: 60, nbPages: 1 }] }
  const client = rerankedClient({ search: async (_: unknown) => answer }, {
    reranker: fakeReranker(),
    text: ({ text }: never) => text,
  } as never)
  await Promise.resolve()
  const pages = []
  for (const page of [0, 1, 2]) pages.push(...((await client.search([nested({ ...QUERY, page, hitsPerPage: 20 })])).results[0]?.hits ?? []))
  expect(pages[0]).toEqual({ text: 'wake 6' })
  expect(new Set(pages.map(({ text }) => text)).size).toBe(60)
})

test('an onError that throws loses no hits', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  const reranker = { info: {}, rerank: () => Promise.reject(new Error('gone')) } as unknown as Reranker
  const onError = () => {
    throw new Error('mine')
  }
  const client = rerankedClient({ search: async (_: unknown) => ({ results: [{ hits: [{ text: 'a' }] }] }) }, { reranker, onError })
  await Promise.resolve()
  expect((await client.search([nested(QUERY)])).results[0]?.hits).toEqual([{ text: 'a' }])
  expect(said).toHaveBeenCalledWith(new Error('mine'))
  said.mockRestore()
})

test.each([
  [undefined, {}, 'needs a client of Algolia'],
  [{ search: () => {} }, {}, 'rerankedClient needs reranker'],
  [{ search: () => {} }, { reranker: fakeReranker(), poool: 3 }, 'Did you mean pool?'],
  [{ search: () => {} }, { reranker: fakeReranker(), pool: 0 }, 'pool is 0'],
  [{ search: () => {} }, { reranker: fakeReranker(), indices: 'docs' }, 'indices is a string; it must be names of indices'],
  [{ search: () => {} }, { reranker: fakeReranker(), indices: ['docs', 3] }, 'indices is an array of 2'],
])('%o with %o is refused', (client, options, message) => {
  expect(() => rerankedClient(client as never, options as never)).toThrow(message)
})

test.each<[Request, unknown]>([
  [
    { query: 'a', hitsPerPage: 20, page: 2 },
    { number: 2, size: 20 },
  ],
  [{ query: 'a', hitsPerPage: 20, page: 3 }, undefined],
  [
    { query: 'a', hitsPerPage: 80, page: 0 },
    { number: 0, size: 80 },
  ],
  [{ query: 'a', hitsPerPage: 80, page: 1 }, undefined],
  [
    { query: 'a', hitsPerPage: 7, page: 7 },
    { number: 7, size: 7 },
  ],
  [{ query: 'a', hitsPerPage: 20, offset: 3, length: 2 }, undefined],
  [{ query: ' ', hitsPerPage: 20 }, undefined],
  [{ query: 'a', hitsPerPage: 1, attributesToRetrieve: [] }, undefined],
  [{ query: 'a', hitsPerPage: '20' }, undefined],
  [{ query: 'a', hitsPerPage: 20, page: -1 }, undefined],
  [{ params: 'query=a&hitsPerPage=20' }, undefined],
])('the page of %j is %j', (request, page) => {
  expect(planOf(request, 50)?.page).toEqual(page)
})

test.each([
  // Nobody may page through more than `paginationLimitedTo` allows: 1,000 as a rule.
  [{ nbHits: 5000, nbPages: 17, hitsPerPage: 60 }, 20, 50],
  [{ nbHits: 130, nbPages: 3, hitsPerPage: 60 }, 20, 7],
  [{ nbHits: 0, nbPages: 0, hitsPerPage: 60 }, 20, 0],
  [{ nbHits: 5000, nbPages: 4, hitsPerPage: 50 }, 10, 20],
])('of %j there are, in pages of %d: %d', (answer, size, pages) => {
  expect(cut(answer, [], { number: 0, size }).nbPages).toBe(pages)
})

describe('InstantSearch', () => {
  test('its box, hits, pages and facets, in a page', async () => {
    const server = await serve({
      folders: LIBRARY_FOLDERS,
      isolated: false,
      handler(_, response, { pathname }) {
        if (pathname !== '/app.js') return false
        response.setHeader('content-type', 'text/javascript')
        response.end(code)
        return true
      },
    })
    const code = await bundle('test/ui/instantsearch-app.ts')
    const browser = await launchBrowser()
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    try {
      await page.goto(server.origin + BLANK_PAGE)
      await page.evaluate(`globalThis.algoliaOrigin = '${algolia.origin}'; import('/app.js')`)
      const hits = page.locator('#hits li')
      await expect
        .poll(() => hits.allTextContents())
        .toEqual(['Page 0', 'Page 1', 'Page 2', 'Page 3', 'Page 4', 'Page 5', 'Page 6', 'Page 7'])
      await page.getByRole('searchbox').pressSequentially('keep the screen on', { delay: 10 })
      await expect.poll(async () => (await hits.allTextContents()).slice(0, 3)).toEqual(['Page 6', 'Page 13', 'Page 20'])
      const first = await hits.allTextContents()
      await page.getByRole('link', { name: 'Page 2', exact: true }).click()
      await expect.poll(async () => (await hits.allTextContents())[0]).not.toBe('Page 6')
      expect((await hits.allTextContents()).filter((one) => first.includes(one))).toEqual([])
      await page.getByRole('checkbox', { name: /guide/ }).click()
      await expect.poll(async () => (await hits.allTextContents())[0]).toBe('Page 13')
      expect(await page.locator('#hits mark').count()).toBeGreaterThan(0)
      expect(errors).toEqual([])
    } finally {
      await browser.close()
      await server.close()
    }
  })
})

test.each([null, undefined, 'down', {}, { results: null }, { results: [null] }])(
  'an answer that is none, %j, is handed on as it is',
  async (answer) => {
    const client = rerankedClient({ search: async (_: unknown) => answer }, { reranker: fakeReranker(), text })
    expect(await client.search([nested({ ...QUERY })])).toEqual(answer)
  },
)
