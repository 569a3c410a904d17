import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.js'
import { serve, type TestServer } from '../support/server.js'

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')
const LOADED = { timeout: 120_000 }
const MODEL = 'model=/reference/late-bert/'

let browser: Browser
let server: TestServer
beforeAll(async () => {
  browser = await launchBrowser()
  server = await serve({ folders: { '/': 'demo-dist', '/reference/': 'test/reference' } })
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

/** What axe-core finds in the page as it stands. */
async function faults(page: Page): Promise<string[]> {
  // Of what is found, all; of what passes, that it does: a selector for each of its elements would take most of the time.
  const { violations, passes } = await page.evaluate(() =>
    (globalThis as unknown as { axe: Axe }).axe.run(document, { resultTypes: ['violations'] }),
  )
  expect(passes.length).toBeGreaterThan(10)
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

interface Axe {
  run(
    context: Document,
    options: { resultTypes: string[] },
  ): Promise<{ violations: { id: string; nodes: { html: string }[] }[]; passes: unknown[] }>
}

test.each([
  ['desktop, light', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
  ['desktop, dark, Chinese', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark', locale: 'zh-CN' }],
  ['a phone, light', { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true }],
  ['a phone, dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true }],
] as const)('axe-core finds nothing in any state of the demo: %s', async (_, options) => {
  const context = await browser.newContext({ ...options, bypassCSP: true, reducedMotion: 'reduce' })
  try {
    await context.addInitScript(AXE)
    await context.addInitScript(() => Object.defineProperty(navigator, 'connection', { value: { saveData: true } }))
    const page = await context.newPage()
    await page.goto(`${server.origin}/?${MODEL}`)
    const consent = page.getByTestId('consent')
    await consent.waitFor()
    const found = { consent: await faults(page) } as Record<string, string[]>
    await consent.getByRole('button').click()
    await page.waitForSelector('[data-testid="runtime"][data-device]', LOADED)
    found.welcome = await faults(page)
    await page.getByTestId('query').fill('read a file')
    await page.waitForSelector('[data-testid="reranked"][data-state="done"][data-query="read a file"]', { ...LOADED, state: 'attached' })
    await page.locator('.result:visible .pin').first().click()
    found.results = await faults(page)
    await page.locator('#compare-model').fill('/reference/bert/')
    await page.locator('#compare-form [type="submit"]').click()
    await page.getByTestId('compare-consent').waitFor()
    found.compareConsent = await faults(page)
    await page.getByTestId('compare-consent').getByRole('button').click()
    await page.waitForSelector('[data-testid="compared"][data-state="done"]', { ...LOADED, state: 'attached' })
    found.compared = await faults(page)
    await page.locator('[data-corpus="own"]').click()
    await page.locator('#own-text').fill('One text.\n\nAnother text.')
    await page.locator('#own-use-text').click()
    await page.locator('#own-report li').waitFor()
    found.own = await faults(page)
    await page.goto(`${server.origin}/?q=screen&model=/reference/missing/`)
    // Of another model it is asked again.
    await consent.getByRole('button').click()
    await page.getByTestId('error').waitFor(LOADED)
    found.error = await faults(page)
    expect(Object.fromEntries(Object.entries(found).filter(([, faults]) => faults.length > 0))).toEqual({})
  } finally {
    await context.close()
  }
})
