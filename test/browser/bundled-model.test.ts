import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { mainThreadTasks } from '../support/main-thread-tasks.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** The bundled model as a page gets it: no option, its own worker, WASM. */
let server: TestServer
let browser: Browser
let page: LibraryPage

beforeAll(async () => {
  server = await serve({ folders: LIBRARY_FOLDERS })
  browser = await launchBrowser()
  page = await openLibraryPage(browser, server.origin)
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

const ANSWERS = [
  'WakeLock: prevents a device from dimming or locking its screen when an application needs to keep running.',
  'Clipboard: reads and writes text and images on the system clipboard.',
  'Geolocation: tells where the device is, after asking for permission.',
  'Fetch: requests a resource over the network and returns a promise of the response.',
  'Notification: shows a message to the user outside of the page.',
]

test('it finds the right answer to natural questions', async () => {
  const first = await page.evaluate(
    (documents) =>
      withReranker({}, async (reranker) => {
        const questions = [
          'how do I keep the phone screen on',
          'copy something the user can paste',
          'how do I get the current location',
          'load data from a server',
          'alert the user',
        ]
        const orders = []
        for (const question of questions) orders.push((await reranker.rerank(question, documents)).results)
        return orders.map(([best]) => best?.index)
      }),
    ANSWERS,
  )
  expect(first).toEqual([0, 1, 2, 3, 4])
  expect(page.errors).toEqual([])
})

test('it says what it runs on', async () => {
  const { info, threads } = await page.evaluate(async () => ({
    info: await withReranker({}, (reranker) => reranker.info),
    threads: Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1)),
  }))
  expect(info).toMatchObject({ model: 'page-rerank-small-en', device: 'wasm', dtype: 'q8', runtime: 'ort-web', worker: true, threads })
  expect(info.selfTest.result).toBe('passed')
  expect(info.selfTest.maxError).toBeLessThan(info.selfTest.tolerance)
})

test('the quantized model scores a document the same alone, among 50 and in any order', async () => {
  const worst = await page.evaluate(
    (answers) =>
      withReranker({}, async (reranker) => {
        const query = 'how do I keep the phone screen on'
        const pairs = Array.from(
          { length: 50 },
          (_, i) => [query, `${answers[i % answers.length]} ${'More about it. '.repeat(i % 11)}`] as const,
        )
        const together = await reranker.computeScore(pairs)
        const reversed = (await reranker.computeScore([...pairs].reverse())).reverse()
        const differences = together.map((logit, i) => Math.abs(logit - (reversed[i] as number)))
        for (const i of [0, 13, 37, 49]) {
          const [alone] = await reranker.computeScore([pairs[i] as readonly [string, string]])
          differences.push(Math.abs((alone as number) - (together[i] as number)))
        }
        return Math.max(...differences)
      }),
    ANSWERS,
  )
  expect(worst).toBeLessThanOrEqual(1e-3)
})

test('the main thread has no task over 50 ms while the model loads and 50 documents are reranked', async () => {
  const tasks = await mainThreadTasks(browser, server.origin, async () => {
    const fresh = await openLibraryPage(browser, server.origin)
    const unscored = await fresh.evaluate(async (answers) => {
      const documents = Array.from({ length: 50 }, (_, i) => `${answers[i % answers.length]} ${'And so on. '.repeat(20)}`)
      const response = await withReranker({}, (reranker) =>
        reranker.rerank('how do I keep the phone screen on', documents, { onUpdate: () => undefined }),
      )
      return response.unscored
    }, ANSWERS)
    expect(unscored).toBe(0)
    await fresh.context().close()
  })
  // Its modules, and what comes from the worker.
  expect(tasks.length).toBeGreaterThan(5)
  expect(tasks.filter(({ processor }) => processor > 50)).toEqual([])
})

test('the second load comes from the cache, and a spoilt entry is fetched anew', async () => {
  const { second, spoilt } = await page.evaluate(async () => {
    const load = () => withReranker({}, (reranker) => reranker.info.bytes)
    await load()
    const second = await load()
    const cache = await caches.open('transformers-cache')
    const weights = (await cache.keys()).find((request) => request.url.endsWith('model_quantized.onnx'))
    await cache.put(weights as Request, new Response(new Uint8Array(1000)))
    return { second, spoilt: await load() }
  })
  expect(second.network).toBe(0)
  expect(second.cache).toBeGreaterThan(20e6)
  expect(spoilt.network).toBeGreaterThan(20e6)
})

test('where storage is blocked it works uncached', async () => {
  const blocked = await openLibraryPage(browser, server.origin)
  const bytes = await blocked.evaluate(() => {
    caches.open = () => Promise.reject(new DOMException('blocked', 'SecurityError'))
    return withReranker({ worker: false }, (reranker) => reranker.info.bytes)
  })
  expect(bytes.network).toBeGreaterThan(20e6)
  await blocked.context().close()
})
