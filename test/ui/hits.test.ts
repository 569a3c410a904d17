import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.js'
import { bundle } from '../support/bundle.js'
import { BLANK_PAGE, LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** React components that make their hits while they render: telling of new objects would be the next rendering, without end. */
let server: TestServer
let browser: Browser
let page: Page

declare global {
  var show: typeof import('./hits-app.js').show
}

beforeAll(async () => {
  const code = await bundle('test/ui/hits-app.ts')
  server = await serve({
    folders: LIBRARY_FOLDERS,
    handler(_, response, { pathname }) {
      if (pathname !== '/hits.js') return false
      response.setHeader('content-type', 'text/javascript')
      response.end(code)
      return true
    },
  })
  browser = await launchBrowser()
  page = await browser.newPage()
  await page.goto(server.origin + BLANK_PAGE)
  await page.evaluate(`import('/hits.js').then(({ show }) => { globalThis.show = show })`)
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

const run = (...given: Parameters<typeof globalThis.show>) => page.evaluate((given) => show(...given), given)

describe.each([true, false])('hits made inside of a component (StrictMode: %s)', (isStrict) => {
  test.each([
    ['map', 'a query', '2,1'],
    ['spread', 'a query', '2,1'],
    ['or none', 'a query', '2,1'],
    ['map', 'an empty query', '1,2'],
    ['map', 'no query yet', '1,2'],
    ['map', 'no model', '1,2'],
    ['spread', 'no model', '1,2'],
    ['map', 'texts that cannot be read', '1,2'],
  ])('%s, with %s: a few renderings, and the newest hits', async (hits, more, order) => {
    const { before, after, renderings, errors, pending, error } = await run(hits, more, true, isStrict)
    expect(errors).toEqual([])
    expect(before).toBe(order.replace(/\d/g, '$& old'))
    // The texts are the same, and what is shown of them is not.
    expect(after).toBe(order.replace(/\d/g, '$& new'))
    expect(renderings).toBeLessThan(25)
    expect([pending, error]).toEqual([false, more.startsWith('texts') ? 'Error: no text' : undefined])
  })

  test.each([
    ['or none', 'a query'],
    ['or none', 'an empty query'],
    ['or none', 'no model'],
    ['map', 'a query'],
  ])('%s where there are none, with %s', async (hits, more) => {
    const { after, renderings, errors, pending } = await run(hits, more, false, isStrict)
    expect({ after, errors, pending }).toEqual({ after: '', errors: [], pending: false })
    expect(renderings).toBeLessThan(25)
  })
})
