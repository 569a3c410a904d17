import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.js'
import { bundle } from '../support/bundle.js'
import { BLANK_PAGE, LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'
import type { App, Shown } from './documents.js'

/** The hooks as they are built, in the real frameworks and a real browser, with a small model. */
const MODEL = '/reference/late-bert/'
const scripts = new Map<string, string>()
let server: TestServer
let browser: Browser

declare global {
  var app: App
}

beforeAll(async () => {
  for (const name of ['react', 'vue']) scripts.set(`/${name}.js`, await bundle(`test/ui/${name}-app.ts`))
  server = await serve({
    folders: LIBRARY_FOLDERS,
    handler(_, response, { pathname }) {
      const code = scripts.get(pathname)
      if (code === undefined) return false
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

describe.each(['react', 'vue'])('page-rerank/%s', (name) => {
  let page: Page
  let errors: string[]

  beforeEach(async () => {
    page = await (await browser.newContext()).newPage()
    errors = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) errors.push(message.text())
    })
    await page.goto(server.origin + BLANK_PAGE)
    await page.evaluate(`import('/${name}.js').then(({ app }) => { globalThis.app = app })`)
  })
  afterEach(async () => {
    await page.context().close()
    expect(errors).toEqual([])
  })

  const mount = (options: Parameters<App['mount']>[0]) => page.evaluate((options) => app.mount(options), options)
  const type = (query: string) => page.evaluate((query) => app.type(query), query)
  const unmount = () => page.evaluate(() => app.unmount())
  /** What both boxes show. */
  const shown = () =>
    page.evaluate(() => [...document.querySelectorAll('output')].map((one) => JSON.parse(one.dataset.shown as string) as Shown))
  const until = (part: Partial<Shown>) => expect.poll(async () => (await shown()).at(-1), { timeout: 20_000 }).toMatchObject(part)

  test('shows the first stage’s order at once, then the model’s; one model serves all', async () => {
    await mount({ model: MODEL })
    expect(await shown()).toMatchObject([{ status: 'loading' }, { status: 'loading' }])
    await type('keep the screen on')
    await until({ stage: 'first-stage', pending: 'true', ids: ['print', 'geo', 'wake', 'lamp', 'bread'] })
    await until({ stage: 'final', pending: 'false', status: 'ready' })
    const [, box] = await shown()
    expect(box?.ids).toHaveLength(5)
    expect(box?.ids).not.toEqual(['print', 'geo', 'wake', 'lamp', 'bread'])
    expect(await page.textContent('p')).toContain('ready')
    expect(page.workers()).toHaveLength(1)
    await unmount()
    await expect.poll(() => page.workers().length).toBe(0)
  })

  test('a model that is not there: the first stage’s order, and why; the box goes on', async () => {
    await mount({ model: '/no-such-model/' })
    await until({ status: 'failed' })
    for (const query of ['screen', 'screen lamp']) {
      await type(query)
      await until({ stage: 'final', error: expect.stringContaining('no-such-model'), ids: ['print', 'geo', 'wake', 'lamp', 'bread'] })
    }
    await unmount()
    // Each file that is not there.
    errors = errors.filter((one) => !one.includes('404'))
  })

  test('mounted, typed into and unmounted in the middle, 50 times: no error, no worker left, no memory kept', async () => {
    const client = await page.context().newCDPSession(page)
    const memory = async () => {
      await client.send('HeapProfiler.collectGarbage')
      const { usedSize } = await client.send('Runtime.getHeapUsage')
      const { nodes } = await client.send('Memory.getDOMCounters')
      return { usedSize, nodes }
    }
    let halfway = { usedSize: 0, nodes: 0 }
    for (let i = 0; i < 50; i++) {
      // Every fifth is another model, which has to load; the others find the one before, or what is left of it.
      await mount({ model: MODEL, n: Math.floor(i / 5) })
      for (const query of ['s', 'sc', 'screen']) await type(query)
      // From the very beginning of the loading to after the end of the ranking.
      await page.waitForTimeout((i * 97) % 700)
      await unmount()
      if (i % 10 === 4) await page.waitForTimeout(1100)
      if (i === 24) halfway = await memory()
    }
    await expect.poll(() => page.workers().length).toBe(0)
    const atTheEnd = await memory()
    // One that stays keeps its results.
    expect(atTheEnd.usedSize - halfway.usedSize).toBeLessThan(400_000)
    expect(atTheEnd.nodes - halfway.nodes).toBeLessThan(20)
    // Half a minute on a machine that does nothing else.
  }, 180_000)
})
