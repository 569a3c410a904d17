import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ClientOptions, RerankerClient } from '../../src/client/client.js'
import { DocumentReranker } from '../../src/core/document-reranker.js'
import { IndexError, isAbortError, ModelLoadError, type WorkerError } from '../../src/errors.js'
import { createReranker } from '../../src/index.js'
import type { LocalRerankerInfo, ProgressEvent } from '../../src/types.js'
import type { OpenEngine } from '../../src/worker/api.js'
import {
  type Behaviour,
  FakeLocks,
  FakeWorker,
  fakeEngine,
  never,
  scoresOf,
  turn,
  turns,
  until,
  untilCancelled,
} from '../support/fake-worker.js'

/**
 * Orders of events between a page and its worker. vitest fails a run in which a rejection goes unhandled, so each of these
 * also holds that none does.
 */
const DOCUMENTS = ['a', 'bbb', 'cc']

let locks: FakeLocks
/** In the order they were started. */
let workers: FakeWorker[]

beforeEach(() => {
  locks = new FakeLocks()
  FakeLocks.current = locks
  vi.stubGlobal('navigator', { locks })
  workers = []
})
afterEach(() => {
  for (const worker of workers) worker.kill()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const newest = () => workers.at(-1) as FakeWorker

interface Setup extends Partial<ClientOptions> {
  behaviours?: Record<string, Behaviour>
  /** Makes the n-th worker, from 0. */
  start?: (nth: number) => FakeWorker
}

function optionsOf({
  behaviours = {},
  start = () => new FakeWorker(async () => fakeEngine(behaviours)),
  ...options
}: Setup): ClientOptions {
  return {
    engine: {} as ClientOptions['engine'],
    makeWorker: () => {
      workers.push(start(workers.length))
      return newest() as unknown as Worker
    },
    ownsWorker: true,
    openHere: () => Promise.reject(new Error('the page’s thread was asked for')),
    ...options,
  }
}

async function open(setup: Setup = {}): Promise<DocumentReranker<LocalRerankerInfo>> {
  return new DocumentReranker(await RerankerClient.open(optionsOf(setup)))
}

/** Kills its worker, as a model too large for the device's memory does. */
const poison: Behaviour = () => {
  newest().kill()
  return never()
}

/** Slower than a caller is told of them at the most. */
function reportsComeSlowly(): void {
  let clock = 0
  vi.spyOn(performance, 'now').mockImplementation(() => {
    clock += 1000
    return clock
  })
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: Error) => error,
  )

const order = async (work: ReturnType<DocumentReranker['rerank']>) => (await work).results.map((one) => one.index)

/** What a call comes to that finds its worker dead since nothing was in flight: it is given five seconds to answer. */
async function afterSilence<T>(call: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const answer = call()
  await turns()
  await vi.advanceTimersByTimeAsync(5000)
  vi.useRealTimers()
  return answer
}

describe('a call that is stopped', () => {
  test('in the task it was made in, it is never posted', async () => {
    const reranker = await open()
    const controller = new AbortController()
    const stopped = failure(reranker.rerank('stale', DOCUMENTS, { signal: controller.signal }))
    const scores = failure(reranker.computeScore(['stale', 'pair'], { signal: controller.signal }))
    controller.abort()
    expect([await stopped, await scores].every(isAbortError)).toBe(true)
    expect(await order(reranker.rerank('fresh', DOCUMENTS))).toEqual([1, 2, 0])
    expect(newest().received).toEqual(['open', 'rerank fresh'])
  })

  test('superseded in the task it was made in, it is never posted', async () => {
    const reranker = await open()
    const calls = ['a', 'ab', 'abc'].map((query) => reranker.rerank(query, DOCUMENTS, { key: 'box' }))
    const [first, second, third] = await Promise.allSettled(calls)
    expect([first, second].map((one) => one?.status === 'rejected' && isAbortError(one.reason))).toEqual([true, true])
    expect(third?.status).toBe('fulfilled')
    expect(newest().received).toEqual(['open', 'rerank abc'])
  })

  test('once posted, it is cancelled exactly once, and its caller hears its own reason at once', async () => {
    const reranker = await open({ behaviours: { hang: never } })
    const controller = new AbortController()
    const running = failure(reranker.rerank('hang', DOCUMENTS, { signal: controller.signal, key: 'box' }))
    await until(() => newest().received.includes('rerank hang'))
    const reason = new Error('left the page')
    controller.abort(reason)
    expect(await running).toBe(reason)
    // None of these may cancel it again.
    await reranker.rerank('next', DOCUMENTS, { key: 'box' })
    await reranker.dispose()
    expect(newest().received).toEqual(['open', 'rerank hang', 'cancel 0', 'rerank next', 'dispose'])
  })

  test('after its end, an abort sends nothing', async () => {
    const reranker = await open()
    const controller = new AbortController()
    await reranker.rerank('done', DOCUMENTS, { signal: controller.signal })
    controller.abort()
    await turns()
    expect(newest().received).toEqual(['open', 'rerank done'])
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  test('while its worker is started again, it is not sent to the new one', async () => {
    const reranker = await open({ behaviours: { hang: never } })
    const controller = new AbortController()
    const running = failure(reranker.rerank('hang', DOCUMENTS, { signal: controller.signal }))
    await until(() => newest().received.includes('rerank hang'))
    newest().kill()
    await until(() => workers.length === 2)
    controller.abort()
    expect(isAbortError(await running)).toBe(true)
    expect(await order(reranker.rerank('fresh', DOCUMENTS))).toEqual([1, 2, 0])
    expect(newest().received).toEqual(['open', 'rerank fresh'])
  })

  test('in the task in which its worker dies, the caller’s reason counts and no worker is started for it', async () => {
    const reranker = await open({ behaviours: { hang: never } })
    const controller = new AbortController()
    const running = failure(reranker.rerank('hang', DOCUMENTS, { signal: controller.signal }))
    await until(() => newest().received.includes('rerank hang'))
    newest().kill()
    controller.abort()
    expect(isAbortError(await running)).toBe(true)
    await turns()
    expect(workers).toHaveLength(1)
  })

  test('while it waits for its turn to be tried again, no worker is started for it', async () => {
    let kill!: () => void
    const deadly: Behaviour = () => {
      kill = () => newest().kill()
      return never()
    }
    const reranker = await open({ behaviours: { deadly, hang: never } })
    const first = failure(reranker.rerank('deadly', DOCUMENTS))
    const controller = new AbortController()
    const second = failure(reranker.rerank('hang', DOCUMENTS, { signal: controller.signal }))
    await until(() => newest().received.includes('rerank hang'))
    kill()
    await until(() => workers.length === 2 && newest().received.includes('rerank deadly'))
    await turns()
    controller.abort()
    kill()
    expect(isAbortError(await second)).toBe(true)
    expect(await first).toMatchObject({ code: 'worker-failed' })
    await turns()
    expect(workers).toHaveLength(2)
  })

  test('nothing is told of it any more', async () => {
    const told: string[] = []
    let report!: () => void
    const chatty: Behaviour = (request) => {
      let scored = 1
      report = () => {
        request.onScored?.(scoresOf(request, scored++))
      }
      return never()
    }
    const reranker = await open({ behaviours: { chatty } })
    reportsComeSlowly()
    const controller = new AbortController()
    const hooks = { onProgress: () => told.push('progress'), onUpdate: () => told.push('update'), signal: controller.signal }
    const running = failure(reranker.rerank('chatty', DOCUMENTS, hooks))
    await until(() => report !== undefined)
    report()
    await until(() => told.length === 2)
    report()
    controller.abort()
    await running
    report()
    await turns()
    expect(told).toEqual(['progress', 'update'])
  })
})

describe('loading', () => {
  test('a signal that aborts before the worker answers ends it at once, and the worker with it', async () => {
    const controller = new AbortController()
    const opening = failure(open({ signal: controller.signal, start: () => new FakeWorker(never, { silent: true }) }))
    await turns()
    const reason = new Error('unmounted')
    controller.abort(reason)
    expect(await opening).toBe(reason)
    expect(newest().isTerminated).toBe(true)
  })

  test('a signal that aborts while the model loads ends it at once, and the worker in good order', async () => {
    const controller = new AbortController()
    const opening = failure(open({ signal: controller.signal, start: () => new FakeWorker(never) }))
    await until(() => newest()?.received.includes('open'))
    await turns()
    controller.abort()
    expect(isAbortError(await opening)).toBe(true)
    await until(() => newest().received.includes('dispose'))
    await until(() => newest().isTerminated)
  })

  test('a signal that is aborted already starts no worker', async () => {
    expect(isAbortError(await failure(open({ signal: AbortSignal.abort() })))).toBe(true)
    expect(workers).toHaveLength(0)
  })

  test('mount, unmount, mount, in one task', async () => {
    const first = new AbortController()
    const opening = failure(open({ signal: first.signal }))
    first.abort()
    const second = await open({ signal: new AbortController().signal })
    expect(isAbortError(await opening)).toBe(true)
    expect(await order(second.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
  })

  test('an engine that opens in spite of the abort is released', async () => {
    const engine = fakeEngine()
    let finish!: () => void
    const opened = new Promise<void>((resolve) => {
      finish = resolve
    })
    const controller = new AbortController()
    const opening = failure(
      open({ signal: controller.signal, ownsWorker: false, start: () => new FakeWorker(() => opened.then(() => engine)) }),
    )
    await until(() => newest()?.received.includes('open'))
    controller.abort()
    await opening
    await until(() => newest().received.includes('dispose'))
    finish()
    await until(() => engine.disposed)
  })

  test('a model that cannot be loaded is told as it is, and its worker ended', async () => {
    const start = () =>
      new FakeWorker(async () => {
        throw new ModelLoadError('model-not-found', 'no such model', { file: 'config.json' })
      })
    expect(await failure(open({ start }))).toMatchObject({ code: 'model-not-found', file: 'config.json' })
    await until(() => newest().isTerminated)
    expect(workers).toHaveLength(1)
  })
})

describe('an onProgress that throws while a model loads', () => {
  const error = new Error('of the page')
  const ready: ProgressEvent = { status: 'ready', task: 'text-ranking', model: 'fake', device: 'wasm', dtype: 'q8' }
  /** As a page calls it. */
  const create = (onProgress: () => void, openEngine: OpenEngine) => {
    vi.stubGlobal('Worker', FakeWorker)
    const worker = () => {
      workers.push(new FakeWorker(openEngine))
      return newest() as unknown as Worker
    }
    return createReranker({ worker, onProgress })
  }

  test('ends loading with that error, once, and the worker', async () => {
    const onProgress = vi.fn(() => {
      throw error
    })
    const opening = create(onProgress, async (_, hooks) => {
      hooks.onProgress(ready)
      hooks.onProgress(ready)
      return never()
    })
    expect(await failure(opening)).toBe(error)
    await until(() => newest().isTerminated)
    expect(onProgress).toHaveBeenCalledTimes(1)
  })

  test('again for a worker that died: the call is answered, and the console says it', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const onProgress = () => {
      if (workers.length > 1) throw error
    }
    const reranker = await create(onProgress, async (_, hooks) => {
      hooks.onProgress(ready)
      return fakeEngine()
    })
    newest().kill()
    expect(await afterSilence(() => order(reranker.rerank('query', DOCUMENTS)))).toEqual([1, 2, 0])
    expect(workers).toHaveLength(2)
    expect(said).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('onProgress threw'), error)
  })
})

test('a callback of a call that throws ends it with that error, and the call in the worker with it', async () => {
  const error = new Error('of the page')
  reportsComeSlowly()
  const behaviours: Record<string, Behaviour> = {
    chatty: (request) => {
      for (const count of [1, 2]) request.onScored?.(scoresOf(request, count))
      return untilCancelled(request)
    },
  }
  const reranker = await open({ behaviours })
  const onUpdate = vi.fn(() => {
    throw error
  })
  expect(await failure(reranker.rerank('chatty', DOCUMENTS, { onUpdate }))).toBe(error)
  await until(() => newest().received.some((message) => message.startsWith('cancel')))
  expect(onUpdate).toHaveBeenCalledTimes(1)
})

describe('where no worker can be had', () => {
  const here = () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const openHere = vi.fn(async () => fakeEngine())
    return { warn, openHere }
  }

  test('a script that cannot be loaded is tried once; the engine runs here, and that is said once', async () => {
    const { warn, openHere } = here()
    const opening = open({ openHere, start: () => new FakeWorker(never, { silent: true }) })
    await turn()
    newest().failToLoad()
    const reranker = await opening
    expect(await order(reranker.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
    expect(await order(reranker.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
    expect([workers.length, openHere.mock.calls.length, warn.mock.calls.length]).toEqual([1, 1, 1])
    expect(warn.mock.calls[0]?.[0]).toMatch(/page's own thread.*could not be loaded/)
    expect(reranker.info.fallbacks).toMatchObject([{ device: 'worker', code: 'worker-failed' }])
  })

  test('a worker that cannot be made', async () => {
    const { openHere } = here()
    const start = () => {
      throw new DOMException('no workers here', 'SecurityError')
    }
    const reranker = await open({ openHere, start })
    expect(reranker.info.fallbacks).toMatchObject([{ reason: expect.stringContaining('no workers here') }])
    await reranker.dispose()
  })

  test('a function that throws something else than an error instead of making a worker', async () => {
    const { openHere } = here()
    const start = () => {
      throw null
    }
    const reranker = await open({ openHere, start })
    expect(reranker.info.fallbacks).toMatchObject([{ reason: 'The worker could not be started: null was thrown' }])
    await reranker.dispose()
  })

  test('a worker that never answers is given up after 30 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { openHere } = here()
    const opening = open({ openHere, start: () => new FakeWorker(never, { silent: true }) })
    await turn()
    await vi.advanceTimersByTimeAsync(29_000)
    expect(openHere).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1000)
    expect((await opening).info.fallbacks).toMatchObject([{ reason: expect.stringContaining('30 seconds') }])
    expect(newest().isTerminated).toBe(true)
  })

  test('a load here ends with the signal too', async () => {
    here()
    const controller = new AbortController()
    let given: AbortSignal | undefined
    const openHere: ClientOptions['openHere'] = ({ signal }) => {
      given = signal
      return never()
    }
    const start = () => {
      throw new Error('no')
    }
    const opening = failure(open({ openHere, start, signal: controller.signal }))
    await until(() => given !== undefined)
    controller.abort()
    expect(isAbortError(await opening)).toBe(true)
    expect(given?.aborted).toBe(true)
  })
})

describe('a worker that dies', () => {
  test('is started again and the call is sent once more', async () => {
    let deaths = 0
    const unlucky: Behaviour = (request) => (deaths++ === 0 ? poison(request) : scoresOf(request))
    const reranker = await open({ behaviours: { unlucky } })
    expect(await order(reranker.rerank('unlucky', DOCUMENTS))).toEqual([1, 2, 0])
    expect(workers.map((worker) => worker.received)).toEqual([
      ['open', 'rerank unlucky'],
      ['open', 'rerank unlucky'],
    ])
    expect(reranker.info.fallbacks).toMatchObject([
      { device: 'worker', code: 'worker-failed', reason: expect.stringContaining('terminated') },
    ])
  })

  test('a call that kills a second one is rejected with the reason; those beside it are answered', async () => {
    const slow: Behaviour = async (request) => {
      await turns(5)
      return scoresOf(request)
    }
    const reranker = await open({ behaviours: { poison, slow } })
    const beside = ['slow one', 'slow two'].map((query) => order(reranker.rerank(query, DOCUMENTS)))
    const poisoned = failure(reranker.rerank('poison', DOCUMENTS))
    const after = order(reranker.rerank('slow three', DOCUMENTS))
    expect(await poisoned).toMatchObject({ name: 'WorkerError', code: 'worker-failed', message: expect.stringContaining('terminated') })
    expect(await Promise.all([...beside, after])).toEqual([
      [1, 2, 0],
      [1, 2, 0],
      [1, 2, 0],
    ])
    // The next call is answered by the worker that is there.
    const started = workers.length
    expect(await order(reranker.rerank('next', DOCUMENTS))).toEqual([1, 2, 0])
    expect(workers).toHaveLength(started)
    expect(workers.flatMap((worker) => worker.received).filter((one) => one === 'rerank poison')).toHaveLength(2)
  })

  test('any number of calls can wait for one that is tried again', async () => {
    const once: Behaviour = async (request) => {
      if (workers.length === 1) return poison(request)
      await turns()
      return scoresOf(request)
    }
    const reranker = await open({ behaviours: { once } })
    const first = order(reranker.rerank('once', DOCUMENTS))
    await until(() => workers.length === 2)
    const others = Array.from({ length: 5 }, (_, i) => order(reranker.rerank(`other ${i}`, DOCUMENTS)))
    expect(new Set((await Promise.all([first, ...others])).map(String))).toEqual(new Set(['1,2,0']))
  })

  describe('while it reads ahead', () => {
    /** Reads for ever, or kills its worker as long as there are fewer than so many. */
    const readsAhead = ({ deadly = 0 } = {}) => ({
      start: () => {
        const engine = fakeEngine({ poison })
        Object.assign(engine.info, { kind: 'late-interaction', kept: { documents: 0, bytes: 0, maxBytes: 1000 } })
        const prepare = () => {
          if (workers.length <= deadly) newest().kill()
          return never()
        }
        return new FakeWorker(async () => Object.assign(engine, { prepare, prepareIndex: prepare }))
      },
    })
    const ahead = {
      documents: (reranker: DocumentReranker) => reranker.prepare(DOCUMENTS),
      'an index': (reranker: DocumentReranker) => reranker.prepare({ index: 'https://site.example/a.index' }),
    }

    test.each(Object.entries(ahead))('%s: what is read again stands in no query’s way', async (_, prepare) => {
      const reranker = await open(readsAhead())
      void prepare(reranker).catch(() => undefined)
      await until(() => newest().received.some((one) => one.startsWith('prepare')))
      newest().kill()
      await until(() => workers.length === 2 && newest().received.some((one) => one.startsWith('prepare')))
      expect(await order(reranker.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
      await reranker.dispose()
    })

    test('it is given up when it has killed three, and queries are answered all along', async () => {
      const reranker = await open(readsAhead({ deadly: 9 }))
      const given = failure(reranker.prepare(DOCUMENTS))
      const queries = [order(reranker.rerank('one', DOCUMENTS)), order(reranker.rerank('two', DOCUMENTS))]
      expect(await given).toMatchObject({ name: 'WorkerError', message: expect.stringContaining('3 workers died') })
      expect(await Promise.all(queries)).toEqual([
        [1, 2, 0],
        [1, 2, 0],
      ])
      expect(await order(reranker.rerank('three', DOCUMENTS))).toEqual([1, 2, 0])
    })

    test('a query that kills it costs what is read ahead nothing but time', async () => {
      const reranker = await open(readsAhead())
      const reading = reranker.prepare(DOCUMENTS)
      let isGivenUp = false
      reading.catch(() => {
        isGivenUp = true
      })
      await until(() => newest().received.includes('prepare'))
      expect(await failure(reranker.rerank('poison', DOCUMENTS))).toMatchObject({ name: 'WorkerError' })
      await until(() => newest().received.includes('prepare'))
      expect(isGivenUp).toBe(false)
      await reranker.dispose()
    })
  })

  test('two poisoned calls side by side do not blame a third', async () => {
    const reranker = await open({ behaviours: { poison } })
    const calls = [reranker.rerank('poison one', DOCUMENTS), reranker.rerank('good', DOCUMENTS), reranker.rerank('poison two', DOCUMENTS)]
    const settled = await Promise.allSettled(calls)
    expect(settled.map((one) => one.status)).toEqual(['rejected', 'fulfilled', 'rejected'])
  })

  test('now and then, it is always started again: nothing ends in the page’s thread', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const reranker = await open({ behaviours: { hang: never } })
    for (let hour = 0; hour < 12; hour++) {
      const worker = newest()
      const controller = new AbortController()
      const running = failure(reranker.rerank('hang', DOCUMENTS, { signal: controller.signal }))
      await until(() => worker.received.includes('rerank hang'))
      worker.kill()
      await until(() => newest() !== worker && newest().received.includes('rerank hang'))
      controller.abort()
      await running
      // Two deaths a round; the second one while nothing is waited for but a cancelled call.
      newest().kill()
      vi.advanceTimersByTime(3_600_000)
    }
    expect(await order(reranker.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
    expect(reranker.info.fallbacks.length).toBeLessThanOrEqual(10)
  })

  test('again and again while it loads: a typed error after five, and a call a minute later is answered', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    let isBroken = false
    const start = () =>
      new FakeWorker(async () => {
        if (!isBroken) return fakeEngine({ hang: never })
        newest().kill()
        return never()
      })
    const reranker = await open({ start })
    const running = failure(reranker.rerank('hang', DOCUMENTS))
    await until(() => newest().received.includes('rerank hang'))
    isBroken = true
    newest().kill()
    expect(await running).toMatchObject({ code: 'worker-failed', message: expect.stringMatching(/5 workers.*minute/) })
    expect(workers).toHaveLength(5)
    expect(await failure(reranker.rerank('query', DOCUMENTS))).toMatchObject({ code: 'worker-failed' })
    expect(workers).toHaveLength(5)
    isBroken = false
    vi.advanceTimersByTime(60_000)
    expect(await order(reranker.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
    expect(workers).toHaveLength(6)
  })

  test('while the first model loads, it is started again, and never in the page’s thread', async () => {
    const start = (nth: number) =>
      new FakeWorker(async () => {
        if (nth > 0) return fakeEngine()
        newest().kill()
        return never()
      })
    const reranker = await open({ start })
    expect(workers).toHaveLength(2)
    await reranker.dispose()
    const always = () =>
      new FakeWorker(() => {
        newest().kill()
        return never()
      })
    expect(await failure(open({ start: always }))).toMatchObject({ name: 'WorkerError', code: 'worker-failed' })
  })

  test('with nothing in flight: none is started until a call needs one', async () => {
    const reranker = await open()
    newest().kill()
    await turns()
    expect(workers).toHaveLength(1)
    expect(await afterSilence(() => order(reranker.rerank('query', DOCUMENTS)))).toEqual([1, 2, 0])
    expect(workers).toHaveLength(2)
  })

  test('by an error of its script', async () => {
    const reranker = await open({ behaviours: { hang: never } })
    const controller = new AbortController()
    const running = failure(reranker.rerank('hang', DOCUMENTS, { signal: controller.signal }))
    await until(() => newest().received.includes('rerank hang'))
    workers[0]?.dispatchEvent(Object.assign(new Event('error'), { message: 'memory access out of bounds' }))
    expect(workers[0]?.isTerminated).toBe(true)
    await until(() => workers.length === 2 && newest().received.includes('rerank hang'))
    expect(reranker.info.fallbacks).toMatchObject([{ reason: expect.stringContaining('memory access out of bounds') }])
    controller.abort()
    await running
  })
})

describe('texts that the worker has', () => {
  /** Of a model that keeps what it reads. */
  const keeping = () => {
    const engine = fakeEngine({ poison })
    Object.assign(engine.info, { kind: 'late-interaction', kept: { documents: 0, bytes: 0, maxBytes: 2 ** 20 } })
    return new FakeWorker(async () => engine)
  }

  test('are not sent again, be they made anew; those that were changed are', async () => {
    const reranker = await open({ start: keeping })
    const hits = DOCUMENTS.map((title) => ({ title }))
    const text = (hit: { title: string }) => `- ${hit.title}`
    const call = () => order(reranker.rerank('query', hits, { text }))
    expect(await call()).toEqual([1, 2, 0])
    await reranker.prepare(hits, { text })
    expect(await call()).toEqual([1, 2, 0])
    ;(hits[0] as { title: string }).title = 'much longer now'
    expect(await call()).toEqual([0, 1, 2])
    expect(newest().texts).toEqual([['- a', '- bbb', '- cc'], [], [], ['- much longer now']])
  })

  test('are sent to the worker that takes the place of a dead one', async () => {
    const reranker = await open({ start: keeping })
    await reranker.rerank('query', DOCUMENTS)
    newest().kill()
    expect(await afterSilence(() => order(reranker.rerank('query', DOCUMENTS)))).toEqual([1, 2, 0])
    expect(await failure(reranker.rerank('poison', DOCUMENTS))).toMatchObject({ code: 'worker-failed' })
    expect(await order(reranker.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
    expect(workers.map(({ texts }) => texts[0])).toEqual(Array(4).fill(DOCUMENTS))
  })

  test('arrive with a call that is cancelled at once, for the next one', async () => {
    const reranker = await open({ start: keeping })
    const controller = new AbortController()
    const stopped = failure(reranker.rerank('query', DOCUMENTS, { signal: controller.signal }))
    await until(() => newest().received.includes('rerank query'))
    controller.abort()
    expect(isAbortError(await stopped)).toBe(true)
    expect(await order(reranker.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
    expect(newest().texts).toEqual([DOCUMENTS, []])
  })

  test('are each reranker’s own where two share a worker', async () => {
    const worker = keeping()
    const makeWorker = () => worker as unknown as Worker
    workers.push(worker)
    const [one, other] = await Promise.all([0, 1].map(() => open({ makeWorker, ownsWorker: false })))
    await one?.rerank('query', ['a', 'bbb'])
    await other?.rerank('query', ['other', 'texts'])
    expect(await order((one as DocumentReranker).rerank('query', ['bbb', 'a']))).toEqual([0, 1])
    await one?.dispose()
    expect(await order((other as DocumentReranker).rerank('query', ['x', 'other']))).toEqual([1, 0])
    expect(worker.texts).toEqual([['a', 'bbb'], ['other', 'texts'], [], ['x']])
  })

  test('a cross-encoder is sent its texts with every call, and keeps none', async () => {
    const reranker = await open()
    for (let i = 0; i < 2; i++) await reranker.rerank('query', DOCUMENTS)
    expect(newest().texts).toEqual([DOCUMENTS, DOCUMENTS])
  })
})

test('a call that cannot be posted is rejected, and its texts come with the next one', async () => {
  const start = () => {
    const engine = fakeEngine()
    Object.assign(engine.info, { kind: 'late-interaction', kept: { documents: 0, bytes: 0, maxBytes: 2 ** 20 } })
    return new FakeWorker(async () => engine)
  }
  const reranker = await open({ start })
  await reranker.rerank('query', DOCUMENTS.slice(0, 1))
  const error = new DOMException('Data cannot be cloned, out of memory.', 'DataCloneError')
  const { postMessage } = MessagePort.prototype
  vi.spyOn(MessagePort.prototype, 'postMessage').mockImplementation(function (this: MessagePort, ...args: unknown[]) {
    if (JSON.stringify(args[0]).includes('too large')) throw error
    Reflect.apply(postMessage, this, args)
  })
  const failing = failure(reranker.rerank('too large', DOCUMENTS))
  // Asked for before anybody has heard of the failure.
  const next = order(reranker.rerank('query', DOCUMENTS))
  expect(await failing).toBe(error)
  expect(await next).toEqual([1, 2, 0])
  expect(newest().texts).toEqual([DOCUMENTS.slice(0, 1), DOCUMENTS])
})

describe('an index', () => {
  test('is loaded again by the worker that takes the place of a dead one, if it could be used, and its newest version alone', async () => {
    const asked: string[] = []
    const start = () => {
      const engine = fakeEngine()
      Object.assign(engine.info, { kind: 'late-interaction', kept: { documents: 0, bytes: 0, maxBytes: 2 ** 20 } })
      engine.prepareIndex = async ({ index }) => {
        asked.push(`${workers.length} ${index}`)
        if (index.includes('broken')) throw new IndexError('index-invalid', 'broken')
      }
      return new FakeWorker(async () => engine)
    }
    const reranker = await open({ start })
    await reranker.prepare({ index: 'https://a.example/docs.index?v=1' })
    await reranker.prepare({ index: 'https://a.example/docs.index?v=2' })
    await reranker.prepare({ index: 'https://a.example/other.index' })
    expect(await failure(reranker.prepare({ index: 'https://a.example/broken' }))).toMatchObject({
      name: 'IndexError',
      code: 'index-invalid',
    })
    newest().kill()
    expect(await afterSilence(() => order(reranker.rerank('query', DOCUMENTS)))).toEqual([1, 2, 0])
    expect(asked.filter((one) => one.startsWith('2'))).toEqual(['2 https://a.example/docs.index?v=2', '2 https://a.example/other.index'])
  })

  test('is there before a call is: what it has would be read anew', async () => {
    const events: string[] = []
    const start = () => {
      const engine = fakeEngine()
      const { rerank } = engine
      Object.assign(engine.info, { kind: 'late-interaction', kept: { documents: 0, bytes: 0, maxBytes: 2 ** 20 } })
      engine.prepareIndex = async () => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        events.push('index')
      }
      engine.rerank = (request) => {
        events.push('call')
        return rerank.call(engine, request)
      }
      return new FakeWorker(async () => engine)
    }
    const reranker = await open({ start })
    await reranker.prepare({ index: 'https://a.example/docs.index' })
    newest().kill()
    expect(await afterSilence(() => order(reranker.rerank('query', DOCUMENTS)))).toEqual([1, 2, 0])
    expect(events).toEqual(['index', 'index', 'call'])
  })

  test('is nothing to a cross-encoder', async () => {
    const reranker = await open()
    await reranker.prepare({ index: 'https://a.example/docs.index' })
    expect(newest().received).toEqual(['open'])
  })
})

describe('signs of life', () => {
  test('no lock is held or waited for while nothing is in flight', async () => {
    const reranker = await open({ behaviours: { hang: untilCancelled } })
    await until(() => locks.held.size === 0 && locks.waiting === 0)
    const controller = new AbortController()
    const running = failure(reranker.rerank('hang', DOCUMENTS, { signal: controller.signal }))
    await until(() => locks.held.size === 1 && locks.waiting === 1)
    controller.abort()
    await running
    await until(() => locks.held.size === 0 && locks.waiting === 0)
    for (let i = 0; i < 50; i++) await reranker.rerank('query', DOCUMENTS)
    await until(() => locks.held.size === 0 && locks.waiting === 0)
    expect(workers).toHaveLength(1)
  })

  const refusals: [string, object][] = [
    ['that reject', { locks: { request: () => Promise.reject(new DOMException('blocked', 'SecurityError')) } }],
    [
      'that throw',
      {
        locks: {
          request: () => {
            throw new DOMException('blocked', 'SecurityError')
          },
        },
      },
    ],
    ['that are not there', {}],
  ]
  test.each(refusals)('with locks %s it works, and a dead worker is noticed all the same', async (_, navigator) => {
    vi.stubGlobal('navigator', navigator)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    const reranker = await open({ behaviours: { hang: never } })
    expect(await order(reranker.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
    const controller = new AbortController()
    const running = failure(reranker.rerank('hang', DOCUMENTS, { signal: controller.signal }))
    await until(() => newest().received.includes('rerank hang'))
    // A worker that answers is left alone, however long a call takes.
    for (let second = 0; second < 200; second++) {
      await vi.advanceTimersByTimeAsync(1000)
      await turns(4)
    }
    expect(workers).toHaveLength(1)
    newest().kill()
    for (let second = 0; second < 70; second++) await vi.advanceTimersByTimeAsync(1000)
    await until(() => workers.length === 2)
    controller.abort()
    await running
  })

  test('one that lives and does not come back from a run is left alone for half an hour, then replaced', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    const reranker = await open({ behaviours: { hang: never } })
    const first = newest()
    const controller = new AbortController()
    const running = failure(reranker.rerank('hang', DOCUMENTS, { signal: controller.signal }))
    await until(() => first.received.includes('rerank hang'))
    first.hang()
    controller.abort()
    await running
    const behind = order(reranker.rerank('query', DOCUMENTS))
    const minutes = async (count: number) => {
      for (let i = 0; i < count; i++) {
        await vi.advanceTimersByTimeAsync(60_000)
        await turns(4)
      }
    }
    await minutes(29)
    expect(workers).toHaveLength(1)
    await minutes(2)
    expect(await behind).toEqual([1, 2, 0])
    expect(first.isTerminated).toBe(true)
    expect(reranker.info.fallbacks).toMatchObject([
      { device: 'worker', reason: expect.stringContaining('did not answer within 1800 seconds') },
    ])
  })

  test('calls leave nothing behind on the connection', async () => {
    const signals: AbortSignal[] = []
    const listen = EventTarget.prototype.addEventListener
    vi.spyOn(AbortSignal.prototype, 'addEventListener').mockImplementation(function (this: AbortSignal, ...args) {
      signals.push(this)
      listen.apply(this, args as Parameters<typeof listen>)
    })
    const reranker = await open()
    const count = () =>
      [...new Set(signals)].filter((one) => !one.aborted).reduce((sum, signal) => sum + getEventListeners(signal, 'abort').length, 0)
    for (let i = 0; i < 10; i++) await reranker.rerank('query', DOCUMENTS)
    await turns()
    const before = count()
    for (let i = 0; i < 100; i++) await reranker.rerank('query', DOCUMENTS)
    await turns()
    expect(count()).toBe(before)
  })
})

describe('budgetMs', () => {
  /** Scores two documents, reports them, and works on the third for ever. */
  const slow: Behaviour = (request) => {
    request.onScored?.(scoresOf(request, 2))
    return untilCancelled(request)
  }
  const states = async (work: ReturnType<DocumentReranker['rerank']>) => {
    const { results, unscored } = await work
    return { order: results.map((one) => [one.index, one.scored]), unscored }
  }

  /** Only the test lets time go by. */
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))

  test('when the time is over, what is scored is ordered, the rest stays below, and the call is cancelled once', async () => {
    const reranker = await open({ behaviours: { slow } })
    const answer = states(reranker.rerank('slow', DOCUMENTS, { budgetMs: 50 }))
    await until(() => newest().received.includes('rerank slow'))
    await turns()
    await vi.advanceTimersByTimeAsync(50)
    expect(await answer).toEqual({
      order: [
        [1, true],
        [0, true],
        [2, false],
      ],
      unscored: 1,
    })
    await turns()
    expect(newest().received).toEqual(['open', 'rerank slow', 'cancel 0'])
  })

  test('the clock starts with the call: a worker that has to be started again does not stop it', async () => {
    const start = (nth: number) => new FakeWorker(nth === 0 ? async () => fakeEngine({ slow }) : never)
    const reranker = await open({ start })
    const answer = states(reranker.rerank('slow', DOCUMENTS, { budgetMs: 60 }))
    await until(() => newest().received.includes('rerank slow'))
    await turns()
    newest().kill()
    await until(() => workers.length === 2)
    await vi.advanceTimersByTimeAsync(60)
    // What the dead worker told still counts.
    expect(await answer).toMatchObject({ unscored: 1 })
    const late = states(reranker.rerank('late', DOCUMENTS, { budgetMs: 40 }))
    await vi.advanceTimersByTimeAsync(40)
    expect(await late).toMatchObject({ unscored: 3 })
  })

  test('an answer that comes in time is the whole one; Infinity is no limit, and 0 asks nobody', async () => {
    const reranker = await open()
    for (const budgetMs of [10_000, Number.POSITIVE_INFINITY]) {
      expect(await states(reranker.rerank('query', DOCUMENTS, { budgetMs }))).toMatchObject({ unscored: 0 })
    }
    expect(await states(reranker.rerank('query', DOCUMENTS, { budgetMs: 0 }))).toMatchObject({ unscored: 3 })
    expect(newest().received).toEqual(['open', 'rerank query', 'rerank query'])
  })

  test('an abort, and an error, still come through', async () => {
    const broken: Behaviour = () => Promise.reject(new ModelLoadError('model-unsupported', 'no logits'))
    const reranker = await open({ behaviours: { slow, broken } })
    const options = { budgetMs: 10_000 }
    expect(await failure(reranker.rerank('broken', DOCUMENTS, options))).toMatchObject({ code: 'model-unsupported' })
    const controller = new AbortController()
    const running = failure(reranker.rerank('slow', DOCUMENTS, { ...options, signal: controller.signal }))
    await turns()
    controller.abort()
    expect(isAbortError(await running)).toBe(true)
  })
})

test('a call that is begun again tells nothing until it is as far as before', async () => {
  let begun = 0
  const twice: Behaviour = async (request) => {
    if (begun++ > 0) {
      for (const count of [1, 2, 3]) request.onScored?.(scoresOf(request, count))
      return scoresOf(request)
    }
    request.onScored?.(scoresOf(request, 2))
    await turns()
    return poison(request)
  }
  const reranker = await open({ behaviours: { twice } })
  reportsComeSlowly()
  const told: number[] = []
  await reranker.rerank('twice', DOCUMENTS, { onProgress: ({ scored }) => told.push(scored) })
  expect(told).toEqual([2, 2, 3])
})

describe('dispose', () => {
  test('ends calls in flight at once, as ends that the caller wanted', async () => {
    const reranker = await open({ behaviours: { hang: never } })
    const calls = [failure(reranker.rerank('hang', DOCUMENTS)), failure(reranker.computeScore(['query', 'pair']))]
    await until(() => newest().received.includes('rerank hang'))
    const disposing = reranker.dispose()
    const errors = await Promise.all(calls)
    expect(errors.map((error) => [isAbortError(error), (error?.cause as Error | undefined)?.name])).toEqual([
      [true, 'DisposedError'],
      [true, 'DisposedError'],
    ])
    await disposing
    expect(newest().isTerminated).toBe(true)
    expect(await failure(reranker.rerank('query', DOCUMENTS))).toMatchObject({ name: 'DisposedError', code: 'disposed' })
  })

  test('does not wait for a run that hangs', async () => {
    const engine = { ...fakeEngine({ hang: never }), dispose: never }
    const reranker = await open({ start: () => new FakeWorker(async () => engine) })
    const running = failure(reranker.rerank('hang', DOCUMENTS))
    await until(() => newest().received.includes('rerank hang'))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const disposing = reranker.dispose()
    await turns()
    await vi.advanceTimersByTimeAsync(1000)
    await disposing
    expect(newest().isTerminated).toBe(true)
    expect(isAbortError(await running)).toBe(true)
  })

  test('while a worker is started again: no further one is', async () => {
    const start = (nth: number) => (nth === 0 ? new FakeWorker(async () => fakeEngine({ hang: never })) : new FakeWorker(never))
    const reranker = await open({ start })
    const running = failure(reranker.rerank('hang', DOCUMENTS))
    await until(() => newest().received.includes('rerank hang'))
    newest().kill()
    await until(() => workers.length === 2 && newest().received.includes('open'))
    await reranker.dispose()
    expect(isAbortError(await running)).toBe(true)
    await turns()
    expect(workers).toHaveLength(2)
    expect(newest().isTerminated).toBe(true)
  })

  test('in the task in which a call is made: it is not posted', async () => {
    const reranker = await open()
    const call = failure(reranker.rerank('query', DOCUMENTS))
    await reranker.dispose()
    expect(isAbortError(await call)).toBe(true)
    expect(newest().received).toEqual(['open', 'dispose'])
  })
})

describe('a Worker that was handed in', () => {
  test('serves two rerankers, each with an engine of its own, and outlives both', async () => {
    const engines = [fakeEngine(), fakeEngine()]
    engines.forEach((engine, i) => {
      engine.computeScore = async ({ pairs }) => pairs.map(() => i)
    })
    let opened = 0
    const shared = new FakeWorker(async () => engines[opened++] as (typeof engines)[0])
    const setup = { start: () => shared, ownsWorker: false }
    const [one, two] = [await open(setup), await open(setup)]
    const scores = await Promise.all([one, two, one].map((reranker) => reranker.computeScore(['query', 'document'])))
    expect(scores).toEqual([[0], [1], [0]])
    await one.dispose()
    expect([engines[0]?.disposed, engines[1]?.disposed, shared.isTerminated]).toEqual([true, false, false])
    expect(await two.computeScore(['query', 'document'])).toEqual([1])
    await two.dispose()
    expect([engines[1]?.disposed, shared.isTerminated]).toEqual([true, false])
  })

  test('that dies cannot be started again: calls say so', async () => {
    const reranker = await open({ ownsWorker: false, behaviours: { hang: never } })
    const running = failure(reranker.rerank('hang', DOCUMENTS))
    await until(() => newest().received.includes('rerank hang'))
    newest().kill()
    expect(await running).toMatchObject({ code: 'worker-failed', message: expect.stringMatching(/only its owner/) } as Partial<WorkerError>)
    expect(workers).toHaveLength(1)
  })

  test('may fail in code of its owner’s without harm to us', async () => {
    const reranker = await open({ ownsWorker: false })
    newest().dispatchEvent(Object.assign(new Event('error'), { message: 'the owner’s own' }))
    expect(await order(reranker.rerank('query', DOCUMENTS))).toEqual([1, 2, 0])
  })
})
