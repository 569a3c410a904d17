import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execute, type Output, root } from '../package/installed-app.js'
import { launchBrowser } from '../support/browser.js'
import { serve, type TestServer } from '../support/server.js'

/** A real site, built by VitePress with the plugin in it, served under a strict policy and searched. */
const SITE = join(root, 'test/vitepress/site')
const VITEPRESS = join(root, 'node_modules/vitepress/bin/vitepress.js')

let folder: string
let built: Output
let server: TestServer
let browser: Browser

/** Vitest's own variables would make a build of tests of it. */
const run = (args: string[]) => {
  const env = `NODE_ENV= SITE_CACHE=${join(folder, 'cache')}`
  return execute('sh', ['-c', `${env} exec "$0" "$@"`, process.execPath, VITEPRESS, ...args])
}

/** All but the inline scripts that VitePress writes into its pages is the site's own. */
function policyOf(html: string): string {
  const hashes = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, code]) =>
      `'sha256-${createHash('sha256')
        .update(code as string)
        .digest('base64')}'`,
  )
  return `default-src 'self'; script-src 'self' 'wasm-unsafe-eval' ${hashes.join(' ')}; style-src 'self' 'unsafe-inline'; worker-src 'self'; connect-src 'self'; img-src 'self' data:`
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-vitepress-'))
  const [output, launched] = await Promise.all([run(['build', SITE, '--outDir', join(folder, 'dist')]), launchBrowser()])
  built = output
  browser = launched
  server = await serve({
    folders: { '/docs/': join(folder, 'dist') },
    isolated: false,
    async handler(_, response, url) {
      const file = url.pathname.replace(/^\/docs\//, '').replace(/(^|\/)$/, '$1index.html')
      const html = file.endsWith('.html') ? await readFile(join(folder, 'dist', file), 'utf8').catch(() => '') : ''
      response.setHeader('content-security-policy', policyOf(html))
      return false
    },
  })
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

/** A page with its search open. */
async function openSearch(address: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    // The browser asks for it by itself.
    if (['error', 'warning'].includes(message.type()) && !message.location().url.endsWith('/favicon.ico')) errors.push(message.text())
  })
  await page.goto(address)
  // Until the page is alive nobody listens to the keys.
  await page.waitForFunction(() => '__vue_app__' in (document.querySelector('#app') as object))
  await page.keyboard.press('Control+k')
  await page.waitForSelector('.VPLocalSearchBox')
  return { page, errors }
}

/** All lists that the box shows from now on until the last order is there, by their first words. */
async function search(page: Page, query: string): Promise<{ lists: string[][]; state: string | null }> {
  await page.evaluate(() => {
    const box = document.querySelector('.VPLocalSearchBox') as HTMLElement
    const lists: string[][] = []
    Object.assign(globalThis, { lists })
    box.removeAttribute('data-page-rerank')
    const note = () => {
      const list = [...box.querySelectorAll('.result')].map((one) => one.querySelector('.title.main')?.textContent ?? '')
      if (String(list) !== String(lists.at(-1))) lists.push(list)
    }
    new MutationObserver(note).observe(box, { childList: true, subtree: true })
  })
  await page.fill('#localsearch-input', query)
  await page.waitForSelector('.VPLocalSearchBox:is([data-page-rerank="ranked"], [data-page-rerank="as-found"])')
  // What is told is shown in the next frames.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  return page.evaluate(() => ({
    lists: (globalThis as unknown as { lists: string[][] }).lists,
    state: document.querySelector('.VPLocalSearchBox')?.getAttribute('data-page-rerank') ?? null,
  }))
}

test('the build says what it read, once', async () => {
  expect(built.code, built.stderr).toBe(0)
  expect(built.stdout).toMatch(/page-rerank: root: 10 sections, 10 of them read now/)
  expect(built.stdout).toMatch(/page-rerank: zh: 4 sections/)
  expect(built.stdout).not.toContain('page-rerank: fr')
  expect(built.stdout + built.stderr).not.toContain('works as it would without')
})

test('the list comes twice: as the keywords have it, then better, with what they missed, and with excerpts', async () => {
  const { page, errors } = await openSearch(`${server.origin}/docs/`)
  const { lists, state } = await search(page, 'screen dims')
  expect(state).toBe('ranked')
  // The keywords find the screens.
  expect(lists[0]?.[0]).toBe('Screen printing')
  expect(lists[0]).not.toContain('Wake locks')
  // The section that answers has none of the query's rare words.
  expect(lists.at(-1)).toContain('Wake locks')
  const missed = await search(page, 'stop it from going dark')
  expect(missed.lists.at(-1)?.[0]).toBe('Wake locks')

  await page.click('.toggle-layout-button')
  await page.waitForSelector('.excerpt')
  expect(await page.textContent('.result >> nth=0')).toContain('prevents the display from dimming')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${server.origin}/docs/device.html#wake-locks`)
  expect(errors).toEqual([])
  await page.close()
})

test('each locale has a model of its language, or none', async () => {
  const chinese = await openSearch(`${server.origin}/docs/zh/`)
  expect((await search(chinese.page, '面包怎么做')).lists.at(-1)?.[0]).toBe('面包')
  expect(chinese.errors).toEqual([])
  await chinese.page.close()

  const french = await openSearch(`${server.origin}/docs/fr/`)
  await french.page.fill('#localsearch-input', 'laisser')
  await french.page.waitForSelector('.result')
  expect(await french.page.$$eval('.result', (all) => all.length)).toBe(2)
  expect(await french.page.getAttribute('.VPLocalSearchBox', 'data-page-rerank')).toBe(null)
  expect(french.errors).toEqual([])
  await french.page.close()
})

test('what the page imports later is the bundler’s to find: VitePress 2’s heeds a comment that tells it not to look', async () => {
  const { pageRerank } = await import('page-rerank/vitepress')
  const code = pageRerank().load('\0virtual:page-rerank/search-box')
  expect(code).toMatch(/=> import\("[^"]+\/dist\/no-model\.js"\)/)
})
