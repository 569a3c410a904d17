import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LiveSearch, type LiveSearchOptions, type SearchState } from '../../src/live/live-search.js'
import type { Reranker, RerankOptions, RerankResponse } from '../../src/types.js'

interface Hit {
  id: number
  text: string
}

/** Answers with the documents from the last to the first. */
function fakeReranker() {
  const rerank = vi.fn(async (_query: string, documents: readonly Hit[], options: RerankOptions<Hit>): Promise<RerankResponse<Hit>> => {
    await new Promise((resolve) => setTimeout(resolve, 10))
    options.signal?.throwIfAborted()
    const results = documents.map((document, index) => ({ index, document, rank: 0, scored: true as const, score: 0.5, logit: 0 }))
    return { results: results.reverse().map((one, i) => ({ ...one, rank: i + 1 })), unscored: 0 }
  })
  return { info: { kind: 'late-interaction' }, rerank, prepare: vi.fn(async () => undefined) }
}

const hit = (id: number): Hit => ({ id, text: `text ${id}` })
const ids = ({ results }: SearchState<Hit>) => results.map(({ document }) => document.id)

let reranker: ReturnType<typeof fakeReranker>
const unhandled = vi.fn()
beforeEach(() => {
  vi.useFakeTimers()
  reranker = fakeReranker()
  unhandled.mockClear()
  process.on('unhandledRejection', unhandled)
})
afterEach(() => {
  vi.useRealTimers()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

function open(query: string, options: LiveSearchOptions<Hit>) {
  const base = { reranker: reranker as unknown as Reranker }
  const search = new LiveSearch<Hit>(query, { ...base, ...options })
  const states: SearchState<Hit>[] = []
  const onChange = () => states.push(search.state)
  search.start(onChange)
  const update = (query: string, more: LiveSearchOptions<Hit>) => search.update(query, { ...base, ...more })
  return { search, states, update, onChange }
}

const done = () => vi.advanceTimersByTimeAsync(20)

test('what was found stays until there is something newer, and says what it is of', async () => {
  const firstStage = async (query: string) => [hit(query.length), hit(10)]
  const { search, update } = open('a', { firstStage })
  await done()
  expect(search.state).toMatchObject({ query: 'a', stage: 'final', pending: false, model: { status: 'ready' } })
  expect(ids(search.state)).toEqual([10, 1])
  update('ab', { firstStage })
  expect(search.state).toMatchObject({ query: 'a', pending: true })
  expect(ids(search.state)).toEqual([10, 1])
  await done()
  expect(ids(search.state)).toEqual([10, 2])
})

test('options that say the same, and other functions, begin nothing anew; the newest functions count', async () => {
  const { search, states, update } = open('a', { firstStage: () => [hit(1)], pool: 5, text: () => 'old' })
  await done()
  const { length } = states
  const other = vi.fn(() => [hit(2)])
  update('a', { firstStage: other, pool: 5, text: () => 'new' })
  await done()
  expect(states).toHaveLength(length)
  update('b', { firstStage: other, pool: 5, text: () => 'new' })
  await done()
  expect(ids(search.state)).toEqual([2])
  expect(reranker.rerank.mock.lastCall?.[2].text?.(hit(2), 0)).toBe('new')
  update('b', { firstStage: other, pool: 6 })
  await done()
  expect(reranker.rerank).toHaveBeenCalledTimes(3)
})

test('once all documents are read, what was typed before is ranked among them, and nothing is shown twice', async () => {
  const documents = [hit(1), hit(2), hit(3)]
  let read = () => {}
  const prepare = (all: readonly Hit[], { onProgress }: { onProgress(progress: object): void }) =>
    new Promise<void>((resolve) => {
      read = () => {
        onProgress({ scored: all.length, total: all.length })
        resolve()
      }
    })
  reranker.prepare = vi.fn(prepare as never)
  const { search, states } = open('a', { firstStage: () => [hit(8), hit(9)], documents })
  await done()
  expect(ids(search.state)).toEqual([9, 8])
  const { length } = states
  read()
  await done()
  expect(search.state).toMatchObject({ query: 'a', stage: 'final', pending: false })
  expect(ids(search.state)).toEqual([3, 2, 1])
  expect(new Set(states.slice(length).map((state) => ids(state).join()))).toEqual(new Set(['9,8', '3,2,1']))
  expect(states.slice(length).map(({ stage }) => stage)).toEqual(['final', 'final'])
  // Where they had to be read again, once more would be no end.
  read()
  await done()
  expect(reranker.rerank).toHaveBeenCalledTimes(2)
})

describe('hits', () => {
  test('are there before anything starts, as found', () => {
    const search = new LiveSearch<Hit>('a', { hits: [hit(1), hit(2)] })
    expect(search.state).toMatchObject({ pending: true, stage: 'first-stage', model: { status: 'idle' } })
    expect(ids(search.state)).toEqual([1, 2])
    expect(new LiveSearch<Hit>('', { hits: [hit(1)] }).state).toMatchObject({ pending: false, results: [{ rank: 1, scored: false }] })
  })

  test('as other objects with the same texts are not ranked again, and are what is shown', async () => {
    const { search, states, update } = open('a', { hits: [hit(1), hit(2)] })
    // In the middle of the ranking, and after it.
    const [during, after] = [
      [hit(1), hit(2)],
      [hit(1), hit(2)],
    ]
    await vi.advanceTimersByTimeAsync(1)
    update('a', { hits: during })
    await done()
    const shown = (hits: Hit[]) => search.stateWith({ hits }).results.map(({ document }) => document)
    expect(shown(during)[0]).toBe(during[1])
    const { length } = states
    update('a', { hits: after })
    expect(shown(after)[0]).toBe(after[1])
    expect(shown(after)[1]).toBe(after[0])
    // Those with other texts have to be ranked first.
    expect(shown([hit(3), hit(4)])).toEqual([hit(2), hit(1)])
    // Telling would be the next rendering, with hits of its own.
    expect(states).toHaveLength(length)
    expect(reranker.rerank).toHaveBeenCalledTimes(1)
  })

  test('others are; without a query they are shown as found', async () => {
    const { search, update } = open('a', { hits: [hit(1), hit(2)] })
    await done()
    update('a', { hits: [hit(3), hit(4)] })
    await done()
    expect(ids(search.state)).toEqual([4, 3])
    update(' ', { hits: [hit(5), hit(6)] })
    await done()
    expect(search.state).toMatchObject({ stage: 'final', pending: false })
    expect(ids(search.state)).toEqual([5, 6])
    expect(reranker.rerank).toHaveBeenCalledTimes(2)
  })

  test('rendered anew at each change do not end in a loop', async () => {
    const make = () => [hit(1), hit(2)]
    const search = new LiveSearch<Hit>('a', { reranker: reranker as never, hits: make() })
    let renderings = 0
    search.start(() => {
      if (++renderings < 100) queueMicrotask(() => search.update('a', { reranker: reranker as never, hits: make() }))
    })
    await done()
    expect(reranker.rerank).toHaveBeenCalledTimes(1)
    expect(renderings).toBeLessThan(10)
    search.stop()
  })
})

test('without a model the first stage’s order stands', async () => {
  const { search } = open('a', { reranker: null, firstStage: () => [hit(1), hit(2)] })
  await done()
  // Nothing comes after it.
  expect(search.state).toMatchObject({ stage: 'final', pending: false, model: { status: 'idle' } })
  expect(ids(search.state)).toEqual([1, 2])
})

test('stopped and started, as StrictMode does, in the middle of a search', async () => {
  const { search, states, onChange } = open('a', { firstStage: async () => [hit(1), hit(2)] })
  await vi.advanceTimersByTimeAsync(5)
  search.stop()
  const { length } = states
  await done()
  expect(states).toHaveLength(length)
  search.start(onChange)
  await done()
  expect(search.state).toMatchObject({ stage: 'final', pending: false })
  expect(ids(search.state)).toEqual([2, 1])
})

describe('what goes wrong', () => {
  test.each<[string, () => unknown, string]>([
    ['throws', () => expect.fail('no index'), 'no index'],
    ['rejects', () => Promise.reject(new Error('offline')), 'offline'],
    ['answers nothing', () => undefined, 'The first stage answered undefined'],
    ['answers a text', () => 'hits', 'The first stage answered a string'],
  ])('a first stage that %s: why, and the next search is as good as ever', async (_, firstStage, message) => {
    const { search, update } = open('a', { firstStage: firstStage as never })
    await done()
    expect(search.state).toMatchObject({
      results: [],
      stage: 'final',
      pending: false,
      error: { message: expect.stringContaining(message) },
    })
    update('b', { firstStage: () => [hit(1)] })
    await done()
    expect(search.state).toMatchObject({ results: [{ document: hit(1) }], error: undefined })
  })

  test('a first stage that never answers keeps nobody', async () => {
    const { search, update } = open('a', { firstStage: () => new Promise<never>(() => undefined) })
    await done()
    expect(search.state.pending).toBe(true)
    update('b', { firstStage: () => [hit(1)] })
    await done()
    expect(search.state).toMatchObject({ query: 'b', pending: false })
  })

  test.each([
    [{ pool: 0 }, 'pool is 0'],
    [{ hits: 'many' }, 'hits is a string; it must be an array'],
    [{ reranker: 'small' }, 'reranker is a string'],
    [{ firstStag: 1 }, 'A search has no option firstStag. Did you mean firstStage?'],
    [{ onUpdate: () => undefined }, 'A search has no option onUpdate.'],
    [{}, 'A search needs firstStage, or hits.'],
  ])('options such as %j: a typed error', async (options, message) => {
    const { search } = open('a', options as never)
    await done()
    expect(search.state).toMatchObject({ stage: 'final', error: { code: 'invalid-option', message: expect.stringContaining(message) } })
    search.stop()
  })
})
