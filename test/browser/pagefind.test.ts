import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIndex } from 'page-rerank/node'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { unwrapSite, wrapSite } from '../../src/node/pagefind/wrap-site.js'
import type { Pagefind, ResultData, SearchOptions } from '../../src/pagefind/pagefind.js'
import { launchBrowser } from '../support/browser.js'
import { buildSite, GIT_PAGES } from '../support/pagefind-site.js'
import { serve, type TestServer } from '../support/server.js'

/** A wrapped Pagefind site in a browser: below a path, with a strict policy, in the interfaces that there are. */

const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
const html = (head: string, body = '') =>
  `<!doctype html><html lang="en"><head><link rel="icon" href="data:,"><title>Search</title>${head}</head><body>${body}</body></html>`

/** The page that answers has none of these words; the one that has one of them is about something else. */
const MISSED = 'fetch project from github'

let site: string
let folder: string
/** Another site, whose index is merged. */
let other: string
let server: TestServer
let browser: Browser
/** Of a reader who has the model already, from the first test on. */
let reader: BrowserContext
/** Of paths that are not answered with what is there. */
const answers = new Map<RegExp, { status: number; bytes?: Uint8Array }>()

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'page-rerank-pagefind-page-'))
  folder = await buildSite(site, GIT_PAGES)
  other = await mkdtemp(join(tmpdir(), 'page-rerank-pagefind-other-'))
  await buildSite(other, {
    team: { title: 'The team', main: '<p>Who wrote which commit, and from where people join the daily call.</p>' },
    sync: { title: 'Sync', main: '<p>Fetch a project from GitHub with the desktop app: choose it in the list.</p>' },
  })
  await writeFile(join(site, 'blank.html'), html('<script src="load.js"></script>'))
  await writeFile(join(site, 'load.js'), 'globalThis.importPagefind = (address) => import(address)')
  const ui = '<link rel="stylesheet" href="/docs/pagefind/pagefind-ui.css"><script src="/docs/pagefind/pagefind-ui.js"></script>'
  await writeFile(join(site, 'search.html'), html(ui, '<div id="search"></div><script src="search.js"></script>'))
  await writeFile(join(site, 'search.js'), "new PagefindUI({ element: '#search', showSubResults: true, debounceTimeoutMs: 50 })")
  await writeFile(
    join(site, 'starlight.html'),
    html('', '<div id="starlight__search"></div><script type="module" src="starlight.js"></script>'),
  )
  const component =
    '<link rel="stylesheet" href="/docs/pagefind/pagefind-component-ui.css"><script type="module" src="/docs/pagefind/pagefind-component-ui.js"></script>'
  await writeFile(
    join(site, 'component.html'),
    html(
      component,
      '<pagefind-config bundle-path="/docs/pagefind/"></pagefind-config><pagefind-input></pagefind-input><pagefind-results></pagefind-results>',
    ),
  )
  const modular = '<script src="/docs/pagefind/pagefind-modular-ui.js"></script>'
  await writeFile(
    join(site, 'modular.html'),
    html(modular, '<div id="input"></div><div id="results"></div><script src="modular.js"></script>'),
  )
  await writeFile(
    join(site, 'modular.js'),
    `const instance = new PagefindModularUI.Instance({ bundlePath: '/docs/pagefind/' })
    instance.add(new PagefindModularUI.Input({ containerElement: '#input' }))
    instance.add(new PagefindModularUI.ResultList({ containerElement: '#results' }))`,
  )
  // As Starlight's Search.astro calls it.
  await writeFile(
    join(site, 'starlight.js'),
    `const { PagefindUI } = await import('/default-ui/ui-core.mjs')
    const formatURL = (path) => path.replace(/(.)\\/(#.*)?$/, '$1$2')
    new PagefindUI({
      element: '#starlight__search',
      baseUrl: '/docs/',
      bundlePath: '/docs/pagefind/',
      showImages: false,
      showSubResults: true,
      processResult: (result) => {
        result.url = formatURL(result.url)
        result.sub_results = result.sub_results.map((sub_result) => {
          sub_result.url = formatURL(sub_result.url)
          return sub_result
        })
      },
    })`,
  )
  await wrapSite(folder, { budgetMs: 5000, buildIndex })
  const defaultUi = fileURLToPath(new URL('../../node_modules/@pagefind/default-ui/npm_dist/mjs/', import.meta.url))
  server = await serve({
    folders: { '/docs/': site, '/other/': other, '/next/_pagefind/': folder, '/default-ui/': defaultUi },
    isolated: false,
    handler(_request, response, { pathname }) {
      response.setHeader('content-security-policy', POLICY)
      const answer = [...answers].find(([path]) => path.test(pathname))?.[1]
      if (answer) response.writeHead(answer.status).end(answer.bytes)
      return answer !== undefined
    },
  })
  browser = await launchBrowser()
  reader = await browser.newContext()
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
  await Promise.all([site, other].map((one) => rm(one, { recursive: true })))
})

type LoggedPage = Page & { messages: string[] }

async function open(path: string, context = reader): Promise<LoggedPage> {
  const page = await context.newPage()
  const messages: string[] = []
  page.on('pageerror', (error) => messages.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) messages.push(message.text())
  })
  await page.goto(server.origin + path)
  return Object.assign(page, { messages })
}

/** What a search in the page gives, after the model and the index are there, or after it was given up. */
interface Found {
  id: string
  url: string
  title: string
  excerpt: string
  subs: { url: string; excerpt: string }[]
}
declare global {
  /** Vitest would replace an import in what the page is given. */
  var importPagefind: (address: string) => Promise<Pagefind>
  var pagefind: Pagefind
  var found: (term: string, options?: SearchOptions) => Promise<Found[]>
}

async function load(page: Page, address: string, { until }: { until?: () => Promise<boolean> } = {}): Promise<void> {
  await page.evaluate(async (address) => {
    globalThis.pagefind = await importPagefind(address)
    globalThis.found = async (term, options) => {
      const { results } = await pagefind.search(term, options)
      const all = await Promise.all(results.map(async ({ id, data }) => ({ id, data: (await data()) as ResultData })))
      return all.map(({ id, data }) => ({
        id,
        url: data.url,
        title: data.meta.title as string,
        excerpt: data.excerpt,
        subs: data.sub_results.map(({ url, excerpt }) => ({ url, excerpt })),
      }))
    }
  }, address)
  if (until) await vi.waitFor(async () => expect(await until()).toBe(true), { timeout: 20_000, interval: 100 })
}

const titlesOf = (page: Page, term: string, options?: SearchOptions) =>
  page.evaluate(async ([term, options]) => (await found(term, options)).map(({ title }) => title), [term, options] as const)
const isThere = (page: Page) => async () => (await titlesOf(page, MISSED)).includes('git clone')

describe('the module', () => {
  let page: LoggedPage
  beforeAll(async () => {
    page = await open('/docs/blank.html')
    await load(page, '/docs/pagefind/pagefind.js', { until: isThere(page) })
  })
  afterAll(() => page.close())

  test('finds the page that the keywords missed, with what a reader needs to see of it', async () => {
    const [first] = await page.evaluate((term) => found(term), MISSED)
    const excerpt = expect.stringContaining('Downloads a whole repository')
    expect(first).toMatchObject({ title: 'git clone', url: '/docs/clone/', excerpt, subs: [{ url: '/docs/clone/', excerpt }] })
    // Nothing of it is in Pagefind's own order.
    const original = await page.evaluate(async (term) => {
      const address = '/docs/pagefind/pagefind.js.original.js'
      const { results } = await (await importPagefind(address)).search(term)
      return (await Promise.all(results.map(({ data }) => data()))).map(({ meta }) => meta.title)
    }, MISSED)
    expect(original.length).toBeGreaterThan(0)
    expect(original).not.toContain('git clone')
    expect(page.messages).toEqual([])
  })

  test('leads to the section that answers', async () => {
    const all = await page.evaluate(() => found('throw my work away'))
    const reset = all.find(({ title }) => title === 'git reset')
    expect(all[0]?.title).toBe('git reset')
    expect(reset?.subs[0]?.url).toBe('/docs/reset/#hard')
  })

  test('keeps filters, an asked-for sort, and what stands in quotation marks', async () => {
    const looks = await titlesOf(page, MISSED, { filters: { kind: 'look' } })
    expect(looks.filter((title) => !['git log', 'git blame', 'git bisect'].includes(title))).toEqual([])
    const all = Object.values(GIT_PAGES).map(({ title }) => title)
    const sorted = await titlesOf(page, 'commit', { sort: { place: 'desc' } })
    expect(sorted).toEqual(all.toReversed().filter((title) => sorted.includes(title)))
    expect(sorted.length).toBeGreaterThan(1)
    expect(await titlesOf(page, '"takes back"')).toEqual(['git revert'])
    expect(await page.evaluate(async () => Object.keys((await pagefind.filters?.()) as object))).toEqual(['kind'])
  })

  test('gives createInstance’s instances, which the component interface uses, the same order', async () => {
    const titles = await page.evaluate(async (term) => {
      const instance = pagefind.createInstance?.({ excerptLength: 12 }) as Pagefind
      await instance.init?.()
      const { results } = await instance.search(term)
      const data = await Promise.all(results.map(({ data }) => data()))
      await instance.destroy?.()
      return data.map(({ meta }) => meta.title)
    }, MISSED)
    expect(titles[0]).toBe('git clone')
  })

  test('ranks what a merged index finds among its own', async () => {
    await page.evaluate(() => pagefind.mergeIndex?.('/other/pagefind/', { baseUrl: '/other/' }))
    const titles = await titlesOf(page, MISSED)
    expect(titles.slice(0, 2).sort()).toEqual(['Sync', 'git clone'])
    expect(titles.indexOf('git log')).toBeGreaterThan(1)
    const all = await page.evaluate((term) => found(term), MISSED)
    expect(all.find(({ title }) => title === 'Sync')?.url).toBe('/other/sync/')
  })

  test('searches again after destroy', async () => {
    await page.evaluate(() => pagefind.destroy?.())
    expect(await titlesOf(page, MISSED)).not.toContain('git clone')
    await expect.poll(isThere(page), { timeout: 20_000 }).toBe(true)
    expect(page.messages).toEqual([])
  })
})

test('in Nextra’s way: from another folder’s name, debounced, null where a newer search came', async () => {
  const page = await open('/docs/blank.html')
  await load(page, '/next/_pagefind/pagefind.js')
  await page.evaluate(() => pagefind.options?.({ baseUrl: '/next/' }))
  const ask = (terms: string[]) =>
    page.evaluate(async (terms) => {
      const responses = await Promise.all(terms.map((term) => pagefind.debouncedSearch(term, undefined, 30)))
      const data = await Promise.all(responses.map((response) => response && Promise.all(response.results.map(({ data }) => data()))))
      return data.map((all) => all?.map(({ url, sub_results }) => ({ url, subs: sub_results.map(({ url }) => url) })) ?? null)
    }, terms)
  await expect.poll(async () => (await ask([MISSED]))[0]?.[0]?.url, { timeout: 20_000 }).toBe('/next/clone/')
  const [early, late] = await ask(['save', MISSED])
  expect(early).toBeNull()
  // It shows nothing but sub-results.
  expect(late?.[0]?.subs).toEqual(['/next/clone/'])
  expect(late?.filter(({ subs }) => subs.length === 0)).toEqual([])
  expect(page.messages).toEqual([])
  await page.close()
})

test.each([
  ['the Default UI', 'search', '/docs/clone/'],
  ['Starlight’s call of it', 'starlight', '/docs/clone'],
  ['the Component UI', 'component', '/docs/clone/'],
  ['the Modular UI', 'modular', '/docs/clone/'],
])('in %s a reader finds what the keywords missed, and who does not search fetches nothing', async (_, path, address) => {
  const asked = server.requests.length
  const page = await open(`/docs/${path}.html`)
  const input = page.locator('input').first()
  await input.waitFor()
  expect(server.requests.slice(asked).filter((one) => one.includes('page-rerank'))).toEqual([])
  await input.fill('commit')
  // Before the model is there, too.
  const links = page.locator('a[href^="/docs/"]')
  await links.first().waitFor()
  await expect
    .poll(
      async () => {
        // Each key press asks anew.
        await input.fill('')
        await input.fill(MISSED)
        await page.waitForTimeout(700)
        return links.first().getAttribute('href', { timeout: 5000 })
      },
      { timeout: 30_000 },
    )
    .toBe(address)
  expect(await page.locator('body').textContent()).toContain('Downloads a whole repository')
  expect(page.messages).toEqual([])
  await page.close()
})

describe('what is missing or spoilt costs the better order, never the search, and is told once', () => {
  test.each<[string, RegExp, { status: number; bytes?: Uint8Array }, RegExp]>([
    ['no library', /page-rerank\/dist\/index\.js$/, { status: 404 }, /Failed to fetch dynamically imported module/],
    ['no model', /model_quantized\.onnx$/, { status: 404 }, /model_quantized\.onnx/],
    ['no index', /en\.index$/, { status: 404 }, /index/],
    ['another index', /en\.index$/, { status: 200, bytes: new TextEncoder().encode('page-rerank index\nof another version') }, /index/],
    ['no texts', /\.pages$/, { status: 404 }, /status 404/],
  ])('%s', async (name, path, answer, reason) => {
    answers.set(path, answer)
    // What is on the device already would do.
    const page = await open('/docs/blank.html', await browser.newContext())
    try {
      const warnings = () => page.messages.filter((message) => message.includes('page-rerank:'))
      await load(page, '/docs/pagefind/pagefind.js', {
        until: async () => (await titlesOf(page, 'commit')).length > 0 && warnings().length > 0,
      })
      const before = await titlesOf(page, 'throw my work away')
      expect(before).toContain('git reset')
      // Without an index, what the keywords found is read and ranked.
      if (!['no library', 'no model'].includes(name)) expect(before[0]).toBe('git reset')
      expect(before).not.toContain('git clone')
      expect(warnings()).toEqual([expect.stringMatching(reason)])
    } finally {
      answers.clear()
      await page.context().close()
    }
  })

  test('undone, the site is Pagefind’s alone', async () => {
    await unwrapSite(folder)
    const page = await open('/docs/blank.html')
    const asked = server.requests.length
    await load(page, '/docs/pagefind/pagefind.js')
    expect(await titlesOf(page, MISSED)).not.toContain('git clone')
    expect(server.requests.slice(asked).filter((path) => path.includes('page-rerank'))).toEqual([])
    expect(page.messages).toEqual([])
    await page.close()
  })
})
