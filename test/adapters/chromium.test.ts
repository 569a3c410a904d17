import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.js'
import { bundle } from '../support/bundle.js'
import { BLANK_PAGE, LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'
import type { rankWithAll } from './page.js'

/** The adapters as they are built, with the frameworks bundled for a page, and the model in its worker. */
let server: TestServer
let browser: Browser

beforeAll(async () => {
  const code = await bundle('test/adapters/page.ts')
  server = await serve({
    folders: LIBRARY_FOLDERS,
    handler(_, response, { pathname }) {
      if (pathname !== '/page.js') return false
      response.setHeader('content-type', 'text/javascript')
      response.end(code)
      return true
    },
  })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

test('in a page the frameworks give our order', async () => {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.goto(server.origin + BLANK_PAGE)
  const documents = [
    'Fold the dough four times, rest it overnight, bake it hot.',
    'A lamp that clips onto a screen and lights the desk.',
    'Request a lock that prevents the device from dimming or locking the screen while your page is visible.',
    'Ask where the device is, once or again and again.',
    'Press ink through a mesh onto cloth.',
  ]
  const args = JSON.stringify(['/reference/late-bert/', 'keep the screen on', documents])
  const { rerank, ...others } = await page.evaluate<Awaited<ReturnType<typeof rankWithAll>>>(
    `import('/page.js').then(({ rankWithAll }) => rankWithAll(...${args}))`,
  )
  expect(rerank).not.toEqual([0, 1, 2, 3, 4])
  expect(rerank?.toSorted()).toEqual([0, 1, 2, 3, 4])
  expect(others).toEqual(Object.fromEntries(['ai 6', 'ai 7', 'TanStack AI', 'LangChain', 'Mastra'].map((name) => [name, rerank])))
  expect(errors).toEqual([])
})
