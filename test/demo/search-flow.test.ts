import type { ModelKind, RerankOptions, RerankResponse } from 'page-rerank'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Entry, toEntries } from '../../src/demo/document-entry.js'
import type { FirstStageAnswer } from '../../src/demo/search.worker.js'
import { SearchFlow, type SearchView } from '../../src/demo/search-flow.js'
import { DEFAULTS, type Settings } from '../../src/demo/settings.js'

interface RerankCall {
  query: string
  /** Ids of what is ranked. */
  documents: string[]
  options: RerankOptions<Entry>
  finish(): void
  fail(error: Error): void
}

const WORDS = ['ant', 'bee', 'cat', 'dog']
const entries = toEntries(WORDS.map((word) => ({ id: word, title: word, text: '', kind: '' })))

/**
 * The flow between a search worker and a reranker that answer when the test says so. The first stage finds an entry by its first
 * letter; a ranking has the query's letter first, whatever was ranked.
 *
 * @param read how many of the entries have been read ahead
 */
function setUp({ loaded = true, kind = 'cross-encoder' as ModelKind, read = 0 } = {}) {
  const searches = new Map<string, { answer(): void; fail(error: Error): void }>()
  const calls: RerankCall[] = []
  const shown: string[] = []
  const places = (query: string) => Uint32Array.from(entries.flatMap(({ at, id }) => (query.startsWith(id.charAt(0)) ? [at] : [])))
  const worker = {
    search: (_corpus: string, query: string) =>
      new Promise<FirstStageAnswer>((resolve, reject) => {
        searches.set(query, { answer: () => resolve({ places: places(query), terms: [], duration: 1, isEmpty: false }), fail: reject })
      }),
  }
  const reranker = {
    info: { kind },
    // As a library that takes no notice of an abort would: what is late comes all the same.
    rerank: (query: string, documents: readonly Entry[], options: RerankOptions<Entry>) =>
      new Promise<RerankResponse<Entry>>((resolve, reject) => {
        calls.push({
          query,
          documents: documents.map(({ id }) => id),
          options,
          finish: () => resolve(response(query, documents)),
          fail: reject,
        })
      }),
  }
  let load = () => {}
  let fail = (_error: Error) => {}
  const ready = new Promise((resolve, reject) => {
    load = () => resolve(reranker)
    fail = reject
  })
  if (loaded) load()
  const response = (query: string, documents: readonly Entry[]): RerankResponse<Entry> => {
    const first = documents.find(({ id }) => query.startsWith(id.charAt(0))) ?? documents[0]
    return { results: [{ index: 0, document: first as Entry, rank: 1, scored: true, score: 0.5, logit: 0 }], unscored: 0 }
  }
  const view: SearchView = {
    showFirstStage: (_query, answer) => shown.push(`first stage: ${[...(answer?.places ?? [])].map((at) => WORDS[at])}`),
    showRanking: ({ query, response, of }, progress) =>
      shown.push(`${progress ? 'provisional' : 'final'} of ${of}: ${query}, ${response.results.map(({ document }) => document.id)}`),
    showReasons: (results) => shown.push(`reasons: ${results.map(({ document }) => document.id)}`),
    setState: (state) => shown.push(`state: ${state}`),
    onSearching() {},
    onDone: ({ query }) => shown.push(`done: ${query}`),
    onError: (error) => shown.push(`error: ${(error as Error).message}`),
  }
  const flow = new SearchFlow({
    worker: worker as never,
    host: { ready, isReady: loaded } as never,
    reading: { readOf: (all) => (read === all.length ? all : all.slice(0, read)) },
    entries: () => entries,
    view,
  })
  const ask = (q: string, when: 'now' | 'typing' = 'now', more: Partial<Settings> = {}) =>
    void flow.search({ ...DEFAULTS, q, ...more }, when)
  /** What was shown since the last look, once everything that can settle has settled. */
  const look = async () => {
    await vi.advanceTimersByTimeAsync(0)
    return shown.splice(0)
  }
  const provisional = ({ query, options }: RerankCall) => options.onUpdate?.(response(query, entries), { scored: 1, total: 2 } as never)
  return { flow, ask, look, searches, calls, provisional, load, fail }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the flow of a search with a cross-encoder', () => {
  test('first stage, provisional order, final order', async () => {
    const { ask, look, searches, calls, provisional } = setUp()
    ask('cat')
    searches.get('cat')?.answer()
    expect(await look()).toEqual(['state: reranking', 'state: reranking', 'first stage: cat'])
    provisional(calls[0] as RerankCall)
    calls[0]?.finish()
    expect(await look()).toEqual(['provisional of 1: cat, cat', 'final of 1: cat, cat', 'state: done', 'done: cat'])
  })

  test('the first stage is there before the model is, and is ranked when the model has come', async () => {
    const { ask, look, searches, calls, load } = setUp({ loaded: false })
    ask('cat')
    searches.get('cat')?.answer()
    expect(await look()).toEqual(['state: loading', 'first stage: cat'])
    ask('dog')
    searches.get('dog')?.answer()
    expect(await look()).toEqual(['state: loading', 'first stage: dog'])
    load()
    expect(await look()).toEqual(['state: reranking'])
    // The question that was given up in the meantime is not put to the model.
    expect(calls.map(({ query }) => query)).toEqual(['dog'])
  })

  test('a model that fails leaves the first stage and says so once', async () => {
    const { ask, look, searches, fail } = setUp({ loaded: false })
    ask('cat')
    searches.get('cat')?.answer()
    await look()
    fail(new Error('no model'))
    expect(await look()).toEqual(['state: error', 'error: no model'])
  })

  test('a first stage that fails is said while the model still loads', async () => {
    const { ask, look, searches } = setUp({ loaded: false })
    ask('cat')
    searches.get('cat')?.fail(new Error('no index'))
    expect(await look()).toEqual(['state: loading', 'state: error', 'error: no index'])
  })

  test('nothing of a superseded search is shown: late first stage, provisional order, final order, error', async () => {
    const { ask, look, searches, calls, provisional } = setUp()
    ask('bee')
    ask('cat')
    searches.get('cat')?.answer()
    await look()
    searches.get('bee')?.answer()
    expect(await look()).toEqual([])

    ask('dog')
    searches.get('dog')?.answer()
    await look()
    const [cat, dog] = calls as [RerankCall, RerankCall]
    expect([cat.options.signal?.aborted, dog.options.signal?.aborted]).toEqual([true, false])
    provisional(cat)
    cat.finish()
    expect(await look()).toEqual([])

    ask('ant')
    searches.get('ant')?.answer()
    await look()
    dog.fail(new Error('too late'))
    expect(await look()).toEqual([])

    ask('b')
    ask('c')
    await look()
    searches.get('b')?.fail(new Error('too late as well'))
    expect(await look()).toEqual([])
  })

  test('an emptied query and another model end what was under way', async () => {
    const { flow, ask, look, searches, calls, provisional } = setUp()
    ask('cat')
    searches.get('cat')?.answer()
    await look()
    ask(' ')
    expect(await look()).toEqual(['state: idle', 'first stage: '])
    calls[0]?.finish()
    expect(await look()).toEqual([])

    ask('dog')
    searches.get('dog')?.answer()
    await look()
    flow.cancel()
    provisional(calls[1] as RerankCall)
    calls[1]?.finish()
    expect(await look()).toEqual([])
  })

  test('typing is ranked only when it has stopped', async () => {
    const { ask, look, searches, calls } = setUp()
    for (const q of ['c', 'ca', 'cat']) {
      ask(q, 'typing')
      await look()
      searches.get(q)?.answer()
      await vi.advanceTimersByTimeAsync(200)
    }
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(500)
    expect(calls.map(({ query }) => query)).toEqual(['cat'])
  })

  test('a call that somebody else ended leaves no search under way', async () => {
    const { ask, look, searches, calls } = setUp()
    ask('cat')
    searches.get('cat')?.answer()
    await look()
    calls[0]?.fail(new DOMException('superseded', 'AbortError'))
    expect(await look()).toEqual(['state: idle'])
  })

  test('own documents without a shared word follow those with one, as far as there is room', async () => {
    const { ask, look, searches, calls } = setUp()
    for (const [q, corpus, pool] of [
      ['c', 'own', 3],
      ['ca', 'web-apis', 3],
      ['cat', 'own', 0],
    ] as const) {
      ask(q, 'now', { corpus, pool })
      await look()
      searches.get(q)?.answer()
      await look()
    }
    expect(calls.map(({ documents }) => documents)).toEqual([['cat', 'ant', 'bee'], ['cat'], ['cat', 'ant', 'bee', 'dog']])
  })
})

describe('the flow of a search with a model that reads ahead', () => {
  test('everything is ranked at each key, the first stage is not waited for, and reasons follow the order', async () => {
    const { ask, look, searches, calls } = setUp({ kind: 'late-interaction', read: 4 })
    ask('c', 'typing')
    await look()
    ask('ca', 'typing')
    await look()
    expect(calls.map(({ query, documents }) => [query, documents.length])).toEqual([
      ['c', 4],
      ['ca', 4],
    ])
    expect(calls.map(({ options }) => [options.firstStageWeight, options.signal?.aborted])).toEqual([
      [0, true],
      [0, false],
    ])
    calls[0]?.finish()
    calls[1]?.finish()
    expect(await look()).toEqual(['final of 4: ca, cat', 'state: done'])
    searches.get('ca')?.answer()
    expect(await look()).toEqual(['first stage: cat', 'done: ca'])
    expect(calls).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(200)
    expect(calls[2]).toMatchObject({ query: 'ca', documents: ['cat'], options: { explain: true } })
    calls[2]?.finish()
    expect(await look()).toEqual(['reasons: cat'])
  })

  test('reasons that a newer key has overtaken are not shown', async () => {
    const { ask, look, searches, calls } = setUp({ kind: 'late-interaction', read: 4 })
    ask('c', 'typing')
    searches.get('c')?.answer()
    await look()
    calls[0]?.finish()
    await vi.advanceTimersByTimeAsync(200)
    await look()
    expect(calls.map(({ query }) => query)).toEqual(['c', 'c'])
    ask('d', 'typing')
    await look()
    calls[1]?.finish()
    expect(await look()).toEqual([])
  })

  test('reasons are not asked for between two keys', async () => {
    const { ask, look, searches, calls } = setUp({ kind: 'late-interaction', read: 4 })
    for (const q of ['c', 'ca', 'cat']) {
      ask(q, 'typing')
      searches.get(q)?.answer()
      await look()
      calls.at(-1)?.finish()
      await vi.advanceTimersByTimeAsync(80)
    }
    expect(calls.map(({ options }) => options.explain ?? false)).toEqual([false, false, false])
    await vi.advanceTimersByTimeAsync(80)
    expect(calls.at(-1)?.options.explain).toBe(true)
  })

  test('while it reads, what is read is ranked, and what the first stage found', async () => {
    const { ask, look, searches, calls } = setUp({ kind: 'late-interaction', read: 2 })
    ask('dog', 'typing')
    searches.get('dog')?.answer()
    await look()
    expect(calls.map(({ documents }) => documents)).toEqual([['ant', 'bee', 'dog']])
  })

  test('where candidates are asked for, only they are ranked', async () => {
    const { ask, look, searches, calls } = setUp({ kind: 'late-interaction', read: 4 })
    ask('dog', 'typing', { pool: 30 })
    searches.get('dog')?.answer()
    await look()
    expect(calls.map(({ documents, options }) => [documents, options.firstStageWeight])).toEqual([[['dog'], undefined]])
  })
})
