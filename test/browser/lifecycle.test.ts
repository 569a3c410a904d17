import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** Orders of events that only a browser's own workers, locks and ports can show; test/unit/client.test.ts has the others. */
const OWN_WORKERS: Record<string, string> = {
  // Dies of a query that says so, a moment later, as of a lack of memory.
  '/poisoned-worker.js': `
    addEventListener('message', ({ data }) => data['page-rerank'].addEventListener('message', (event) => {
      if (!JSON.stringify(event.data).includes('poison')) return
      event.stopImmediatePropagation()
      setTimeout(close, 100)
    }))`,
  // Hears nothing for seconds after each report, as it would with a large model.
  '/slow-worker.js': `
    const post = MessagePort.prototype.postMessage
    MessagePort.prototype.postMessage = function (message, ...rest) {
      post.call(this, message, ...rest)
      if (message?.event?.type === 'scored') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8000)
    }`,
}

let server: TestServer
let browser: Browser
let page: LibraryPage

beforeAll(async () => {
  server = await serve({
    folders: LIBRARY_FOLDERS,
    handler: (_, response, url) => {
      const script = OWN_WORKERS[url.pathname]
      if (script === undefined) return false
      response.setHeader('content-type', 'text/javascript')
      // Before the library's own listener.
      response.end(`import "data:text/javascript,${encodeURIComponent(script)}"\nimport '/dist/worker.js'`)
      return true
    },
  })
  browser = await launchBrowser()
  page = await openLibraryPage(browser, server.origin)
})
afterEach(() => {
  // An unhandled rejection is one.
  expect(page.errors.splice(0)).toEqual([])
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

const MODEL = { model: '/reference/bert/', device: 'wasm', dtype: 'fp32' } as const

test('mounted, unmounted and mounted again, as a framework does in development', async () => {
  const ends = await page.evaluate(async (options) => {
    const ends: string[] = []
    for (let i = 0; i < 3; i++) {
      for (const wait of [undefined, 0, 30]) {
        const controller = new AbortController()
        const opening = pageRerank.createReranker({ ...options, signal: controller.signal })
        if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait))
        controller.abort()
        ends.push(
          await opening.then(
            () => 'opened',
            (error) => error.name,
          ),
        )
      }
    }
    const score = await withReranker(options, async (reranker) => (await reranker.computeScore(['query', 'document'])).length)
    return [...new Set(ends), score]
  }, MODEL)
  expect(ends).toEqual(['AbortError', 1])
})

test('two rerankers of two models in one Worker that was handed in: each has its own scores, and neither ends the other', async () => {
  const outcome = await page.evaluate(async (options) => {
    const other = { ...options, model: '/reference/modernbert/' }
    const pairs = Array.from({ length: 40 }, (_, i) => ['keep the screen on', `document ${i}`] as const)
    const score = (reranker: Awaited<ReturnType<typeof pageRerank.createReranker>>) => reranker.computeScore(pairs)
    const alone = [await withReranker(options, score), await withReranker(other, score)]
    const worker = new Worker('/dist/worker.js', { type: 'module' })
    const [one, two] = await Promise.all([options, other].map((each) => pageRerank.createReranker({ ...each, worker })))
    if (!one || !two) throw new Error('not opened')
    const together = await Promise.all([score(one), score(two)])
    await one.dispose()
    const after = await score(two)
    await two.dispose()
    const third = await pageRerank.createReranker({ ...options, worker })
    const again = await score(third)
    await third.dispose()
    worker.terminate()
    return { alone, together, after, again }
  }, MODEL)
  const { alone, together, after, again } = outcome
  expect(together).toEqual(alone)
  expect(after).toEqual(alone[1])
  expect(again).toEqual(alone[0])
  expect(alone[0]).not.toEqual(alone[1])
})

test('a call that kills two workers is rejected with the reason; those beside it and after it are answered by a third', async () => {
  const outcome = await page.evaluate(async (options) => {
    let workers = 0
    const worker = () => {
      workers++
      return new Worker('/poisoned-worker.js', { type: 'module' })
    }
    return withReranker({ ...options, worker }, async (reranker) => {
      const documents = Array.from({ length: 30 }, (_, i) => `document ${i}`)
      const calls = ['beside', 'poison', 'after'].map((query) => reranker.rerank(query, documents))
      const ends = (await Promise.allSettled(calls)).map((one) =>
        one.status === 'fulfilled' ? one.value.results.length : [one.reason.name, one.reason.code],
      )
      const last = (await reranker.rerank('last', documents)).results.length
      return { ends, workers, onPage: !reranker.info.worker, last }
    })
  }, MODEL)
  expect(outcome).toEqual({ ends: [30, ['WorkerError', 'worker-failed'], 30], workers: 3, onPage: false, last: 30 })
})

test('a worker that was killed while nobody waited: the next call finds out, and is answered by another', async () => {
  const outcome = await page.evaluate(async (options) => {
    const workers: Worker[] = []
    const worker = () => {
      workers.push(new Worker('/dist/worker.js', { type: 'module' }))
      return workers.at(-1) as Worker
    }
    return withReranker({ ...options, worker }, async (reranker) => {
      workers[0]?.terminate()
      const [score] = await reranker.computeScore(['query', 'document'])
      return { isNumber: Number.isFinite(score), workers: workers.length, fallbacks: reranker.info.fallbacks.length }
    })
  }, MODEL)
  expect(outcome).toEqual({ isNumber: true, workers: 2, fallbacks: 1 })
})

test('budgetMs is kept while the worker’s thread is busy, and what it had scored counts', async () => {
  const outcome = await page.evaluate(
    (options) =>
      withReranker({ ...options, worker: '/slow-worker.js' }, async (reranker) => {
        const documents = Array.from({ length: 64 }, (_, i) => `document ${i}`)
        const start = performance.now()
        const { results, unscored } = await reranker.rerank('query', documents, { budgetMs: 2500 })
        return { ms: performance.now() - start, scored: results.filter((one) => one.scored).length, unscored }
      }),
    MODEL,
  )
  expect(outcome.scored).toBeGreaterThan(0)
  expect(outcome.scored + outcome.unscored).toBe(64)
  expect(outcome.unscored).toBeGreaterThan(0)
  // The worker hears nothing for another 5 seconds at the least.
  expect(outcome.ms).toBeGreaterThan(2490)
  expect(outcome.ms).toBeLessThan(7000)
})

test('dispose ends a call at once, as an end that the caller wanted', async () => {
  const outcome = await page.evaluate(async (options) => {
    const reranker = await pageRerank.createReranker(options)
    // Half a minute's work.
    const documents = Array.from({ length: 100_000 }, (_, i) => `document ${i}`)
    let error: Error | undefined
    reranker.rerank('query', documents).catch((reason) => {
      error = reason
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    const start = performance.now()
    const disposing = reranker.dispose()
    await new Promise((resolve) => setTimeout(resolve))
    const atOnce = { isAbort: pageRerank.isAbortError(error), cause: (error?.cause as Error | undefined)?.name }
    await disposing
    return { ...atOnce, ms: performance.now() - start }
  }, MODEL)
  expect(outcome).toMatchObject({ isAbort: true, cause: 'DisposedError' })
  expect(outcome.ms).toBeLessThan(10_000)
})

test('rerankers that are gone leave no worker and no port behind', async () => {
  const devtools = await page.context().newCDPSession(page)
  const count = async (name: string) => {
    await devtools.send('HeapProfiler.collectGarbage')
    const { result: prototype } = await devtools.send('Runtime.evaluate', { expression: `${name}.prototype` })
    const { objects } = await devtools.send('Runtime.queryObjects', { prototypeObjectId: prototype.objectId as string })
    const functionDeclaration = 'function () { return this.length }'
    const { result } = await devtools.send('Runtime.callFunctionOn', { objectId: objects.objectId as string, functionDeclaration })
    return result.value
  }
  await page.evaluate(async (options) => {
    for (let i = 0; i < 3; i++) await withReranker(options, (reranker) => reranker.computeScore(['query', 'document']))
  }, MODEL)
  // A busy machine's engine collects when it gets to it.
  await expect.poll(async () => [await count('Worker'), await count('MessagePort')], { timeout: 30_000, interval: 500 }).toEqual([0, 0])
})
