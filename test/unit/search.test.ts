import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { abortError } from '../../src/errors.js'
import { createSearch, type SearchOptions, type SearchUpdate } from '../../src/search/index.js'
import type { ModelKind, PrepareOptions, Reranker, RerankOptions, RerankResponse } from '../../src/types.js'

interface Call {
  query: string
  documents: readonly string[]
  options: RerankOptions<string>
  /** Answers with the documents from the last to the first. */
  answer(more?: Partial<RerankResponse<string>>): void
  fail(error: unknown): void
}

/** A reranker whose calls are answered by hand, and the most that were under way at a time. */
function fakeReranker(kind: ModelKind = 'late-interaction') {
  const calls: Call[] = []
  const prepared: { documents: readonly string[]; options: PrepareOptions<string>; done(read?: number): void }[] = []
  let underWay = 0
  const most = { underWay: 0 }
  const reranker = {
    info: { kind },
    rerank: (query: string, documents: readonly string[], options: RerankOptions<string>) =>
      new Promise<RerankResponse<string>>((resolve, reject) => {
        most.underWay = Math.max(most.underWay, ++underWay)
        const end = () => underWay--
        options.signal?.addEventListener('abort', () => {
          end()
          reject(abortError())
        })
        const results = documents
          .map((document, index) => ({ index, document, rank: documents.length - index, scored: true as const, score: 0.5, logit: 0 }))
          .reverse()
        calls.push({
          query,
          documents,
          options,
          answer: (more) => {
            end()
            resolve({ results, unscored: 0, ...more })
          },
          fail: (error) => {
            end()
            reject(error)
          },
        })
      }),
    prepare: (documents: readonly string[], options: PrepareOptions<string>) =>
      new Promise<void>((resolve) => {
        const done = (read = documents.length) => {
          if (documents.length > 0) options.onProgress?.({ scored: read, total: documents.length })
          resolve()
        }
        prepared.push({ documents, options, done })
      }),
  } as unknown as Reranker
  return { reranker, calls, prepared, most }
}

function setUp(options: Partial<SearchOptions<string>> = {}, kind?: ModelKind) {
  const fake = fakeReranker(kind)
  const updates: SearchUpdate<string>[] = []
  const search = createSearch<string>({
    reranker: fake.reranker,
    firstStage: (query) => [`${query} 1`, `${query} 2`, `${query} 3`],
    onUpdate: (update) => updates.push(update),
    ...options,
  })
  const shown = () => updates.map(({ query, stage, results }) => [query, stage, results.map(({ document }) => document).join()])
  return { ...fake, ...search, updates, shown }
}

/** Lets everything that can go on go on. */
const settle = () => vi.advanceTimersByTimeAsync(0)
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a search', () => {
  test('shows the first stage’s order at once, provisional ones, then the final one', async () => {
    const { search, calls, shown, updates } = setUp()
    const done = search('a')
    await settle()
    expect(shown()).toEqual([['a', 'first-stage', 'a 1,a 2,a 3']])
    expect(updates[0]?.results[2]).toEqual({ index: 2, document: 'a 3', rank: 3, scored: false })
    calls[0]?.options.onUpdate?.({ results: [{ index: 1, document: 'a 2', rank: 1, scored: false }], unscored: 0 }, { scored: 1, total: 3 })
    calls[0]?.answer()
    expect(await done).toBe(updates[2])
    expect(shown().slice(1)).toEqual([
      ['a', 'provisional', 'a 2'],
      ['a', 'final', 'a 3,a 2,a 1'],
    ])
  })

  test('of which a newer one takes the place: null, an aborted signal, and nothing of it shown', async () => {
    const signals: AbortSignal[] = []
    const { search, calls, shown, most } = setUp({
      firstStage: async (query, { signal }) => {
        signals.push(signal)
        return [`${query} 1`, `${query} 2`]
      },
    })
    const first = search('a')
    await settle()
    const second = search('ab')
    expect(await first).toBeNull()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    await settle()
    expect(calls.map(({ options }) => options.signal?.aborted)).toEqual([true, false])
    calls[0]?.options.onUpdate?.({ results: [], unscored: 0 }, { scored: 1, total: 2 })
    calls[1]?.answer()
    expect((await second)?.query).toBe('ab')
    expect(shown().filter(([query, stage]) => query === 'a' && stage !== 'first-stage')).toEqual([])
    expect(most.underWay).toBe(1)
  })

  test('at each of a hundred quick keys: one ranking at a time, and the newest alone to its end', async () => {
    const { search, calls, shown, most } = setUp()
    const all = Array.from({ length: 100 }, (_, i) => search('x'.repeat(i + 1)))
    await settle()
    calls.at(-1)?.answer()
    const ended = await Promise.all(all)
    expect(ended.slice(0, -1)).toEqual(new Array(99).fill(null))
    expect(most.underWay).toBe(1)
    expect(calls).toHaveLength(1)
    expect(new Set(shown().map(([query]) => query))).toEqual(new Set(['x'.repeat(100)]))
  })

  test.each(['answer', 'fail'] as const)(
    'waits for a reranker that hears no signal (%s); what is overtaken meanwhile never begins',
    async (end) => {
      const fake = fakeReranker()
      const reranker = {
        ...fake.reranker,
        rerank: (query: string, documents: string[], { signal: _, ...options }: RerankOptions<string>) =>
          fake.reranker.rerank(query, documents, options),
      } as unknown as Reranker
      const { search } = setUp({ reranker })
      const first = search('a')
      await settle()
      const second = search('ab')
      const third = search('abc')
      expect(await Promise.all([first, second])).toEqual([null, null])
      await settle()
      expect(fake.calls.map(({ query }) => query)).toEqual(['a'])
      fake.calls[0]?.[end](undefined as never)
      await settle()
      expect(fake.calls.map(({ query }) => query)).toEqual(['a', 'abc'])
      fake.calls[1]?.answer()
      expect(await third).toMatchObject({ query: 'abc', stage: 'final' })
      expect(fake.most.underWay).toBe(1)
    },
  )

  test('whose first stage answers out of order', async () => {
    const answers = new Map<string, (hits: string[]) => void>()
    const { search, calls, shown } = setUp({ firstStage: (query) => new Promise((resolve) => answers.set(query, resolve)) })
    const old = search('old')
    const newer = search('newer')
    answers.get('newer')?.(['n'])
    await settle()
    answers.get('old')?.(['o'])
    calls[0]?.answer()
    await Promise.all([old, newer])
    expect(shown()).toEqual([
      ['newer', 'first-stage', 'n'],
      ['newer', 'final', 'n'],
    ])
  })

  test('for nothing ends what is under way', async () => {
    const { search, shown, calls } = setUp()
    const first = search('a')
    await settle()
    expect(await search('  ')).toEqual({ query: '  ', results: [], stage: 'final' })
    expect(await first).toBeNull()
    expect(calls[0]?.options.signal?.aborted).toBe(true)
    expect(shown().at(-1)).toEqual(['  ', 'final', ''])
  })

  test('that was cancelled, or disposed of, shows nothing more', async () => {
    const { search, cancel, dispose, shown } = setUp()
    for (const end of [cancel, dispose]) {
      const one = search('a')
      await settle()
      end()
      expect(await one).toBeNull()
    }
    expect(shown().map(([, stage]) => stage)).toEqual(['first-stage', 'first-stage'])
  })

  test('that was overtaken, cancelled or disposed of ends, though its first stage never answers', async () => {
    const { search, cancel, dispose } = setUp({ firstStage: () => new Promise(() => {}) })
    for (const end of [() => search('b'), cancel, dispose]) {
      const one = search('a')
      await settle()
      end()
      expect(await one).toBeNull()
    }
  })

  test('that finds nothing asks no model', async () => {
    const { search, calls, shown } = setUp({ firstStage: () => [] })
    await search('a')
    expect(calls).toEqual([])
    expect(shown()).toEqual([['a', 'final', '']])
  })

  test('before the model is there: the first stage’s order stands, and is ranked when it is', async () => {
    const fake = fakeReranker()
    let arrive: (reranker: Reranker) => void = () => {}
    const { search, shown } = setUp({ reranker: new Promise<Reranker>((resolve) => (arrive = resolve)) })
    const done = search('a')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(shown().map(([, stage]) => stage)).toEqual(['first-stage'])
    arrive(fake.reranker)
    await settle()
    fake.calls[0]?.answer()
    expect((await done)?.results[0]?.document).toBe('a 3')
  })
})

describe('what goes wrong', () => {
  const unhandled = vi.fn()
  beforeEach(() => {
    unhandled.mockClear()
    process.on('unhandledRejection', unhandled)
  })
  afterEach(() => {
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  test.each([
    ['throws', () => new Error('no index')],
    ['rejects', async () => new Error('offline')],
  ])('a first stage that %s: no results, and why; the next search is as good as ever', async (_, make) => {
    let isBroken = true
    const { search, calls } = setUp({
      firstStage: ((query: string) => {
        if (!isBroken) return [query]
        const error = make()
        if (error instanceof Error) throw error
        return error.then((one) => Promise.reject(one))
      }) as SearchOptions<string>['firstStage'],
    })
    expect(await search('a')).toMatchObject({ results: [], stage: 'final', error: expect.any(Error) })
    isBroken = false
    const next = search('b')
    await settle()
    calls[0]?.answer()
    expect(await next).toEqual({ query: 'b', results: [expect.objectContaining({ document: 'b' })], stage: 'final' })
  })

  test('a first stage that rejects with nothing: an error that can be seen', async () => {
    const { search } = setUp({ firstStage: () => Promise.reject() })
    expect((await search('a'))?.error).toMatchObject({ code: 'invalid-input', message: expect.stringMatching(/^undefined was thrown/) })
  })

  test('a promise that comes to no reranker: an error with a code', async () => {
    const { search } = setUp({ reranker: Promise.resolve(null) as never })
    expect(await search('a')).toMatchObject({
      results: [{ document: 'a 1' }, {}, {}],
      error: { code: 'invalid-option', option: 'reranker' },
    })
  })

  test('a model that does not load: the first stage’s order, and why', async () => {
    const failure = new Error('no model')
    const { search } = setUp({ reranker: Promise.reject(failure), documents: ['d'] })
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    await settle()
    const { results, error } = (await search('a')) as SearchUpdate<string>
    expect(results.map(({ document }) => document)).toEqual(['a 1', 'a 2', 'a 3'])
    expect(error).toBe(failure)
  })

  test('a ranking that fails: the first stage’s order, and why', async () => {
    const { search, calls } = setUp()
    const done = search('a')
    await settle()
    const failure = new Error('lost')
    calls[0]?.fail(failure)
    expect(await done).toMatchObject({
      stage: 'final',
      error: failure,
      results: [{ document: 'a 1' }, { document: 'a 2' }, { document: 'a 3' }],
    })
  })

  test('a model that cannot read the query: its reason', async () => {
    const { search, calls } = setUp()
    const done = search('a')
    await settle()
    const mismatch = { reason: 'language' } as unknown as NonNullable<SearchUpdate<string>['mismatch']>
    calls[0]?.answer({ mismatch })
    expect(await done).toMatchObject({ stage: 'final', mismatch })
  })

  test.each([
    [{ firstStage: undefined }, 'createSearch needs firstStage'],
    [{ reranker: 7 }, 'reranker is a number; it must be a Reranker, or the promise of one'],
    [{ pool: 0 }, 'pool is 0'],
    [{ documents: 'all' }, 'documents is a string; it must be an array'],
    [{ firstStag: 1 }, 'createSearch has no option firstStag. Did you mean firstStage?'],
  ])('options such as %j are refused', (options, message) => {
    expect(() => setUp(options as never)).toThrow(message)
  })
})

describe('the pool', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => `hit ${i}`)

  test('alone is ranked, and the others follow in their own order, with their places', async () => {
    const { search, calls } = setUp({ firstStage: () => many, pool: 3, firstStageWeight: 2 })
    const done = search('a')
    await settle()
    expect(calls[0]?.documents).toEqual(['hit 0', 'hit 1', 'hit 2'])
    expect(calls[0]?.options.firstStageWeight).toBe(2)
    calls[0]?.answer()
    const { results } = (await done) as SearchUpdate<string>
    expect(results).toHaveLength(10_000)
    expect(results.slice(2, 5).map(({ document, index, rank, scored }) => [document, index, rank, scored])).toEqual([
      ['hit 0', 0, 3, true],
      ['hit 3', 3, 4, false],
      ['hit 4', 4, 5, false],
    ])
  })

  test('with topN there are no more, and with minScore nothing that has no score', async () => {
    for (const [options, documents] of [
      [{ topN: 4 }, ['hit 2', 'hit 1', 'hit 0', 'hit 3']],
      [{ minScore: 0.1 }, ['hit 2', 'hit 1', 'hit 0']],
    ] as const) {
      const { search, calls } = setUp({ firstStage: () => many, pool: 3, ...options })
      const done = search('a')
      await settle()
      calls[0]?.answer()
      expect((await done)?.results.map(({ document }) => document)).toEqual(documents)
    }
  })
})

test('a least score leaves nothing out where the model cannot read the query', async () => {
  const { search, calls } = setUp({ minScore: 0.1, pool: 2 })
  const done = search('a')
  await settle()
  calls[0]?.answer({ mismatch: { reason: 'language' } as never })
  expect((await done)?.results.map(({ document }) => document)).toEqual(['a 2', 'a 1', 'a 3'])
})

describe('a cross-encoder', () => {
  test('begins when no key has come for a while', async () => {
    const { search, calls } = setUp({ delay: 100 }, 'cross-encoder')
    for (const query of ['a', 'ab', 'abc']) {
      void search(query)
      await vi.advanceTimersByTimeAsync(60)
    }
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(60)
    expect(calls.map(({ query }) => query)).toEqual(['abc'])
  })

  test('reads nothing ahead', async () => {
    const { prepared, search, calls } = setUp({ documents: ['d'], delay: 0 }, 'cross-encoder')
    void search('a')
    await settle()
    expect(prepared).toEqual([])
    expect(calls[0]?.documents).toEqual(['a 1', 'a 2', 'a 3'])
  })
})

test.each([[undefined], [5]])('a query that is no string is told as an error: %s', async (query) => {
  const { search } = setUp()
  const answer = await search(query as unknown as string)
  expect(answer).toMatchObject({
    results: [],
    stage: 'final',
    error: { code: 'invalid-input', message: expect.stringMatching(/query is/) },
  })
})

describe('everything', () => {
  test('an onUpdate that throws at the first stage’s order ends the search, and nothing is left unheard', async () => {
    const failure = new Error('cannot render')
    const onUpdate = vi.fn(({ stage }: SearchUpdate<string>) => {
      if (stage === 'first-stage') throw failure
    })
    const { search, prepared, calls } = setUp({ documents: ['a', 'b'], onUpdate })
    await settle()
    for (const one of prepared) one.done()
    await settle()
    for (const one of prepared) one.done()
    await settle()
    const answer = search('q')
    answer.catch(() => undefined)
    await settle()
    calls.at(-1)?.answer()
    await expect(answer).rejects.toBe(failure)
    expect(calls.at(-1)?.documents).toEqual(['a', 'b'])
  })

  const documents = ['d 1', 'd 2']

  test('is ranked once it is read, without waiting for the first stage', async () => {
    let answerFirstStage: (hits: string[]) => void = () => {}
    const firstStage = () => new Promise<string[]>((resolve) => (answerFirstStage = resolve))
    const { search, calls, prepared, shown } = setUp({ documents, firstStage })
    await settle()
    void search('a')
    answerFirstStage(['hit'])
    await settle()
    expect(calls[0]?.documents).toEqual(['hit'])
    prepared[0]?.done()
    await settle()
    const done = search('b')
    await settle()
    expect(calls[1]?.documents).toEqual(documents)
    expect(calls[1]?.options).toMatchObject({ firstStageWeight: 0, topN: 50 })
    calls[1]?.answer()
    expect((await done)?.results.map(({ document }) => document)).toEqual(['d 2', 'd 1'])
    // A first stage that comes late changes nothing.
    answerFirstStage(['late'])
    await settle()
    expect(shown().at(-1)).toEqual(['b', 'final', 'd 2,d 1'])
  })

  test('is not, where the model keeps less than all', async () => {
    const { search, calls, prepared } = setUp({ documents })
    await settle()
    prepared[0]?.done(1)
    await settle()
    void search('a')
    await settle()
    expect(calls[0]?.documents).toEqual(['a 1', 'a 2', 'a 3'])
  })

  test('in a language that the model cannot read: the first stage’s order, not the documents’', async () => {
    const { search, calls, prepared } = setUp({ documents })
    await settle()
    prepared[0]?.done()
    await settle()
    const done = search('a')
    await settle()
    calls[0]?.answer({ mismatch: { reason: 'language' } as never })
    expect((await done)?.results.map(({ document }) => document)).toEqual(['a 1', 'a 2', 'a 3'])
  })

  /** With everything read. */
  async function setUpRead(options: Partial<SearchOptions<string>> = {}) {
    const all = setUp({ documents, ...options })
    await settle()
    all.prepared[0]?.done()
    await settle()
    return all
  }
  const mismatch = { reason: 'language' } as never

  test('in such a language where it is ranked all the same: the model’s order', async () => {
    const { search, calls } = await setUpRead({ onMismatch: 'warn' })
    const done = search('a')
    await settle()
    calls[0]?.answer({ mismatch })
    expect(await done).toMatchObject({ mismatch, results: [{ document: 'd 2' }, { document: 'd 1' }] })
  })

  test('that a budget ended: the first stage’s order, and what is unread is read', async () => {
    const { search, calls, prepared } = await setUpRead({ budgetMs: 5 })
    const done = search('a')
    await settle()
    calls[0]?.answer({ unscored: 1 })
    expect((await done)?.results.map(({ document, scored }) => [document, scored])).toEqual([
      ['a 1', false],
      ['a 2', false],
      ['a 3', false],
    ])
    expect(prepared).toHaveLength(2)
  })

  test('of which the model has lost what it read: the pool is ranked, and all is read again', async () => {
    const { search, calls, prepared, shown, most } = await setUpRead()
    const done = search('a')
    await vi.advanceTimersByTimeAsync(2000)
    expect(calls.map(({ documents, options }) => [documents.length, options.signal?.aborted])).toEqual([
      [2, true],
      [3, false],
    ])
    calls[1]?.answer()
    expect((await done)?.results.map(({ document }) => document)).toEqual(['a 3', 'a 2', 'a 1'])
    expect(shown().map(([, stage]) => stage)).toEqual(['first-stage', 'final'])
    void search('b')
    await settle()
    expect(calls[2]?.documents).toHaveLength(3)
    prepared[1]?.done()
    await settle()
    void search('c')
    await settle()
    expect(calls[3]?.documents).toEqual(documents)
    expect(most.underWay).toBe(1)
  })

  test('stops being read on dispose', async () => {
    const { dispose, prepared } = setUp({ documents })
    await settle()
    dispose()
    expect(prepared[0]?.options.signal?.aborted).toBe(true)
  })
})
