import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { browserNames } from '../../scripts/browsers.js'
import type { Reranker, RerankResponse } from '../../src/types.js'
import { type BrowserPage, describeInBrowser, launch, openLibrary } from '../support/every-browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/**
 * A reader leaves the page and comes back: browsers keep such a page as it was, in their back/forward cache, unless it does
 * something that they cannot freeze.
 */
interface State {
  /** Whether the page came out of the cache; undefined while the reader never left. */
  persisted?: boolean
  reranker: Reranker
  /** A call under way when the reader leaves. */
  running?: Promise<RerankResponse<string>>
}
declare global {
  var state: State
}

const QUERY = 'keep the screen on'
const DOCUMENTS = ['bake bread with salt', 'keep the screen on', 'the battery tells its level']
const MANY = Array.from({ length: 3000 }, (_, i) => `${DOCUMENTS[i % 3]} number ${i}`)

for (const name of browserNames) {
  describeInBrowser(name, () => {
    let server: TestServer
    let page: BrowserPage

    beforeAll(async () => {
      server = await serve({ folders: LIBRARY_FOLDERS })
    })
    afterAll(() => server?.close())
    // A browser for each: puppeteer cannot open another address in a Firefox that has gone back to a page.
    beforeEach(async () => {
      page = await launch(name)
    })
    afterEach(() => page?.close())

    const leaveAndComeBack = async () => {
      await arrive(() => {
        delete globalThis.state.persisted
        location.assign('?elsewhere')
      }, '?elsewhere')
      await arrive(() => history.back(), '')
      return page.evaluate(async () => {
        // A page that was kept may be asked before it is told that it is shown again.
        for (let i = 0; i < 200 && globalThis.state && globalThis.state.persisted === undefined; i++) {
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
        return globalThis.state?.persisted
      })
    }

    /** Undefined where the page goes away over it: WebKit's driver then says nothing at all. */
    const inPage = <Result>(run: () => Result) => {
      const silence = new Promise<undefined>((resolve) => setTimeout(resolve, 3000))
      return Promise.race([page.evaluate(run).catch(() => undefined), silence])
    }

    /** Move as a reader does; the drivers' own ways wait for a page to load, which one out of the cache does not. */
    const arrive = async (move: () => void, search: string) => {
      await inPage(move)
      for (const end = Date.now() + 20_000; ; ) {
        const at = await inPage(() => (document.readyState === 'complete' ? location.search : undefined))
        if (at === search) return
        if (Date.now() > end) throw new Error(`The page did not come to "${search}".`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }

    const prepare = async () => {
      await openLibrary(page, server.origin)
      return page.evaluate(
        async ({ query, documents }) => {
          const reranker = await pageRerank.createReranker({ model: '/reference/bert/', device: 'wasm', dtype: 'fp32' })
          globalThis.state = { reranker }
          addEventListener('pageshow', (event) => {
            globalThis.state.persisted = event.persisted
          })
          const { results } = await reranker.rerank(query, documents)
          return results.map((one) => one.index)
        },
        { query: QUERY, documents: DOCUMENTS },
      )
    }

    /** Until the worker has heard that its call is over, and holds nothing. */
    const idle = () =>
      page.evaluate(async () => {
        while ((await navigator.locks.query()).held?.length) await new Promise((resolve) => setTimeout(resolve, 25))
      })

    /** What the reranker answers now, and what it says of its worker. */
    const rerankAgain = () =>
      page.evaluate(
        async ({ query, documents }) => {
          const { reranker } = globalThis.state
          const { results } = await reranker.rerank(query, documents)
          return { order: results.map((one) => one.index), worker: reranker.info.worker, fallbacks: reranker.info.fallbacks }
        },
        { query: QUERY, documents: DOCUMENTS },
      )

    test('with a reranker that has nothing to do, the page is kept, and the reranker works afterwards', async () => {
      const order = await prepare()
      for (let times = 0; times < 2; times++) {
        await idle()
        expect(await leaveAndComeBack()).toBe(true)
        expect(await rerankAgain()).toEqual({ order, worker: true, fallbacks: [] })
      }
    })

    // Firefox keeps no page whose worker holds a lock, which ours does as long as a call is under way.
    const reason = name === 'firefox' ? ' (skipped: Firefox keeps no page whose worker holds a lock)' : ''
    test.skipIf(reason)(`in the middle of a call, the page is kept, and the call is answered${reason}`, async () => {
      const order = await prepare()
      await page.evaluate(
        ({ query, documents }) =>
          new Promise<void>((begun) => {
            globalThis.state.running = globalThis.state.reranker.rerank(query, documents, { onProgress: () => begun() })
          }),
        { query: QUERY, documents: MANY },
      )
      expect(await leaveAndComeBack()).toBe(true)
      const { count, unscored } = await page.evaluate(async () => {
        const { results, unscored } = (await globalThis.state.running) as RerankResponse<string>
        return { count: results.length, unscored }
      })
      expect([count, unscored]).toEqual([MANY.length, 0])
      expect(await rerankAgain()).toEqual({ order, worker: true, fallbacks: [] })
    })
  })
}
