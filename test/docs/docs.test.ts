import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { type DefaultTreeAdapterMap, parse } from 'parse5'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { siteLink, slug } from '../../docs/.vitepress/repository-links.js'
import { execute, root } from '../package/installed-app.js'
import { launchBrowser } from '../support/browser.js'
import { serve, type TestServer } from '../support/server.js'

/** The documentation's own site: it builds without a dead link, and is accessible. */
const SITE = join(root, 'docs-dist')

let browser: Browser
let server: TestServer

beforeAll(async () => {
  // The library is built; vitest's own variables would make a build of tests of it.
  const built = await execute(
    'sh',
    ['-c', 'NODE_ENV= node scripts/run-typescript.js docs/.vitepress/write-pages.ts && NODE_ENV= npx vitepress build docs'],
    {
      timeout: 280_000,
    },
  )
  expect(built.code, `${built.stdout}\n${built.stderr}`).toBe(0)
  browser = await launchBrowser()
  server = await serve({
    folders: { '/': SITE },
    handler(_, __, url) {
      // Addresses have no ending.
      if (!/\.\w+$|\/$/.test(url.pathname)) url.pathname += '.html'
      return false
    },
  })
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

/** The site's pages by their addresses. */
function readPages(): Map<string, Parts> {
  const pages = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html') && path !== '404.html')
  return new Map(
    pages.map((path) => [
      `/${path.replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, '')}`,
      partsOf(readFileSync(join(SITE, path), 'utf8')),
    ]),
  )
}

test('the language switch leads from each page to the same one in the other language, else to the other’s home', () => {
  const read = readPages()
  // Nothing else of an English page leads to a Chinese one, and of a Chinese one nothing to an English one that is translated.
  const wrong = [...read].filter(([page, { links }]) => {
    const [other, home] = page.startsWith('/zh/') ? [page.slice('/zh'.length), '/'] : [`/zh${page}`, '/zh/']
    return !links.includes(read.has(other) ? other : home)
  })
  expect(wrong.map(([page]) => page)).toEqual([])
})

test('a Chinese question is answered by the Chinese page that the model puts first', async () => {
  const page = await browser.newPage()
  await page.goto(`${server.origin}/zh/options`)
  await page.locator('.VPNavBarSearch button').click()
  await page.locator('.VPLocalSearchBox .search-input').fill('浏览器不让存东西')
  // The keywords have it third.
  const first = page.locator('.VPLocalSearchBox .result').first()
  await expect.poll(() => first.getAttribute('href'), { timeout: 60_000 }).toBe('/zh/troubleshooting#storage-blocked')
  await page.close()
}, 90_000)

test('a link to a heading finds it', () => {
  const read = readPages()
  expect(read.size).toBeGreaterThan(40)
  const dead = [...read].flatMap(([page, { links }]) =>
    links
      .filter((href) => !/^[a-z]+:/.test(href) && href.includes('#') && href !== '#')
      .map((href) => new URL(href, `http://site${page}`))
      .filter(({ pathname, hash }) => !read.get(pathname)?.ids.has(decodeURIComponent(hash.slice(1))))
      .map(({ pathname, hash }) => `${page}: ${pathname}${decodeURIComponent(hash)}`),
  )
  expect(dead).toEqual([])
})

interface Parts {
  ids: Set<string>
  links: string[]
}

function partsOf(html: string): Parts {
  const parts: Parts = { ids: new Set(), links: [] }
  const visit = (node: DefaultTreeAdapterMap['node']) => {
    if ('attrs' in node) {
      for (const { name, value } of node.attrs) {
        if (name === 'id') parts.ids.add(value)
        if (name === 'href' && node.tagName === 'a') parts.links.push(value)
      }
    }
    if ('childNodes' in node) node.childNodes.forEach(visit)
  }
  visit(parse(html))
  return parts
}

describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
  test.each(['/', '/getting-started', '/options', '/bundlers', '/api/page', '/troubleshooting', '/zh/', '/zh/scores'])(
    '%s has nothing that axe objects to',
    async (path) => {
      const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' })
      const page = await context.newPage()
      await page.goto(`${server.origin}${path}`)
      expect(await objections(page)).toEqual([])
      await context.close()
    },
  )
})

async function objections(page: Awaited<ReturnType<Browser['newPage']>>): Promise<string[]> {
  await page.addScriptTag({ path: join(root, 'node_modules/axe-core/axe.min.js') })
  // What passes is of no interest here, and takes most of the time.
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({ resultTypes: ['violations'] }),
  )
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ''}`).join('\n')}`)
}

test('links of the repository’s pages lead to the site’s', () => {
  expect(siteLink('docs/search.md', '../examples/fuse.js')).toBe('/more/examples#fusejs')
  expect(siteLink('docs/scale.md', '../examples/engines/qdrant.js')).toBe('/more/examples#engines')
  expect(siteLink('docs/zh/search.md', '../index-file.md#the-file')).toBe('/index-file#the-file')
  expect(siteLink('docs/places.md', '../SECURITY.md')).toBe('/more/security')
  expect(siteLink('models/page-rerank-small-en/README.md', '../../README.md')).toBe('/getting-started')
  expect(siteLink('docs/architecture.md', '../src/types.ts')).toBe(null)
  expect(siteLink('docs/a.md', 'https://example.com/')).toBe('https://example.com/')
  expect(slug('useSearch(query, options), of page-rerank/react')).toBe('usesearchquery-options-of-page-rerankreact')
})
