import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileScript, parse } from 'vue/compiler-sfc'
import { launchBrowser } from '../support/browser.js'
import { bundle } from '../support/bundle.js'
import { BLANK_PAGE, LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** The pages' own examples, as they stand there, with the default model. */
const FOUND = [
  { id: 'lamp', title: 'Screen lamp', body: 'A lamp that clips onto a screen and lights the desk.' },
  { id: 'print', title: 'Screen printing', body: 'Press ink through a mesh onto cloth.' },
  { id: 'wake', title: 'Wake locks', body: 'Request a lock that prevents the device from dimming or locking the screen.' },
]
const asked: string[] = []
let folder: string
let server: TestServer
let browser: Browser
const scripts = new Map<string, string>()

/** The first block of code of a kind. */
function example(page: string, kind: string): string {
  const [, code] = readFileSync(`docs/${page}.md`, 'utf8').match(new RegExp(`\`\`\`${kind}\n(.+?)\`\`\``, 's')) ?? []
  return code ?? expect.fail(`docs/${page}.md has no ${kind}`)
}

beforeAll(async () => {
  // Inside the repository, where its packages are found.
  folder = mkdtempSync('test/ui/.docs-')
  const sources = {
    'react.jsx': `${example('react', 'jsx')}
      import { createRoot } from 'react-dom/client'
      createRoot(document.body.appendChild(document.createElement('main'))).render(<Search />)`,
    'vue.js': `${compileScript(parse(example('vue', 'vue')).descriptor, { id: 'x', inlineTemplate: true, genDefaultAs: 'Search' }).content}
      import { createApp } from 'vue'
      createApp(Search).mount(document.body.appendChild(document.createElement('main')))`,
  }
  Object.assign(sources, {
    'algolia.js': `${example('algolia', 'js')}
      import { configure, hits, searchBox } from 'instantsearch.js/es/widgets/index.js'
      for (const id of ['box', 'hits']) document.body.append(Object.assign(document.createElement('div'), { id }))
      search.addWidgets([
        configure({ hitsPerPage: 8 }),
        searchBox({ container: '#box' }),
        hits({ container: '#hits', templates: { item: (hit) => hit.title } }),
      ])
      search.start()`,
  })
  for (const [name, code] of Object.entries(sources)) {
    writeFileSync(join(folder, name), code)
    scripts.set(`/${name}`, await bundle(`${folder}/${name}`))
  }
  const component = example('component', 'html').replace("'page-rerank/component'", "'/dist/component.js'")
  server = await serve({
    folders: LIBRARY_FOLDERS,
    handler(_, response, { pathname, searchParams }) {
      const code = scripts.get(pathname)
      if (pathname === '/component.html') {
        response.setHeader('content-type', 'text/html; charset=utf-8')
        response.end(`<!doctype html><html lang="en"><title>Docs</title><link rel="icon" href="data:,">${component}</html>`)
      } else if (pathname === '/api/search') {
        asked.push(searchParams.get('q') as string)
        response.end(JSON.stringify(FOUND))
      } else if (code !== undefined) {
        response.setHeader('content-type', 'text/javascript')
        response.end(code)
      } else {
        return false
      }
      return true
    },
  })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  rmSync(folder, { recursive: true })
})

test.each(['react.jsx', 'vue.js'])('%s', async (name) => {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(server.origin + BLANK_PAGE)
  await page.addScriptTag({ type: 'module', url: `/${name}` })
  await page.locator('progress').waitFor()
  await page.getByRole('searchbox', { name: 'Search' }).fill('keep the screen on')
  await expect.poll(() => page.locator('li').allTextContents()).toHaveLength(3)
  await page.locator('ol[aria-busy=false]').waitFor()
  expect(await page.locator('li').allTextContents()).toEqual(['Wake locks', expect.any(String), expect.any(String)])
  expect(await page.locator('progress').count()).toBe(0)
  expect(asked.at(-1)).toBe('keep the screen on')
  expect(errors).toEqual([])
  await page.close()
})

test('component.html', async () => {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(`${server.origin}/component.html`)
  await page.getByRole('combobox', { name: 'Search the docs' }).fill('keep the screen on')
  await page.getByText('Best first').first().waitFor()
  const first = page.getByRole('option').first()
  expect(await first.locator('.title').textContent()).toBe('Wake locks')
  expect(await first.locator('mark').count()).toBeGreaterThan(0)
  expect(errors).toEqual([])
  await page.close()
})

test('algolia.js', async () => {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  // Algolia's servers are far away.
  await page.route('**/1/indexes/*/queries*', (route) => {
    const hits = FOUND.map(({ id, title, body }) => ({ objectID: id, title, content: body }))
    const { requests } = route.request().postDataJSON()
    const result = ({ query }: { query: string }) => ({
      hits,
      query,
      page: 0,
      nbHits: 3,
      nbPages: 1,
      hitsPerPage: 56,
      processingTimeMS: 1,
      params: '',
    })
    return route.fulfill({
      json: { results: requests.map(result) },
      headers: { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' },
    })
  })
  await page.goto(server.origin + BLANK_PAGE)
  await page.addScriptTag({ type: 'module', url: '/algolia.js' })
  const titles = () => page.locator('#hits li').allTextContents()
  await page.getByRole('searchbox').fill('keep the screen on')
  // Algolia's order first, since the model is still loading; then it is refreshed.
  await expect.poll(async () => (await titles())[0], { timeout: 20_000 }).toBe('Wake locks')
  expect(await titles()).toHaveLength(3)
  expect(errors).toEqual([])
  await page.close()
})
