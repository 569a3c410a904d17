import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildIndex } from 'page-rerank/node'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Reranker } from '../../src/types.js'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** An index that Node has built, in a page: fetched, kept, and refused where it is spoilt. */
const MODEL = '/reference/late-bert/'
const TEXTS = Array.from({ length: 60 }, (_, i) => `Entry ${i}: the ${['cat', 'dog', 'horse', 'screen'][i % 4]} sleeps in box ${i * 7}.`)

let folder: string
let index: Buffer
let server: TestServer
let browser: Browser
let page: LibraryPage
/** What `/docs.index` answers. */
let answer: { bytes: Uint8Array; status?: number; type?: string; after?: Promise<void> }
/** Requests for it. */
let asked: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-index-'))
  await buildIndex(TEXTS, { model: 'test/reference/late-bert', out: join(folder, 'docs.index') })
  index = await readFile(join(folder, 'docs.index'))
  answer = { bytes: index }
  server = await serve({
    folders: LIBRARY_FOLDERS,
    handler: async (request, response, url) => {
      if (url.pathname !== '/docs.index') return false
      asked.push(request.method as string)
      const { bytes, status = 200, type = 'application/octet-stream', after } = answer
      response.writeHead(status, { 'content-type': type, 'content-length': bytes.length, etag: `"${bytes.length}"` })
      if (request.method === 'HEAD') response.end()
      else if (after) {
        // All but a piece of the last plane.
        response.write(bytes.subarray(0, bytes.length - 1000))
        await after
        response.end(bytes.subarray(bytes.length - 1000))
      } else response.end(bytes)
      return true
    },
  })
  browser = await launchBrowser()
  page = await openLibraryPage(browser, server.origin)
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
  await rm(folder, { recursive: true })
})

afterEach(async () => {
  asked = []
  answer = { bytes: index }
  await page.evaluate(() => caches.delete('transformers-cache'))
})

/** In the page: load the index, or say why not, and rank. */
const visit = (options: { worker?: false; states?: { maxBytes: number } } = {}) =>
  page.evaluate(
    ({ model, texts, options }) =>
      withReranker({ model, device: 'wasm', dtype: 'fp32', ...options }, async (reranker) => {
        const error = await reranker.prepare({ index: 'docs.index' }).then(
          () => undefined,
          (reason: Error & { code: string }) => ({
            name: reason.name,
            code: reason.code,
            message: reason.message,
            isOurs: reason instanceof pageRerank.IndexError,
          }),
        )
        const { kept } = reranker.info
        const { results, coarse } = await reranker.rerank('which horse sleeps in box 98', texts)
        return { error, loaded: kept?.documents, coarse, logits: results.map(({ index, logit }) => [index, logit] as [number, number]) }
      }),
    { model: MODEL, texts: TEXTS, options },
  )

test.each([{}, { worker: false as const }])('everything is ranked before anything was read, %j', async (options) => {
  const loaded = await visit(options)
  expect(loaded).toMatchObject({ error: undefined, loaded: 60 })
  expect(loaded.coarse).toBeUndefined()
  answer = { bytes: new Uint8Array(0), status: 404 }
  await page.evaluate(() => caches.delete('transformers-cache'))
  const read = await visit(options)
  expect(read).toMatchObject({ error: { name: 'IndexError', code: 'index-not-found', isOurs: true }, loaded: 0 })
  const logits = new Map(read.logits)
  // Each runtime is 0.01 from PyTorch at the most.
  for (const [place, logit] of loaded.logits) expect(Math.abs(logit - (logits.get(place) as number))).toBeLessThanOrEqual(0.02)
})

test('it stays on the device: the next visit only asks whether it has changed', async () => {
  await visit()
  expect(asked).toEqual(['GET'])
  expect(await visit()).toMatchObject({ error: undefined, loaded: 60 })
  expect(asked).toEqual(['GET', 'HEAD'])
  const model = await page.evaluate(async () => {
    const models = await pageRerank.listCachedModels()
    const one = models.find(({ files }) => files.some(({ file }) => file === 'docs.index'))
    if (one) await pageRerank.deleteCachedModel(one.model)
    return [one?.model, (await (await caches.open('transformers-cache')).keys()).length]
  })
  expect(model).toEqual([`${server.origin}/reference/late-bert/`, 0])
  await visit()
  expect(asked).toEqual(['GET', 'HEAD', 'GET'])
})

test('one that was built again is fetched again', async () => {
  await visit()
  const more = join(folder, 'more.index')
  await buildIndex([...TEXTS, 'one more'], { model: 'test/reference/late-bert', out: more })
  answer = { bytes: await readFile(more) }
  expect(await visit()).toMatchObject({ loaded: 61 })
  expect(asked.filter((method) => method === 'GET')).toHaveLength(2)
})

test('cut short, damaged, or a page of HTML: refused with the reason, not kept, and documents are read', async () => {
  const damaged = Buffer.from(index)
  damaged[index.length >> 1] = (damaged[index.length >> 1] as number) ^ 1
  for (const [bytes, message] of [
    [index.subarray(0, index.length - 7), /docs\.index is cut short after \d+ of \d+ bytes\. Documents are read as they are needed/],
    [damaged, /docs\.index is damaged: its plane 1/],
    [Buffer.from('<!doctype html><title>My app</title>'), /docs\.index is an HTML page.* Documents are read as they are needed/],
  ] as const) {
    answer = { bytes }
    const { error, loaded, logits } = await visit()
    expect(error).toMatchObject({ name: 'IndexError', code: 'index-invalid', isOurs: true, message: expect.stringMatching(message) })
    expect([loaded, logits.length]).toEqual([0, 60])
    answer = { bytes: index }
    expect(await visit()).toMatchObject({ error: undefined, loaded: 60 })
    await page.evaluate(() => caches.delete('transformers-cache'))
  }
})

test('too large for the memory that may be kept', async () => {
  const { error, loaded } = await visit({ states: { maxBytes: 20_000 } })
  expect(error).toMatchObject({ code: 'does-not-fit', message: expect.stringMatching(/states\.maxBytes/) })
  expect(loaded).toBeLessThan(60)
})

test('where there is no room left on the device it serves all the same', async () => {
  const other = await openLibraryPage(browser, server.origin)
  await other.evaluate(async (model) => {
    Object.assign(globalThis, { held: await pageRerank.createReranker({ model, device: 'wasm', dtype: 'fp32' }) })
  }, MODEL)
  const devtools = await other.context().newCDPSession(other)
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 1000 })
  const { documents, isKept } = await other.evaluate(async () => {
    const { held } = globalThis as unknown as { held: Reranker }
    await held.prepare({ index: '/docs.index' })
    const isKept = (await (await caches.open('transformers-cache')).match('/docs.index')) !== undefined
    return { documents: held.info.kept?.documents, isKept }
  })
  expect({ documents, isKept }).toEqual({ documents: 60, isKept: false })
  await other.context().close()
})

test('while it arrives it orders by its first plane, and says so', async () => {
  let finish = () => {}
  answer = {
    bytes: index,
    after: new Promise((resolve) => {
      finish = resolve
    }),
  }
  await page.evaluate(async (model) => {
    const reranker = await pageRerank.createReranker({ model, device: 'wasm', dtype: 'fp32' })
    const progress: number[] = []
    const loading = reranker.prepare({ index: 'docs.index' }, { onProgress: ({ scored }) => progress.push(scored) })
    Object.assign(globalThis, { arriving: { reranker, loading, progress } })
  }, MODEL)
  await page.waitForFunction(() => (globalThis as unknown as Arriving).arriving.reranker.info.kept?.documents === 60)
  const rank = () =>
    page.evaluate(async (texts) => {
      const { results, coarse } = await (globalThis as unknown as Arriving).arriving.reranker.rerank('which horse sleeps in box 98', texts)
      return { coarse, first: results[0]?.logit }
    }, TEXTS)
  const before = await rank()
  expect(before.coarse).toBe(true)
  finish()
  await page.evaluate(() => (globalThis as unknown as Arriving).arriving.loading)
  const after = await rank()
  expect(after.coarse).toBeUndefined()
  expect(after.first).not.toBe(before.first)
  const progress = await page.evaluate(async () => {
    await (globalThis as unknown as Arriving).arriving.reranker.dispose()
    return (globalThis as unknown as Arriving).arriving.progress
  })
  expect(progress.at(-1)).toBe(60)
})

interface Arriving {
  arriving: { reranker: Reranker; loading: Promise<void>; progress: number[] }
}
