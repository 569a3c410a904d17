import type { RerankOptions, RerankResponse } from 'page-rerank'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Hit } from '../../src/demo/first-stage.js'
import type { RerankerHost } from '../../src/demo/reranker-host.js'
import type { FirstStageAnswer } from '../../src/demo/search.worker.js'
import { SearchFlow, type SearchView } from '../../src/demo/search-flow.js'
import { DEFAULTS, type Settings } from '../../src/demo/settings.js'

interface RerankCall {
  query: string
  options: RerankOptions<Hit>
  finish(): void
  fail(error: Error): void
}

/** The flow between a search worker and a reranker that answer when the test says so. */
function setUp({ loaded = true } = {}) {
  const searches = new Map<string, { answer(): void; fail(error: Error): void }>()
  const calls: RerankCall[] = []
  const shown: string[] = []
  const hits = (query: string) => [{ id: query, title: query, text: '', kind: '', terms: [] }] satisfies Hit[]
  const worker = {
    search: (_corpus: string, query: string) =>
      new Promise<FirstStageAnswer>((resolve, reject) => {
        searches.set(query, { answer: () => resolve({ hits: hits(query), total: 1, duration: 1, isEmpty: false }), fail: reject })
      }),
  }
  const reranker = {
    // As a library that takes no notice of an abort would: what is late comes all the same.
    rerank: (query: string, _documents: Hit[], options: RerankOptions<Hit>) =>
      new Promise<RerankResponse<Hit>>((resolve, reject) => {
        calls.push({ query, options, finish: () => resolve(response(query)), fail: reject })
      }),
  }
  let load = () => {}
  let fail = (_error: Error) => {}
  const ready = new Promise((resolve, reject) => {
    load = () => resolve(reranker)
    fail = reject
  })
  if (loaded) load()
  const response = (query: string): RerankResponse<Hit> => ({
    results: [{ index: 0, document: hits(query)[0] as Hit, rank: 1, scored: true, score: 0.5, logit: 0 }],
    unscored: 0,
  })
  const view: SearchView = {
    showFirstStage: ({ hits }) => shown.push(`first stage: ${hits.map(({ id }) => id)}`),
    showReranked: ({ results }, progress) =>
      shown.push(`${progress ? 'provisional' : 'final'}: ${results.map(({ document }) => document.id)}`),
    setState: (state) => shown.push(`state: ${state}`),
    onSearching() {},
    onDone: ({ query }) => shown.push(`done: ${query}`),
    onError: (error) => shown.push(`error: ${(error as Error).message}`),
  }
  const flow = new SearchFlow(worker as never, { ready, isReady: loaded } as unknown as RerankerHost, view)
  const ask = (q: string, when: 'now' | 'paused' = 'now', more: Partial<Settings> = {}) =>
    void flow.search({ ...DEFAULTS, q, ...more }, when)
  /** What was shown since the last look, once everything that can settle has settled. */
  const look = async () => {
    await vi.advanceTimersByTimeAsync(0)
    return shown.splice(0)
  }
  const provisional = ({ query, options }: RerankCall) => options.onUpdate?.(response(query), { scored: 1, total: 2 } as never)
  return { flow, ask, look, searches, calls, provisional, load, fail }
}

describe('the flow of a search', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('first stage, provisional order, final order', async () => {
    const { ask, look, searches, calls, provisional } = setUp()
    ask('cat')
    searches.get('cat')?.answer()
    expect(await look()).toEqual(['state: reranking', 'first stage: cat', 'state: reranking'])
    provisional(calls[0] as RerankCall)
    calls[0]?.finish()
    expect(await look()).toEqual(['provisional: cat', 'final: cat', 'state: done', 'done: cat'])
  })

  test('the first stage is there before the model is, and is reranked when the model has come', async () => {
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

  test('nothing of a superseded search is shown: late first stage, provisional order, final order, error', async () => {
    const { ask, look, searches, calls, provisional } = setUp()
    ask('slow')
    ask('cat')
    searches.get('cat')?.answer()
    await look()
    searches.get('slow')?.answer()
    expect(await look()).toEqual([])

    ask('dog')
    searches.get('dog')?.answer()
    await look()
    const [cat, dog] = calls as [RerankCall, RerankCall]
    expect([cat.options.signal?.aborted, dog.options.signal?.aborted]).toEqual([true, false])
    provisional(cat)
    cat.finish()
    expect(await look()).toEqual([])

    ask('bird')
    searches.get('bird')?.answer()
    await look()
    dog.fail(new Error('too late'))
    expect(await look()).toEqual([])

    ask('slower')
    ask('fish')
    searches.get('slower')?.fail(new Error('too late as well'))
    expect(await look()).toEqual(['state: reranking', 'state: reranking'])
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

  test('typing is reranked only when it has stopped', async () => {
    const { ask, look, searches, calls } = setUp()
    for (const q of ['c', 'ca', 'cat']) {
      ask(q, 'paused')
      searches.get(q)?.answer()
      await vi.advanceTimersByTimeAsync(200)
    }
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(500)
    expect(calls.map(({ query }) => query)).toEqual(['cat'])
    await look()
  })

  test('a call that somebody else ended leaves no search under way', async () => {
    const { ask, look, searches, calls } = setUp()
    ask('cat')
    searches.get('cat')?.answer()
    await look()
    calls[0]?.fail(new DOMException('superseded', 'AbortError'))
    expect(await look()).toEqual(['state: idle'])
  })
})
