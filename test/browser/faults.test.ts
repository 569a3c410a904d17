import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CreateRerankerOptions } from '../../src/client/options.js'
import type { LocalRerankerInfo } from '../../src/types.js'
import { type LibraryPage, launchBrowser, openLibraryPage, withProfile } from '../support/browser.js'
import { enlarge, type Fault, filesOf, TestHub } from '../support/hub.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** What goes wrong on the way from a hub into a page: each fault its error, and a second attempt that works. */
const MODEL = 'owner/tiny'
const WEIGHTS = 'onnx/model.onnx'

let server: TestServer
let hub: TestHub
let browser: Browser
let page: LibraryPage
let context: BrowserContext
const files = filesOf('test/reference/bert')
// Large enough for a journal of its download.
files[WEIGHTS] = enlarge(files[WEIGHTS] as Uint8Array, 3_000_000)
const Q8 = 'onnx/model_quantized.onnx'

beforeAll(async () => {
  server = await serve({ folders: LIBRARY_FOLDERS })
  hub = await TestHub.start([
    { id: MODEL, files },
    { id: 'owner/gated', files, token: 'hf_secret' },
    // A q8 file by its name, before which fp32 is not tried.
    { id: 'owner/two', files: { ...files, [Q8]: files[WEIGHTS] as Uint8Array } },
  ])
  browser = await launchBrowser()
  context = await browser.newContext()
  page = await openTab()
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([server?.close(), hub?.close()])
})
beforeEach(() => hub.reset())
// One context, which keeps ONNX Runtime's compiled code, but no file of a model from one test to the next.
afterEach(async () => {
  page = await openTab()
  for (const one of context.pages()) if (one !== page) await one.close()
  await page.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name)
    const root = await navigator.storage.getDirectory()
    for await (const name of root.keys()) await root.removeEntry(name, { recursive: true })
  })
})

/** Another tab of the same reader. */
async function openTab(): Promise<LibraryPage> {
  return openLibraryPage(context, server.origin)
}

/** Options as plain data, which is all that goes into a page. */
type Options = Omit<CreateRerankerOptions, 'model' | 'worker'> & { model?: string }

const OPTIONS = (): Options => ({ model: MODEL, host: hub.host, device: 'wasm', dtype: 'fp32' })

interface Opened {
  info?: LocalRerankerInfo
  score?: number
  error?: { name: string; code: string; file: string; status: number; message: string; isOurs: boolean }
}

function open(options: Options = {}, where: Page = page): Promise<Opened> {
  return where.evaluate(
    async (options) => {
      try {
        return await withReranker(options, async (reranker) => ({
          info: reranker.info,
          score: (await reranker.computeScore(['a question', 'an answer']))[0],
        }))
      } catch (error) {
        const { name, code, file, status, message } = error as Error & { code: string; file: string; status: number }
        return { error: { name, code, file, status, message, isOurs: pageRerank.isRerankerError(error) } }
      }
    },
    { ...OPTIONS(), ...options },
  )
}

async function failure(options?: Options) {
  return (await open(options)).error
}

const listed = (where = page) => where.evaluate(() => pageRerank.listCachedModels())

test('a model of the hub: redirects, sizes and hashes, and the second time from the cache', async () => {
  const first = await open()
  expect(first.error).toBeUndefined()
  expect(first.info?.bytes).toMatchObject({ cache: 0, local: 0 })
  hub.requests.length = 0
  const second = await open()
  expect(second.info?.bytes).toMatchObject({ network: 0, cache: first.info?.bytes.network })
  expect(second.score).toBe(first.score)
  expect(hub.requests).toEqual([])
  const total = first.info?.bytes.network
  expect(await listed()).toMatchObject([
    { model: MODEL, revision: hub.commitOf(MODEL), askedFor: ['main'], host: hub.host.slice(7), bytes: total, partialBytes: 0 },
  ])
  expect(page.errors).toEqual([])
})

test.each([0.1, 0.5, 0.99])('cut at %d: it goes on where it stopped, without a preflight', async (cut) => {
  hub.fail(WEIGHTS, { cut })
  expect((await open()).error).toBeUndefined()
  expect(hub.statusesOf(WEIGHTS)).toEqual([200, 206])
  const start = Number(/\d+/.exec(hub.requests.at(-1)?.range ?? '')?.[0])
  // Chromium drops what it had not handed out yet when the connection broke.
  expect(start).toBeGreaterThan(0)
})

test('cut again and again: an error; after a reload the download goes on from what is there', async () => {
  hub.fail(WEIGHTS, { cut: 0.5 })
  hub.fail(WEIGHTS, { cut: 0 }, 4)
  expect(await failure()).toMatchObject({ name: 'ModelLoadError', code: 'download-failed', file: WEIGHTS, isOurs: true })
  const [{ partialBytes = 0 } = {}] = await listed()
  expect(partialBytes).toBeGreaterThan(1_000_000)
  hub.reset()
  const tab = await openTab()
  await page.close()
  expect((await open({}, tab)).error).toBeUndefined()
  expect(hub.statusesOf(WEIGHTS)).toEqual([206])
  expect(await listed(tab)).toMatchObject([{ partialBytes: 0 }])
})

test('a tab closed in the middle: the next one goes on', async () => {
  hub.pieceDelay = 30
  const tab = await openTab()
  const opening = open({}, page).catch(() => undefined)
  while (((await listed(tab))[0]?.partialBytes ?? 0) < 500_000) await new Promise((done) => setTimeout(done, 50))
  await page.close()
  await opening
  hub.pieceDelay = 0
  expect((await open({}, tab)).error).toBeUndefined()
  expect(hub.statusesOf(WEIGHTS)).toEqual([200, 206])
})

const FAULTS: [string, Fault, number, object][] = [
  ['wrong bytes', { corrupt: true }, 1, { code: 'model-file-invalid', message: /SHA-256/ }],
  ['HTML instead of the file', { html: true }, 1, { code: 'model-file-invalid', message: /has 43 bytes|HTML/ }],
  ['401', { status: 401 }, 1, { code: 'access-denied', status: 401, message: /page-rerank pull/ }],
  ['403', { status: 403 }, 1, { code: 'access-denied', status: 403, message: /page-rerank pull/ }],
  ['404', { status: 404 }, 1, { code: 'model-not-found' }],
  ['416', { status: 416 }, 4, { code: 'download-failed', status: 416 }],
  ['429 for good', { status: 429 }, 4, { code: 'download-failed', status: 429 }],
  ['503 for good', { status: 503 }, 4, { code: 'download-failed', status: 503 }],
  ['a redirect loop', { redirectLoop: true }, 100, { code: 'download-failed' }],
]

describe(WEIGHTS, () => {
  test.each(FAULTS)('%s: a typed error, nothing kept of it, and a retry that works', async (_, fault, times, expected) => {
    hub.fail(WEIGHTS, fault, times)
    const { message, ...rest } = expected as { message?: RegExp }
    const error = await failure()
    expect(error).toMatchObject({ name: 'ModelLoadError', isOurs: true, file: WEIGHTS, ...rest })
    if (message) expect(error?.message).toMatch(message)
    const [kept] = await listed()
    expect(kept).toMatchObject({ partialBytes: 0 })
    expect(kept?.files.map(({ file }) => file)).not.toContain(WEIGHTS)
    hub.reset()
    expect((await open()).error).toBeUndefined()
  })

  test.each([429, 503])('%d, once: tried again by itself', async (status) => {
    hub.fail(WEIGHTS, { status })
    expect((await open()).error).toBeUndefined()
    expect(hub.statusesOf(WEIGHTS)).toEqual([status, 200])
  })
})

describe('a model with q8 and fp32 weights', () => {
  const TWO: Options = { model: 'owner/two', dtype: 'auto' }

  test('503 for good is a network failure after the retries of one file', async () => {
    hub.fail(Q8, { status: 503 }, 100)
    expect(await failure(TWO)).toMatchObject({ name: 'ModelLoadError', code: 'download-failed', status: 503, file: Q8 })
    expect([hub.statusesOf(Q8), hub.statusesOf(WEIGHTS)]).toEqual([[503, 503, 503, 503], []])
  })

  test('damaged q8 weights in the cache are fetched again, once, and fp32 is not', async () => {
    await open(TWO)
    await page.evaluate(
      async ([url, q8]) => {
        const cache = await caches.open('transformers-cache')
        const request = (await cache.keys()).find((one) => one.url.startsWith(url as string) && one.url.endsWith(q8 as string))
        const bytes = await (await cache.match(request as Request))?.arrayBuffer()
        await cache.put(request as Request, new Response(bytes?.slice(0, 100_000)))
      },
      [hub.host, Q8],
    )
    hub.requests.length = 0
    const { info } = await open(TWO)
    expect(info).toMatchObject({ dtype: 'q8', fallbacks: [], bytes: { network: (files[WEIGHTS] as Uint8Array).length } })
    expect(hub.statusesOf(WEIGHTS)).toEqual([])
    hub.requests.length = 0
    expect((await open(TWO)).info).toMatchObject({ dtype: 'q8', bytes: { network: 0 } })
  })
})

test('a gated model says what to do, and the page has no token to send', async () => {
  expect(await failure({ model: 'owner/gated' })).toMatchObject({ code: 'access-denied', status: 401 })
  expect(hub.requests.some((one) => one.authorization !== undefined)).toBe(false)
})

test('a full quota: refused before the download; it works uncached, and cached once there is room', async () => {
  // The quota of a private context does not count what a worker writes.
  await withProfile(server.origin, async (page) => {
    const session = await page.context().newCDPSession(page)
    const { origin } = server
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_500_000 })
    const { error } = await open({}, page)
    expect(error).toMatchObject({ name: 'ModelLoadError', code: 'storage-full', file: WEIGHTS })
    expect(error?.message).toMatch(/it has 3\.\d MB.*deleteCachedModel/)
    expect((await listed(page))[0]).toMatchObject({ partialBytes: 0 })
    expect((await open({ cache: false }, page)).info?.bytes.cache).toBe(0)
    // Room for the file, though not twice.
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 6_000_000 })
    expect((await open({}, page)).error).toBeUndefined()
    expect((await open({}, page)).info?.bytes.network).toBe(0)
  })
}, 180_000)

test('two tabs at once: one downloads, the other waits and reads', async () => {
  hub.pieceDelay = 20
  const other = await openTab()
  const [one, two] = await Promise.all([open(), open({}, other)])
  expect(one.score).toBe(two.score)
  expect(hub.statusesOf(WEIGHTS)).toEqual([200])
  const large = (files[WEIGHTS] as Uint8Array).length
  expect([one, two].map((tab) => (tab.info?.bytes.cache ?? 0) >= large).sort()).toEqual([false, true])
})

test('the cache deleted between load and use: what is loaded goes on, the next load fetches again', async () => {
  const { before, after, freed } = await page.evaluate(
    (options) =>
      withReranker(options, async (reranker) => {
        const [before] = await reranker.computeScore(['a question', 'an answer'])
        const freed = await pageRerank.deleteCachedModel(options.model as string)
        const [after] = await reranker.computeScore(['a question', 'an answer'])
        return { before, after, freed }
      }),
    OPTIONS(),
  )
  expect(after).toBe(before)
  expect(freed).toBeGreaterThan(3_000_000)
  expect(await listed()).toEqual([])
  expect((await open()).info?.bytes.network).toBeGreaterThan(3_000_000)
})

test('storage blocked: it works uncached; what needs storage says so', async () => {
  const outcome = await page.evaluate(async (options) => {
    const blocked = () => Promise.reject(new DOMException('blocked', 'SecurityError'))
    caches.open = blocked
    navigator.storage.getDirectory = blocked
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'none',
        (error) => error.code,
      )
    // In this thread, where storage is blocked.
    const bytes = await withReranker({ ...options, worker: false }, (reranker) => reranker.info.bytes)
    return {
      bytes,
      list: await codeOf(pageRerank.listCachedModels()),
      remove: await codeOf(pageRerank.deleteCachedModel('owner/tiny')),
      local: await codeOf(pageRerank.createReranker({ ...options, worker: false, localFilesOnly: true })),
    }
  }, OPTIONS())
  expect(outcome.bytes.network).toBeGreaterThan(3_000_000)
  expect(outcome).toMatchObject({ list: 'storage-blocked', remove: 'storage-blocked', local: 'storage-blocked' })
})

/** Put a revision's files into the cache as transformers.js does. */
async function cacheAsTransformersJs(revision: string): Promise<void> {
  await page.evaluate(
    async ({ base, files }) => {
      const cache = await caches.open('transformers-cache')
      for (const file of files) {
        const bytes = await (await fetch(base + file)).arrayBuffer()
        await cache.put(base + file, new Response(bytes, { headers: { 'content-length': String(bytes.byteLength) } }))
      }
    },
    { base: `${hub.host}/${MODEL}/resolve/${revision}/`, files: Object.keys(files) },
  )
  hub.requests.length = 0
}

describe('what transformers.js has cached', () => {
  afterEach(() => {
    hub.push(MODEL, files)
  })

  test.each([false, true])('is used (localFilesOnly %s)', async (localFilesOnly) => {
    await cacheAsTransformersJs('main')
    expect((await open({ localFilesOnly })).info?.bytes.network).toBe(0)
    expect(hub.requests).toEqual([])
  })

  test('is not mixed with another commit, and stays', async () => {
    const pinned = hub.commitOf(MODEL)
    await cacheAsTransformersJs('main')
    await cacheAsTransformersJs(pinned)
    const weights = enlarge(files[WEIGHTS] as Uint8Array, 10)
    const second = hub.replace(MODEL, WEIGHTS, weights)
    // The small files have the hashes that the new commit's have; the weights have not.
    expect((await open()).info).toMatchObject({ revision: second, bytes: { network: weights.length } })
    hub.replace(MODEL, WEIGHTS, enlarge(weights, 10))
    await open()
    const kept = (await listed()).filter(({ revision }) => revision === 'main' || revision === pinned)
    expect(kept.map((model) => model.files.length)).toEqual([Object.keys(files).length, Object.keys(files).length])
  })
})

test('a branch that moved takes the old commit’s place once the new one is whole; a commit that is asked for stays', async () => {
  const first = hub.commitOf(MODEL)
  await open({ revision: first })
  const second = hub.replace(MODEL, WEIGHTS, enlarge(files[WEIGHTS] as Uint8Array, 10))
  await open()
  const third = hub.replace(MODEL, WEIGHTS, enlarge(files[WEIGHTS] as Uint8Array, 20))
  hub.fail(WEIGHTS, { status: 403 })
  await open()
  const revisions = async () => (await listed()).map(({ revision }) => revision).sort()
  expect(await revisions()).toEqual([first, second, third].sort())
  await open()
  expect(await revisions()).toEqual([first, third].sort())
  hub.push(MODEL, files)
})

test('the bundled model is listed under its name and can be deleted', async () => {
  await open({ model: 'page-rerank-tiny-en', dtype: 'auto' })
  const [model] = await listed()
  expect(model).toMatchObject({ model: 'page-rerank-tiny-en' })
  expect(model?.files.map(({ file }) => file).sort()).toEqual(['onnx/model_q4.onnx', 'rarity.bin', 'tokenizer.json'])
  const freed = await page.evaluate(() => pageRerank.deleteCachedModel('page-rerank-tiny-en'))
  expect(freed).toBe(model?.bytes)
  expect(await listed()).toEqual([])
})
