import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createReranker } from '../../src/index.js'
import { LiveSearch } from '../../src/live/live-search.js'
import { isSame } from '../../src/live/same.js'
import { type HeldReranker, holdReranker, LINGER_MS, type RerankerSource, stateOf } from '../../src/live/shared-reranker.js'
import type { LocalReranker } from '../../src/types.js'

vi.mock('../../src/index.js', () => ({ createReranker: vi.fn() }))

/** Its own `dispose` is watched by who shares it. */
type FakeReranker = LocalReranker & { disposed: ReturnType<typeof vi.fn> }

interface Loading {
  signal: AbortSignal
  onProgress: (event: object) => void
  arrive(): FakeReranker
  fail(error: unknown): void
}

let loadings: Loading[] = []
const nothing = () => undefined
const settle = async () => {
  await vi.dynamicImportSettled()
  await vi.advanceTimersByTimeAsync(0)
}
const fakeReranker = () => {
  const disposed = vi.fn(async () => undefined)
  return { rerank: nothing, dispose: disposed, disposed } as never as FakeReranker
}

beforeEach(() => {
  vi.useFakeTimers()
  loadings = []
  vi.mocked(createReranker).mockImplementation(
    ({ signal, onProgress } = {}) =>
      new Promise((resolve, reject) => {
        const arrive = () => {
          const reranker = fakeReranker()
          resolve(reranker)
          return reranker
        }
        loadings.push({ signal: signal as AbortSignal, onProgress: onProgress as never, arrive, fail: reject })
      }),
  )
})
afterEach(async () => {
  await vi.runAllTimersAsync()
  vi.useRealTimers()
})

test('options that say the same give one reranker, others another', async () => {
  const sources = [
    { model: new URL('http://a/m/'), states: { maxBytes: 1 }, worker: () => ({}) as Worker },
    { worker: () => ({}) as Worker, states: { maxBytes: 1 }, model: new URL('http://a/m/') },
    { model: new URL('http://a/m/'), states: { maxBytes: 2 } },
  ]
  const held: HeldReranker[] = []
  for (const source of sources) {
    held.push(holdReranker(source, nothing))
    await settle()
  }
  expect(loadings).toHaveLength(2)
  expect(held[0]?.ready).toBe(held[1]?.ready)
  for (const one of held) one.release()
})

test('tells of loading, of what arrives, and of the end; the last that goes has it disposed of', async () => {
  const seen: unknown[] = []
  const source = {}
  const first = holdReranker(source, () => seen.push(stateOf({})))
  const second = holdReranker({}, nothing)
  await settle()
  expect(stateOf({})).toMatchObject({ status: 'loading' })
  loadings[0]?.onProgress({ status: 'download', file: 'config.json' })
  loadings[0]?.onProgress({ status: 'progress_total', name: 'm', progress: 50, loaded: 1, total: 2, files: {} })
  const reranker = loadings[0]?.arrive()
  await settle()
  expect(seen).toMatchObject([
    { status: 'loading' },
    { status: 'loading', progress: { progress: 50, loaded: 1, total: 2 } },
    { status: 'ready', reranker },
  ])
  first.release()
  first.release()
  await vi.advanceTimersByTimeAsync(LINGER_MS * 2)
  expect(reranker?.disposed).not.toHaveBeenCalled()
  second.release()
  await vi.advanceTimersByTimeAsync(LINGER_MS - 1)
  expect(reranker?.disposed).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(reranker?.disposed).toHaveBeenCalledOnce()
  expect(stateOf({})).toMatchObject({ status: 'idle' })
})

test('who lets go and asks again at once, as StrictMode does, has the same one', async () => {
  holdReranker({}, nothing).release()
  const again = holdReranker({}, nothing)
  await vi.advanceTimersByTimeAsync(LINGER_MS * 2)
  expect(loadings).toHaveLength(1)
  expect(loadings[0]?.signal.aborted).toBe(false)
  again.release()
})

test('given up while it loads: the loading is stopped, and what arrives all the same is disposed of', async () => {
  const held = holdReranker({}, nothing)
  await settle()
  held.release()
  await vi.advanceTimersByTimeAsync(LINGER_MS)
  expect(loadings[0]?.signal.aborted).toBe(true)
  const reranker = loadings[0]?.arrive()
  await settle()
  expect(reranker?.disposed).toHaveBeenCalledOnce()
})

test('one that failed can be tried again, by those who hold it or by the next', async () => {
  const held = holdReranker({}, nothing)
  await settle()
  const failure = new Error('offline')
  loadings[0]?.fail(failure)
  await settle()
  expect(held.state).toMatchObject({ status: 'failed', error: failure })
  const before = held.ready
  held.state.retry()
  await settle()
  expect(held.ready).not.toBe(before)
  expect(held.state.status).toBe('loading')
  loadings[1]?.fail(failure)
  await settle()
  held.release()
  const next = holdReranker({}, nothing)
  await settle()
  expect(loadings).toHaveLength(3)
  next.release()
})

test('it stays ready while its worker is started again, and is disposed of in the end', async () => {
  const held = holdReranker({}, nothing)
  await settle()
  const reranker = loadings[0]?.arrive()
  await settle()
  // The worker died, and the library loads the model anew.
  loadings[0]?.onProgress({ status: 'progress_total', name: 'm', progress: 50, loaded: 1, total: 2, files: {} })
  expect(held.state).toMatchObject({ status: 'ready', reranker })
  held.release()
  await vi.advanceTimersByTimeAsync(LINGER_MS)
  expect(reranker?.disposed).toHaveBeenCalledOnce()
})

test('one that somebody disposed of has failed for those who hold it, and is loaded again for who asks next', async () => {
  const held = holdReranker({}, nothing)
  await settle()
  const reranker = loadings[0]?.arrive()
  await settle()
  await reranker?.dispose()
  expect(reranker?.disposed).toHaveBeenCalledOnce()
  expect(held.state).toMatchObject({ status: 'failed', error: { code: 'disposed' } })
  held.state.retry()
  await settle()
  const second = loadings[1]?.arrive()
  await settle()
  // The one before is nobody's any more.
  await reranker?.dispose()
  expect(held.state).toMatchObject({ status: 'ready', reranker: second })
  held.release()
  await second?.dispose()
  const next = holdReranker({}, nothing)
  await settle()
  expect(loadings).toHaveLength(3)
  next.release()
})

test('a search begins as on a server, whoever has its reranker already', async () => {
  const held = holdReranker({}, nothing)
  await settle()
  loadings[0]?.arrive()
  await settle()
  const search = new LiveSearch('a', { hits: [] })
  expect(search.state.model.status).toBe('idle')
  search.start(nothing)
  expect(search.state.model.status).toBe('ready')
  search.stop()
  const one = fakeReranker()
  expect(new LiveSearch('a', { hits: [], reranker: one }).state.model).toMatchObject({ status: 'ready', reranker: one })
  held.release()
})

test('what was handed in is not disposed of', async () => {
  const reranker = fakeReranker()
  for (const source of [reranker, Promise.resolve(reranker)]) {
    const held = holdReranker(source, nothing)
    await settle()
    expect(held.state).toMatchObject({ status: 'ready', reranker })
    expect(stateOf(source)).toBe(stateOf(source))
    held.release()
  }
  await vi.advanceTimersByTimeAsync(LINGER_MS)
  expect(reranker.disposed).not.toHaveBeenCalled()
  expect(loadings).toEqual([])
})

test.each([
  [{ signal: new AbortController().signal }, 'has no option signal'],
  [{ onProgress: nothing }, 'has no option onProgress'],
])('what is one caller’s own matter is refused: %o', async (source, message) => {
  const held = holdReranker(source as RerankerSource, nothing)
  await settle()
  expect(held.state).toMatchObject({ status: 'failed', error: { code: 'invalid-option', message: expect.stringContaining(message) } })
  held.release()
})

describe('the same', () => {
  const bytes = new Uint8Array(1)
  test.each([
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true],
    [{ a: [1] }, { a: [1, 2] }, false],
    [{ a: 1 }, { b: 1 }, false],
    [{ a: bytes }, { a: bytes }, true],
    [{ a: bytes }, { a: new Uint8Array(1) }, false],
    [new URL('http://a/'), new URL('http://a/'), true],
    [new URL('http://a/'), 'http://a/', false],
    [{ rerank: nothing }, { rerank: nothing }, false],
    [() => 1, () => 2, true],
    [() => 1, 1, false],
    [null, {}, false],
    [Number.NaN, Number.NaN, true],
  ])('%o and %o: %s', (one, other, expected) => {
    expect(isSame(one, other)).toBe(expected)
  })
})
