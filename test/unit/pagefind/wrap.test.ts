import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Pagefind, Result, ResultData, Results, SearchOptions } from '../../../src/pagefind/pagefind.js'
import { Ranker, type RankerSurroundings } from '../../../src/pagefind/ranker.js'
import type { Settings } from '../../../src/pagefind/settings.js'
import { wrap } from '../../../src/pagefind/wrap.js'
import type { Reranker, RerankOptions, RerankResult } from '../../../src/types.js'

const settings: Settings = { budgetMs: 200, languages: { en: { count: 4, model: 'page-rerank-small-en' }, de: { count: 9 } } }

const PAGES = ['apple', 'fig', 'plum', 'quince']
const dataOf = (id: string): ResultData => ({ url: `/${id}/`, content: `About ${id}.`, meta: { title: id }, excerpt: '', sub_results: [] })
const resultOf = (id: string): Result => ({ id, score: 1, words: [1], data: async () => dataOf(id) })

/** Pagefind, which finds all pages, or those of a filter. */
function fakePagefind(found = PAGES) {
  let newest = 0
  const search = vi.fn(async (_term: string | null, options?: SearchOptions): Promise<Results> => {
    const only = (options?.filters as { id?: string[] } | undefined)?.id
    return { results: found.filter((id) => !only || only.includes(id)).map(resultOf), unfilteredResultCount: found.length }
  })
  return {
    search,
    async debouncedSearch(term: string | null, options?: SearchOptions, ms = 5) {
      const mine = ++newest
      await new Promise((resolve) => setTimeout(resolve, ms))
      return mine === newest ? search(term, options) : null
    },
    init: vi.fn(async () => undefined),
    preload: vi.fn(async () => undefined),
    filters: vi.fn(async () => ({ kind: { fruit: 4 } })),
    options: vi.fn(async () => undefined),
    mergeIndex: vi.fn(async () => undefined),
    destroy: vi.fn(async () => undefined),
  } satisfies Pagefind
}

/** Ranks texts by how late in the alphabet they begin. */
function fakeReranker(work: () => Promise<unknown> = async () => undefined) {
  const rerank = vi.fn(async (_query: string, documents: readonly { text: string }[], _options: RerankOptions<{ text: string }>) => {
    await work()
    const results = documents.map((document, index) => ({
      document,
      index,
      rank: 1,
      scored: true,
      score: 0.5,
      logit: document.text.charCodeAt(0),
    }))
    results.sort((one, other) => other.logit - one.logit)
    return { results: results as RerankResult<{ text: string }>[], unscored: 0 }
  })
  return { rerank, dispose: vi.fn(async () => undefined), info: { firstStageWeight: 0 } }
}

type Fake = ReturnType<typeof fakeReranker>

function ranker(fake: Fake | Error, surroundings: Partial<RankerSurroundings> = {}, own = settings) {
  const createReranker = vi.fn(async () => {
    if (fake instanceof Error) throw fake
    return fake as unknown as Reranker
  })
  const one = new Ranker(own, {
    base: new URL('https://example.org/pagefind/page-rerank/'),
    library: async () => ({ createReranker }),
    lang: () => 'en-GB',
    savesData: () => false,
    ...surroundings,
  })
  return { ranker: one, createReranker }
}

const loaded = () => new Promise((resolve) => setTimeout(resolve, 5))
const idsOf = (results: Results | null) => results?.results.map(({ id }) => id)
const REVERSED = PAGES.toReversed()

let warn: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
})
afterEach(() => warn.mockRestore())

describe('search', () => {
  test('is Pagefind’s own, at once, until the model is there, and then the model’s', async () => {
    const { ranker: one, createReranker } = ranker(fakeReranker())
    const { search } = wrap(fakePagefind(), one)
    expect(createReranker).not.toHaveBeenCalled()
    expect(idsOf(await search('fruit'))).toEqual(PAGES)
    await loaded()
    const found = await search('fruit')
    expect(idsOf(found)).toEqual(REVERSED)
    expect(found).toMatchObject({ unfilteredResultCount: 4 })
    expect(createReranker).toHaveBeenCalledOnce()
    expect(createReranker).toHaveBeenCalledWith(expect.objectContaining({ model: 'page-rerank-small-en', device: 'wasm' }))
    expect(await found.results[0]?.data()).toMatchObject({ url: '/quince/' })
    expect(warn).not.toHaveBeenCalled()
  })

  test.each(['init', 'preload'] as const)('the model is loaded by %s, too, which does what it did', async (name) => {
    const { ranker: one, createReranker } = ranker(fakeReranker())
    const pagefind = fakePagefind()
    const wrapped = wrap(pagefind, one)
    await wrapped[name]?.('fr')
    expect(pagefind[name]).toHaveBeenCalledOnce()
    await loaded()
    expect(createReranker).toHaveBeenCalledOnce()
    expect(idsOf(await wrapped.search('fruit'))).toEqual(REVERSED)
  })

  test('filters, options and merged indexes are handed on, and load nothing', async () => {
    const pagefind = fakePagefind()
    const { ranker: one, createReranker } = ranker(fakeReranker())
    const wrapped = wrap(pagefind, one)
    expect(await wrapped.filters?.()).toEqual({ kind: { fruit: 4 } })
    await wrapped.options?.({ baseUrl: '/docs/' })
    await wrapped.mergeIndex?.('https://example.com/pagefind', { language: 'en' })
    expect(pagefind.options).toHaveBeenCalledWith({ baseUrl: '/docs/' })
    expect(pagefind.mergeIndex).toHaveBeenCalledWith('https://example.com/pagefind', { language: 'en' })
    await loaded()
    expect(createReranker).not.toHaveBeenCalled()
  })

  test('a sort that was asked for stays; so does what has no words', async () => {
    const fake = fakeReranker()
    const { search, init } = wrap(fakePagefind(), ranker(fake).ranker)
    await init?.()
    await loaded()
    expect(idsOf(await search('fruit', { sort: { date: 'asc' } }))).toEqual(PAGES)
    expect(idsOf(await search(null))).toEqual(PAGES)
    expect(idsOf(await search('  '))).toEqual(PAGES)
    expect(fake.rerank).not.toHaveBeenCalled()
    expect(idsOf(await search('fruit', { sort: {} }))).toEqual(REVERSED)
  })

  test('filters are Pagefind’s', async () => {
    const { search, init } = wrap(fakePagefind(), ranker(fakeReranker()).ranker)
    await init?.()
    await loaded()
    expect(idsOf(await search('fruit', { filters: { id: ['apple', 'plum'] } }))).toEqual(['plum', 'apple'])
  })

  test('a model that is too slow is not waited for longer than the budget', async () => {
    const fake = fakeReranker(() => new Promise(() => undefined))
    const { search, init } = wrap(fakePagefind(), ranker(fake).ranker)
    await init?.()
    await loaded()
    const start = performance.now()
    expect(idsOf(await search('fruit'))).toEqual(PAGES)
    expect(performance.now() - start).toBeLessThan(1000)
    expect(fake.rerank.mock.calls[0]?.[2]).toMatchObject({ budgetMs: expect.any(Number), maxLength: 96, firstStageWeight: 0 })
    expect(fake.rerank.mock.calls[0]?.[2].signal?.aborted).toBe(true)
    expect(warn).not.toHaveBeenCalled()
  })

  test('pages that the keywords missed are not waited for longer, either', async () => {
    const pages = PAGES.map((id) => ({ id, title: id, sections: [{ at: 0, text: `About ${id}.` }] }))
    const fetching = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(pages))
    try {
      const fake = { ...fakeReranker(), prepare: vi.fn(async () => undefined) }
      const withIndex = { budgetMs: 200, languages: { en: { count: 4, model: 'm', pages: 'en.pages', index: 'en.index' } } }
      const pagefind = fakePagefind(['apple', 'fig'])
      const { search, init } = wrap(pagefind, ranker(fake, {}, withIndex).ranker)
      await init?.()
      await vi.waitFor(() => expect(fake.prepare).toHaveBeenCalledOnce())
      await loaded()
      const all = new Promise<Results>(() => undefined)
      const own = pagefind.search.getMockImplementation() as Pagefind['search']
      pagefind.search.mockImplementation((term, options) => (term === null ? all : own(term, options)))
      const start = performance.now()
      expect(idsOf(await search('fruit'))).toEqual(['fig', 'apple'])
      expect(performance.now() - start).toBeLessThan(1000)
      pagefind.search.mockImplementation((term, options) =>
        term === null ? Promise.resolve({ results: PAGES.map(resultOf), unfilteredResultCount: 0 }) : own(term, options),
      )
      const other = wrap(pagefind, ranker(fake, {}, withIndex).ranker)
      await other.init?.()
      await loaded()
      const found = await other.search('fruit')
      expect(idsOf(found)).toEqual(REVERSED)
      expect(found.unfilteredResultCount).toBe(4)
      expect(fetching.mock.calls[0]?.[0]).toEqual(new URL('https://example.org/pagefind/page-rerank/en.pages'))
    } finally {
      fetching.mockRestore()
    }
  })

  test('a fragment that cannot be fetched costs nobody else the order, and is its own reader’s error', async () => {
    const pagefind = fakePagefind()
    pagefind.search.mockImplementation(async () => ({
      results: PAGES.map((id) => (id === 'fig' ? { ...resultOf(id), data: () => Promise.reject(new Error('gone')) } : resultOf(id))),
      unfilteredResultCount: 4,
    }))
    const { search, init } = wrap(pagefind, ranker(fakeReranker()).ranker)
    await init?.()
    await loaded()
    const found = await search('fruit')
    expect(idsOf(found)).toEqual(['quince', 'plum', 'apple', 'fig'])
    await expect(found.results[3]?.data()).rejects.toThrow('gone')
  })

  test('what Pagefind rejects with is rejected with', async () => {
    const pagefind = fakePagefind()
    pagefind.search.mockRejectedValue(new Error('no index'))
    await expect(wrap(pagefind, ranker(fakeReranker()).ranker).search('fruit')).rejects.toThrow('no index')
  })
})

describe('a reranker that fails', () => {
  test('at loading: Pagefind’s order, one warning with the reason, and no further try', async () => {
    const { ranker: one, createReranker } = ranker(new Error('no model'))
    const { search } = wrap(fakePagefind(), one)
    for (let i = 0; i < 3; i++) {
      expect(idsOf(await search('fruit'))).toEqual(PAGES)
      await loaded()
    }
    expect(createReranker).toHaveBeenCalledOnce()
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0]?.[1]).toEqual(new Error('no model'))
  })

  test('at ranking: Pagefind’s order, one warning, and the next search is tried', async () => {
    let isBroken = true
    const fake = fakeReranker(async () => {
      if (isBroken) throw new Error('device lost')
    })
    const { search, init } = wrap(fakePagefind(), ranker(fake).ranker)
    await init?.()
    await loaded()
    expect(idsOf(await search('fruit'))).toEqual(PAGES)
    expect(idsOf(await search('fruit'))).toEqual(PAGES)
    expect(warn).toHaveBeenCalledOnce()
    isBroken = false
    expect(idsOf(await search('fruit'))).toEqual(REVERSED)
  })

  test('whose model does not fit the query leaves Pagefind’s order', async () => {
    const fake = fakeReranker()
    fake.rerank.mockResolvedValue({ results: [], unscored: 4, mismatch: { kind: 'query' } } as never)
    const { search, init } = wrap(fakePagefind(), ranker(fake).ranker)
    await init?.()
    await loaded()
    expect(idsOf(await search('果物'))).toEqual(PAGES)
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('nothing is loaded', () => {
  test.each([
    ['for a language that no model reads', { lang: () => 'de-AT' }],
    ['for a reader who saves data', { savesData: () => true }],
  ])('%s', async (_, surroundings) => {
    const { ranker: one, createReranker } = ranker(fakeReranker(), surroundings)
    const { search, init } = wrap(fakePagefind(), one)
    await init?.()
    await loaded()
    expect(idsOf(await search('Obst'))).toEqual(PAGES)
    expect(createReranker).not.toHaveBeenCalled()
  })
})

describe('debouncedSearch', () => {
  test('is null where a newer one came, while the words are waited for and while the model works', async () => {
    let free = () => {}
    const fake = fakeReranker(() => new Promise<void>((resolve) => (free = resolve)))
    const { debouncedSearch, init } = wrap(fakePagefind(), ranker(fake).ranker)
    await init?.()
    await loaded()
    const early = debouncedSearch('fr', {}, 30)
    const late = debouncedSearch('fruit', {}, 5)
    expect(await early).toBeNull()
    await vi.waitFor(() => expect(fake.rerank).toHaveBeenCalledOnce())
    const newest = debouncedSearch('fruits', {}, 5)
    expect(await late).toBeNull()
    // What nobody waits for any more does not keep the model busy.
    expect(fake.rerank.mock.calls[0]?.[2].signal?.aborted).toBe(true)
    await vi.waitFor(() => expect(fake.rerank).toHaveBeenCalledTimes(2))
    free()
    expect(idsOf(await newest)).toEqual(REVERSED)
    expect(warn).not.toHaveBeenCalled()
  })

  test('overlapping searches without it each get their own answer', async () => {
    const { search, init } = wrap(fakePagefind(), ranker(fakeReranker()).ranker)
    await init?.()
    await loaded()
    const [one, other] = await Promise.all([search('fruit'), search('fruit', { filters: { id: ['apple', 'fig'] } })])
    expect([idsOf(one), idsOf(other)]).toEqual([REVERSED, ['fig', 'apple']])
  })
})

describe('destroy', () => {
  test('lets go of the model when nobody is left, and a later search loads it again', async () => {
    const fake = fakeReranker()
    const { ranker: one, createReranker } = ranker(fake)
    const pagefind = { ...fakePagefind(), createInstance: () => ({ ...fakePagefind(), special: true }) }
    const wrapped = wrap(pagefind, one)
    const instance = wrapped.createInstance?.() as Pagefind & { special: boolean }
    expect(instance.special).toBe(true)
    await Promise.all([wrapped.init?.(), instance.init?.()])
    await loaded()
    expect(idsOf(await instance.search('fruit'))).toEqual(REVERSED)
    await wrapped.destroy?.()
    expect(fake.dispose).not.toHaveBeenCalled()
    expect(idsOf(await instance.search('fruit'))).toEqual(REVERSED)
    await instance.destroy?.()
    expect(fake.dispose).toHaveBeenCalledOnce()
    expect(pagefind.destroy).toHaveBeenCalledOnce()
    expect(idsOf(await wrapped.search('fruit'))).toEqual(PAGES)
    await loaded()
    expect(idsOf(await wrapped.search('fruit'))).toEqual(REVERSED)
    expect(createReranker).toHaveBeenCalledTimes(2)
  })
})
