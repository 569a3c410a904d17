import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entry, Example } from '../../examples/example.js'
import type { SearchUpdate } from '../../src/search/index.js'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** The examples as they are, with the real search libraries, the default model and a real page. */
const EXAMPLES = {
  minisearch: 'searchWithMiniSearch',
  fuse: 'searchWithFuse',
  orama: 'searchWithOrama',
  flexsearch: 'searchWithFlexSearch',
  lunr: 'searchWithLunr',
  ufuzzy: 'searchWithUFuzzy',
} as const

const DOCUMENTS: Entry[] = [
  ['bread', 'Sourdough bread', 'Fold the dough four times, rest it overnight, bake it hot.'],
  ['lamp', 'Screen lamp', 'A lamp that clips onto a screen and lights the desk.'],
  ['wake', 'Wake locks', 'Request a lock that prevents the device from dimming or locking the screen while your page is visible.'],
  ['geo', 'Geolocation', 'Ask where the device is, once or again and again.'],
  ['clip', 'Clipboard', 'Copy and paste text and pictures, after the reader agreed.'],
  ['print', 'Screen printing', 'Press ink through a mesh onto cloth.'],
].map(([id, title, body]) => ({ id, title, body }) as Entry)

const root = fileURLToPath(new URL('../..', import.meta.url))
let server: TestServer
let browser: Browser
let page: LibraryPage

beforeAll(async () => {
  const code = Object.entries(EXAMPLES).map(([file, name]) => `export { ${name} } from '${root}examples/${file}.js'`)
  code.push(`export { searchWithMeilisearch } from '${root}examples/http.js'`)
  const build = await rolldown({
    input: 'examples',
    platform: 'browser',
    logLevel: 'silent',
    resolve: { alias: { 'page-rerank/search': `${root}dist/search.js` } },
    plugins: [
      {
        name: 'all',
        resolveId: (id) => (id === 'examples' ? id : undefined),
        load: (id) => (id === 'examples' ? code.join('\n') : undefined),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  server = await serve({
    folders: LIBRARY_FOLDERS,
    handler(_, response, url) {
      if (url.pathname !== '/examples.js') return false
      response.setHeader('content-type', 'text/javascript')
      response.end(output[0].code)
      return true
    },
  })
  browser = await launchBrowser()
  page = await openLibraryPage(browser, server.origin)
  await page.addScriptTag({
    type: 'module',
    content: `
      globalThis.examples = await import('/examples.js')
      globalThis.reranker = await pageRerank.createReranker({ device: 'wasm' })
      globalThis.isSetUp = true`,
  })
  await page.waitForFunction(() => 'isSetUp' in globalThis)
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

describe.each(Object.entries(EXAMPLES))('examples/%s.js', (_, name) => {
  /** Searches one after the other, each to its end. */
  const search = (queries: string[], { isRead = false } = {}) =>
    page.evaluate(
      async ({ name, queries, documents, isRead }) => {
        const { examples, reranker } = globalThis as unknown as { examples: Record<string, Example>; reranker: never }
        const updates: SearchUpdate<Entry>[] = []
        const { search, dispose } = (examples[name] as Example)({ documents, reranker, onUpdate: (update) => updates.push(update) })
        for (const query of queries) await search(query)
        // What is read while the page is idle is there when it is there: asked again until it is.
        const isAllScored = () =>
          updates.at(-1)?.results.every(({ scored }) => scored) && updates.at(-1)?.results.length === documents.length
        while (isRead && !isAllScored()) {
          await new Promise((resolve) => setTimeout(resolve, 50))
          for (const query of queries) await search(query)
        }
        dispose()
        return updates.map(({ query, stage, results, error }) => ({
          query,
          stage,
          ids: results.map(({ document }) => document.id),
          scored: results.filter(({ scored }) => scored).length,
          ...(error !== undefined && { error: String(error) }),
        }))
      },
      { name, queries, documents: DOCUMENTS, isRead },
    )

  test('has the keywords’ documents first, and the answer on top in the end', async () => {
    const [firstStage, ...orders] = await search(['screen'])
    expect(firstStage).toMatchObject({ stage: 'first-stage', scored: 0 })
    expect(firstStage?.ids).toEqual(expect.arrayContaining(['lamp', 'wake', 'print']))
    expect(orders.at(-1)).toMatchObject({ query: 'screen', stage: 'final' })
    expect(orders.at(-1)?.scored).toBeGreaterThanOrEqual(3)
  })

  test('once all is read, finds what no keyword finds', async () => {
    const final = (await search(['stop the display from going dark'], { isRead: true })).at(-1)
    expect(final).toMatchObject({ stage: 'final', scored: DOCUMENTS.length })
    expect(final?.ids[0]).toBe('wake')
  })

  test('takes whatever a reader types', async () => {
    const odd = ['title:', '-screen', '"screen', '+', '*', '~1', '^', 'a b c d e f', '🔦', '()[]{}\\', '%', "'"]
    const updates = await search(odd)
    expect(updates.filter(({ error }) => error !== undefined)).toEqual([])
    expect(updates.filter(({ stage }) => stage === 'final').map(({ query }) => query)).toEqual(odd)
  })
})

describe('examples/http.js', () => {
  let engine: Server
  const asked: { query: string; key: string | undefined; aborted: boolean }[] = []
  const older = 'keep the scr'
  let olderArrives = () => {}
  const olderArrived = new Promise<void>((resolve) => {
    olderArrives = resolve
  })
  beforeAll(async () => {
    engine = createServer((request, response) => {
      response.setHeader('access-control-allow-origin', '*').setHeader('access-control-allow-headers', '*')
      if (request.method === 'OPTIONS') return response.end()
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        const { q, limit } = JSON.parse(body)
        const one = { query: q, key: request.headers.authorization, aborted: false }
        asked.push(one)
        response.on('close', () => {
          one.aborted = !response.writableFinished
        })
        if (q === 'broken') return response.writeHead(500).end()
        // Until it is given up.
        if (q === older) return olderArrives()
        response.end(JSON.stringify({ hits: DOCUMENTS.slice(0, limit), query: q, estimatedTotalHits: 6 }))
      })
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => engine.on('listening', resolve))
  })
  afterAll(() => engine?.close())

  test('aborts the request of an older key press, ranks the answer, and says when there is none', async () => {
    const url = `http://127.0.0.1:${(engine.address() as AddressInfo).port}/indexes/docs`
    await page.exposeFunction('olderArrived', () => olderArrived)
    const outcome = await page.evaluate(async (url) => {
      const { examples, reranker, olderArrived } = globalThis as unknown as {
        examples: { searchWithMeilisearch: typeof import('../../examples/http.js').searchWithMeilisearch }
        reranker: never
        olderArrived: () => Promise<void>
      }
      const { search } = examples.searchWithMeilisearch({ url, key: 'k', reranker, onUpdate: () => {} })
      const older = search('keep the scr')
      await olderArrived()
      const newest = await search('keep the screen on')
      const broken = await search('broken')
      return { older: await older, first: newest?.results[0]?.document.id, error: String(broken?.error) }
    }, url)
    expect(outcome).toEqual({ older: null, first: 'wake', error: 'Error: The search answered 500.' })
    await expect
      .poll(() => asked)
      .toMatchObject([
        { query: older, key: 'Bearer k', aborted: true },
        { query: 'keep the screen on', aborted: false },
        { query: 'broken' },
      ])
  })
})
