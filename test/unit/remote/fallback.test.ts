import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { DocumentReranker } from '../../../src/core/document-reranker.js'
import type { Engine, RerankRequest } from '../../../src/core/engine.js'
import { abortError, DisposedError, InvalidInputError, ModelLoadError, RemoteError, SessionError } from '../../../src/errors.js'
import { createFallbackReranker, type FallbackOptions, type RerankerMaker } from '../../../src/remote/index.js'
import type { Reranker, RerankerInfo, RerankOptions } from '../../../src/types.js'

/** A reranker whose logits say whose they are; it fails, waits and counts as it is told. */
function fake(name: string, base: number) {
  const state = {
    name,
    made: 0,
    asked: 0,
    disposed: 0,
    /** What its next calls fail with, after so many documents. */
    failure: undefined as unknown,
    failsAfter: 0,
    /** What making it fails with, or waits for. */
    making: undefined as Promise<unknown> | undefined,
    requests: [] as Partial<RerankRequest>[],
    signal: undefined as AbortSignal | undefined,
  }
  const engine: Engine = {
    info: { model: name } as RerankerInfo,
    async rerank(request) {
      state.asked++
      state.requests.push(request)
      const { texts, onScored, signal } = request
      const logits = new Float64Array(texts.length).fill(Number.NaN)
      for (const i of texts.keys()) {
        if (state.failure !== undefined && i === state.failsAfter) throw state.failure
        logits[i] = base + i
        // As long as a report takes to be due.
        if (onScored) await new Promise((resolve) => setTimeout(resolve, 110))
        signal?.throwIfAborted()
        onScored?.({ logits: logits.slice(), scored: i + 1 })
      }
      return { logits, scored: texts.length }
    },
    async computeScore({ pairs }) {
      state.asked++
      if (state.failure !== undefined) throw state.failure
      return pairs.map((_, i) => base + i)
    },
    async prepare() {
      state.asked++
      if (state.failure !== undefined) throw state.failure
    },
    async prepareIndex() {
      state.asked++
      if (state.failure !== undefined) throw state.failure
    },
    async dispose() {
      state.disposed++
    },
  }
  const make: RerankerMaker = async ({ signal }): Promise<Reranker> => {
    state.made++
    state.signal = signal
    await state.making
    return new DocumentReranker(engine)
  }
  return Object.assign(state, { make })
}

const DOCUMENTS = ['a', 'b', 'c']
const lost = () => new SessionError('session-failed', 'lost')
const rejected = (error: unknown) => {
  const promise = Promise.reject(error)
  promise.catch(() => undefined)
  return promise
}

async function setUp(options: FallbackOptions = { retryAfterMs: 1e6 }) {
  const [first, second] = [fake('first', 0), fake('second', 100)]
  const reranker = await createFallbackReranker([first.make, second.make], options)
  const logits = async () => (await reranker.rerank('query', DOCUMENTS)).results.map(({ logit }) => logit)
  return { first, second, reranker, logits }
}

test('the first answers, and the others are not made', async () => {
  const { second, reranker, logits } = await setUp()
  expect(reranker.info).toEqual({ model: 'first' })
  expect(await logits()).toEqual([2, 1, 0])
  expect(await reranker.computeScore([['q', 'd']])).toEqual([0])
  await reranker.prepare(DOCUMENTS)
  expect([second.made, second.asked]).toEqual([0, 0])
})

test('one that cannot be made is made again after its rest', async () => {
  const [first, second] = [fake('first', 0), fake('second', 100)]
  first.making = rejected(new ModelLoadError('download-failed', 'offline'))
  const told = vi.fn()
  const reranker = await createFallbackReranker([first.make, second.make], { retryAfterMs: 1e6, onFallback: told })
  expect(reranker.info).toEqual({ model: 'second' })
  await reranker.rerank('query', DOCUMENTS)
  expect([first.made, first.asked, second.asked]).toEqual([1, 0, 1])
  expect(told).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'download-failed' }), 0)

  first.making = rejected(new TypeError('the script cannot be fetched'))
  const eager = await createFallbackReranker([first.make, second.make], { retryAfterMs: 0 })
  first.making = undefined
  await vi.waitFor(async () => {
    await eager.rerank('query', DOCUMENTS)
    expect(eager.info).toEqual({ model: 'first' })
  })
})

test('while one is made again, another that is ready answers; a failure is heard, whoever waits for it', async () => {
  const [first, second] = [fake('first', 0), fake('second', 100)]
  first.making = rejected(new ModelLoadError('download-failed', 'offline'))
  const told = vi.fn()
  const retryAfterMs = 1e6
  const reranker = await createFallbackReranker([first.make, second.make], { retryAfterMs, onFallback: told })
  const now = performance.now.bind(performance)
  let over = 0
  onTestFinished(vi.spyOn(performance, 'now').mockImplementation(() => now() + over).mockRestore)
  over += retryAfterMs
  let fail: (error: unknown) => void = () => undefined
  first.making = new Promise((_, reject) => (fail = reject))
  for (const budgetMs of [1000, undefined, 1000]) {
    expect((await reranker.rerank('query', DOCUMENTS, { budgetMs })).results.map(({ logit }) => logit)).toEqual([102, 101, 100])
  }
  // Made twice, and not by each call.
  expect([first.made, told.mock.calls.length]).toEqual([2, 1])
  first.making = new Promise(() => undefined)
  fail(new ModelLoadError('download-failed', 'offline still'))
  await vi.waitFor(() => expect(told).toHaveBeenLastCalledWith(expect.objectContaining({ message: 'offline still' }), 0))
  // It rests.
  await reranker.rerank('query', DOCUMENTS, { budgetMs: 1000 })
  expect([first.made, told.mock.calls.length]).toEqual([2, 2])
  over += retryAfterMs
  // Now the making never ends.
  for (let i = 0; i < 2; i++) expect((await reranker.rerank('query', DOCUMENTS, { budgetMs: 1000 })).unscored).toBe(0)
  expect(first.made).toBe(3)
})

test('a call that fails is the next one’s from its beginning, and the next call is too', async () => {
  const { first, second, reranker, logits } = await setUp()
  Object.assign(first, { failure: lost(), failsAfter: 2 })
  expect(await logits()).toEqual([102, 101, 100])
  expect(reranker.info).toEqual({ model: 'second' })
  expect(await logits()).toEqual([102, 101, 100])
  expect([first.asked, second.asked, second.made]).toEqual([1, 2, 1])
  expect(await reranker.computeScore([['q', 'd']])).toEqual([100])
  await reranker.prepare(DOCUMENTS)
  expect(first.asked).toBe(1)
})

test('after its rest it is asked again', async () => {
  const { first, reranker, logits } = await setUp({ retryAfterMs: 0 })
  first.failure = lost()
  expect(await logits()).toEqual([102, 101, 100])
  first.failure = undefined
  expect(await logits()).toEqual([2, 1, 0])
  expect(reranker.info).toEqual({ model: 'first' })
})

test('one that rests answers where no other can, and then rests no more', async () => {
  const { first, second, logits } = await setUp()
  first.failure = lost()
  await logits()
  first.failure = undefined
  second.failure = new RemoteError('remote-unavailable', 'down')
  expect(await logits()).toEqual([2, 1, 0])
  expect(await logits()).toEqual([2, 1, 0])
  expect([first.asked, second.asked]).toEqual([3, 2])
})

test('where all fail the error is the last one’s', async () => {
  const { first, second, reranker } = await setUp()
  first.failure = lost()
  second.failure = new RemoteError('remote-refused', 'no', { status: 401 })
  await expect(reranker.rerank('query', DOCUMENTS)).rejects.toBe(second.failure)
  const [one, two] = [fake('one', 0), fake('two', 0)]
  one.making = two.making = rejected(lost())
  await expect(createFallbackReranker([one.make, two.make])).rejects.toMatchObject({ code: 'session-failed' })
})

describe('nobody’s failure:', () => {
  test('an abort', async () => {
    const { second, reranker } = await setUp()
    const controller = new AbortController()
    const running = reranker.rerank('query', DOCUMENTS, { signal: controller.signal, onProgress: () => undefined })
    controller.abort()
    await expect(running).rejects.toMatchObject({ name: 'AbortError' })
    expect(second.made).toBe(0)
  })

  test('input and options that cannot be used', async () => {
    const { first, second, reranker } = await setUp()
    for (const call of [
      () => reranker.rerank('', DOCUMENTS),
      () => reranker.rerank('query', [7] as never),
      () => reranker.rerank('query', DOCUMENTS, { topn: 1 } as never),
      () => reranker.computeScore('text' as never),
      () => reranker.prepare('text' as never),
    ])
      await expect(call()).rejects.toMatchObject({ name: 'InvalidInputError' })
    expect(first.asked).toBe(0)
    first.failure = new InvalidInputError('invalid-option', 'maxLength', { option: 'maxLength' })
    await expect(reranker.rerank('query', DOCUMENTS)).rejects.toBe(first.failure)
    expect(second.made).toBe(0)
  })

  test('errors of the caller’s own functions, whatever they are', async () => {
    const { second, reranker } = await setUp()
    // It looks like a failure of the reranker.
    const own = lost()
    const fail = () => {
      throw own
    }
    await expect(reranker.rerank('query', DOCUMENTS, { text: fail })).rejects.toBe(own)
    await expect(reranker.rerank('query', DOCUMENTS, { onProgress: fail })).rejects.toBe(own)
    await expect(reranker.rerank('query', DOCUMENTS, { onUpdate: fail })).rejects.toBe(own)
    expect(second.made).toBe(0)
  })

  test('an index that cannot be used', async () => {
    const { first, second, reranker } = await setUp()
    await reranker.prepare({ index: '/docs.index' })
    const { IndexError } = await import('../../../src/errors.js')
    first.failure = new IndexError('index-not-found', 'none')
    await expect(reranker.prepare({ index: '/docs.index' })).rejects.toBe(first.failure)
    expect(second.made).toBe(0)
  })

  test('documents that are the word null', async () => {
    const { reranker } = await setUp()
    const updates: unknown[] = []
    const { results } = await reranker.rerank('query', [{ text: 'null' }, { text: 'undefined' }], {
      onUpdate: ({ results }) => updates.push(results[0]?.document),
    })
    expect(results.map(({ document }) => document)).toEqual([{ text: 'undefined' }, { text: 'null' }])
    expect(updates).toContainEqual({ text: 'null' })
  })

  test('a function that returns no reranker', async () => {
    const second = fake('second', 0)
    for (const nothing of [undefined, {}, () => undefined]) {
      const made = createFallbackReranker([() => nothing as never, second.make])
      await expect(made).rejects.toMatchObject({
        code: 'invalid-input',
        index: 0,
        message: expect.stringContaining('must return a Reranker'),
      })
    }
    expect(second.made).toBe(0)
  })

  test('a mistake in making one', async () => {
    const maker = () => {
      throw new InvalidInputError('invalid-option', 'no such flavour', { option: 'flavour' })
    }
    const second = fake('second', 0)
    await expect(createFallbackReranker([maker, second.make])).rejects.toMatchObject({ code: 'invalid-option' })
    expect(second.made).toBe(0)
  })
})

describe('somebody else’s end is a failure:', () => {
  test('of one that is being made', async () => {
    const [first, second] = [fake('first', 0), fake('second', 100)]
    first.making = rejected(new DOMException('Its own deadline.', 'AbortError'))
    expect((await createFallbackReranker([first.make, second.make])).info).toEqual({ model: 'second' })
  })

  test('of one that is disposed of during a call; it is made anew', async () => {
    const { first, reranker, logits } = await setUp({ retryAfterMs: 0 })
    first.failure = abortError('The reranker was disposed of during the call.', new DisposedError())
    expect(await logits()).toEqual([102, 101, 100])
    first.failure = undefined
    await vi.waitFor(async () => expect(await logits()).toEqual([2, 1, 0]))
    expect([first.made, reranker.info.model]).toEqual([2, 'first'])
  })

  test('and what a reranker of another make fails with', async () => {
    const { first, logits } = await setUp()
    first.failure = new TypeError('fetch failed')
    expect(await logits()).toEqual([102, 101, 100])
  })
})

test('provisional orders are one reranker’s each, and none is behind the one before', async () => {
  const { first, reranker } = await setUp()
  Object.assign(first, { failure: lost(), failsAfter: 2 })
  const seen: [number, string][] = []
  await reranker.rerank('query', DOCUMENTS, {
    onUpdate: ({ results }, { scored }) => {
      const logits = results.flatMap(({ logit }) => (logit === undefined ? [] : [logit]))
      const whose = new Set(logits.map((logit) => (logit < 100 ? 'first' : 'second')))
      expect(whose.size).toBe(1)
      seen.push([scored, [...whose].join()])
    },
  })
  expect(seen).toEqual([
    [1, 'first'],
    [2, 'first'],
    [2, 'second'],
  ])
})

test('a newer call of a key ends the older one, whoever has it', async () => {
  const { first, reranker } = await setUp()
  first.failure = lost()
  const older = reranker.rerank('older', DOCUMENTS, { key: 'box', onProgress: () => undefined })
  older.catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const newer = reranker.rerank('newer', DOCUMENTS, { key: 'box' })
  await expect(older).rejects.toMatchObject({ name: 'AbortError' })
  expect((await newer).unscored).toBe(0)
})

test('budgetMs is the whole call’s: also where one has to be made first', async () => {
  const { first, second, reranker } = await setUp()
  first.failure = lost()
  second.making = new Promise(() => undefined)
  const { results, unscored } = await reranker.rerank('query', DOCUMENTS, { budgetMs: 50, topN: 2 })
  expect(results).toEqual([
    { index: 0, document: 'a', rank: 1, scored: false },
    { index: 1, document: 'b', rank: 2, scored: false },
  ])
  expect(unscored).toBe(3)
  expect((await reranker.rerank('query', DOCUMENTS, { budgetMs: 20, minScore: 0.5 })).results).toEqual([])
})

test('the next one has what is left of budgetMs', async () => {
  const { first, reranker } = await setUp()
  first.failure = lost()
  // It takes 110 ms a document.
  expect((await reranker.rerank('query', DOCUMENTS, { budgetMs: 160 })).unscored).toBeGreaterThan(0)
})

test('an empty list asks nobody', async () => {
  const { first, reranker } = await setUp()
  expect(await reranker.rerank('query', [])).toEqual({ results: [], unscored: 0 })
  expect(await reranker.computeScore([])).toEqual([])
  expect(first.asked).toBe(0)
})

test('dispose() ends the calls, disposes of all that were made, and of one that is being made when it is there', async () => {
  const { first, second, reranker } = await setUp()
  let arrive: (value: unknown) => void = () => undefined
  second.making = new Promise((resolve) => (arrive = resolve))
  first.failure = lost()
  const running = reranker.rerank('query', DOCUMENTS)
  running.catch(() => undefined)
  await vi.waitFor(() => expect(second.made).toBe(1))
  const disposed = reranker.dispose()
  await expect(running).rejects.toMatchObject({ name: 'AbortError', cause: { name: 'DisposedError' } })
  expect([first.disposed, second.signal?.aborted]).toEqual([1, true])
  arrive(undefined)
  await disposed
  expect(second.disposed).toBe(1)
  await reranker.dispose()
  await expect(reranker.rerank('query', DOCUMENTS)).rejects.toMatchObject({ name: 'DisposedError' })
  expect(first.disposed).toBe(1)
})

test('where onFallback ends the call the next one is not made', async () => {
  const { first, second, reranker, logits } = await setUp({ onFallback: () => reranker.dispose() })
  first.failure = lost()
  await expect(logits()).rejects.toMatchObject({ name: 'AbortError' })
  expect(second.made).toBe(0)
})

test.each([
  () => {
    throw new Error('own')
  },
  async () => {
    throw new Error('own')
  },
])('onFallback that throws harms nobody: %s', async (onFallback) => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const { first, logits } = await setUp({ onFallback })
  first.failure = lost()
  expect(await logits()).toEqual([102, 101, 100])
  expect(error).toHaveBeenCalledOnce()
  error.mockRestore()
})

test.each([[[]], [[{}]], ['page'], [[() => undefined, 'server']]])('%j is no list of functions', async (makers) => {
  await expect(createFallbackReranker(makers as never)).rejects.toMatchObject({ code: 'invalid-input' })
})

test('options that do not exist are refused', async () => {
  await expect(createFallbackReranker([fake('one', 0).make], { retryAfter: 1 } as never)).rejects.toMatchObject({ option: 'retryAfter' })
})

test('progress never falls, though the next one may count otherwise, as a cascade does', async () => {
  const counting = (steps: [scored: number, total: number][], failure?: Error): Reranker =>
    ({
      info: {},
      async rerank(_: string, documents: readonly string[], { onProgress }: RerankOptions<string>) {
        for (const [scored, total] of steps) onProgress?.({ scored, total })
        if (failure) throw failure
        return { results: documents.map((document, index) => ({ index, document, rank: index + 1, scored: false })), unscored: 3 }
      },
    }) as unknown as Reranker
  const reranker = await createFallbackReranker([
    () => counting([[2, 3]], lost()),
    () =>
      counting([
        [3, 6],
        [5, 6],
      ]),
  ])
  const told: string[] = []
  await reranker.rerank('query', DOCUMENTS, { onProgress: ({ scored, total }) => told.push(`${scored}/${total}`) })
  expect(told).toEqual(['2/3', '5/6'])
})
