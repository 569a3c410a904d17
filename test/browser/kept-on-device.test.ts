import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** What a late-interaction model has read, from one visit to the next. */
const MODEL = '/reference/late-bert/'
const TEXTS = Array.from({ length: 40 }, (_, i) => `Entry ${i}: the ${['cat', 'dog', 'horse', 'screen'][i % 4]} sleeps in box ${i * 7}.`)

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

/** One reranker's life in the page: what it finds, what it ranks, and how much is on the device then. */
const visit = (where: LibraryPage, options: { worker?: false; model?: string; states?: { keep: boolean }; cache?: boolean }) =>
  where.evaluate(
    async ({ model, texts, options }) => {
      const found = { documents: 0, first: '', logits: [] as [number, number][] }
      await withReranker({ model, device: 'wasm', ...options }, async (reranker) => {
        await reranker.prepare(texts.slice(0, 1))
        found.documents = reranker.info.kept?.documents ?? 0
        const { results } = await reranker.rerank('which horse sleeps in box 98', texts, { onMismatch: 'ignore' })
        found.logits = results.map(({ index, logit }) => [index, logit] as [number, number])
        // It is written when nothing more comes; a worker that is disposed of has a second for it, which a busy machine may not give.
        const isWritten = () => (reranker.info.kept?.bytesOnDevice ?? 1) > 0
        while (!isWritten()) await new Promise((resolve) => setTimeout(resolve, 50))
      })
      const models = await pageRerank.listCachedModels()
      const files = models.flatMap(({ model, files }) => files.map(({ file }) => `${model} ${file}`))
      return { ...found, files: files.filter((file) => file.includes('read-')), names: [...new Set(models.map(({ model }) => model))] }
    },
    { model: MODEL, texts: TEXTS, options },
  )

/** @returns addresses of what is kept after that */
const forget = (where: LibraryPage, model: string) =>
  where.evaluate(async (model) => {
    await pageRerank.deleteCachedModel(model)
    return (await (await caches.open('transformers-cache')).keys()).map(({ url }) => url)
  }, model)

test.each([{}, { worker: false as const }])('it is there at the next visit, listed and deleted with the model: %j', async (options) => {
  const name = `${server.origin}${MODEL}`
  const first = await visit(page, { ...options, states: { keep: true } })
  expect(first.documents).toBe(1)
  expect(first.names).toEqual([name])
  expect(first.files).toEqual([expect.stringMatching(/^http.*late-bert\/ read-fp32-.*\.index$/)])
  const second = await visit(page, { ...options, states: { keep: true } })
  expect(second.documents).toBe(40)
  expect(second.logits).toEqual(first.logits)
  expect(second.files).toEqual(first.files)
  // Both by its name and by what it calls itself all of it goes.
  expect(await forget(page, name)).toEqual([])
  expect((await visit(page, { ...options, states: { keep: true } })).documents).toBe(1)
  expect(await forget(page, 'late-bert')).toEqual([])
})

test.each(['page-rerank-small-en', 'page-rerank-small-zh'])('of a model that comes with the package too: %s', async (model) => {
  const options = { model, states: { keep: true } }
  const first = await visit(page, options)
  expect(first.files).toEqual([expect.stringMatching(`^${model} .*read-q8-.*\\.index$`)])
  const second = await visit(page, options)
  expect({ documents: second.documents, logits: second.logits }).toEqual({ documents: 40, logits: first.logits })
  expect(second.names).toEqual([model])
  expect(await forget(page, model)).toEqual([])
  expect((await visit(page, options)).documents).toBe(1)
  expect(await forget(page, model)).toEqual([])
})

test.each([{}, { states: { keep: false } }, { states: { keep: true }, cache: false }])('nothing is kept unasked: %j', async (options) => {
  expect((await visit(page, options)).files).toEqual([])
})

test('a device that is full loses no answer', async () => {
  const other = await openLibraryPage(browser, server.origin)
  const full = await other.evaluate(
    async ({ model, texts }) => {
      const reranker = await pageRerank.createReranker({ model, device: 'wasm', dtype: 'fp32', states: { keep: true } })
      Object.assign(globalThis, { held: reranker, texts })
      return (await reranker.rerank('which horse sleeps in box 98', texts.slice(0, 1))).unscored
    },
    { model: MODEL, texts: TEXTS },
  )
  expect(full).toBe(0)
  const devtools = await other.context().newCDPSession(other)
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 1000 })
  const { unscored, files } = await other.evaluate(async () => {
    const { held, texts } = globalThis as unknown as { held: import('../../src/types.js').Reranker; texts: string[] }
    const { unscored } = await held.rerank('which horse sleeps in box 98', texts)
    await held.dispose()
    const keys = await (await caches.open('transformers-cache')).keys()
    return { unscored, files: keys.filter(({ url }) => url.includes('read-')).length }
  })
  expect({ unscored, files }).toEqual({ unscored: 0, files: 0 })
  await other.context().close()
})
