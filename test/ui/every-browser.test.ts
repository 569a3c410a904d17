import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BrowserName } from '../../scripts/browsers.js'
import type { PageRerankSearch } from '../../src/component/element.js'
import { type BrowserPage, describeInBrowser, launch } from '../support/every-browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** The element in the other browsers: that it is there, finds, ranks and answers to keys, under a strict policy. */
const POLICY =
  "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types page-rerank"
let server: TestServer
beforeAll(async () => {
  server = await serve({
    folders: { ...LIBRARY_FOLDERS, '/test/': 'test/ui' },
    handler(_, response, { pathname }) {
      response.setHeader('content-security-policy', POLICY)
      if (pathname !== '/') return false
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(
        '<!doctype html><html lang="en"><title>Docs</title><link rel="icon" href="data:,"><script type="module" src="/test/component-page.js"></script><page-rerank-search></page-rerank-search></html>',
      )
      return true
    },
  })
})
afterAll(() => server?.close())

for (const name of ['firefox', 'webkit'] satisfies BrowserName[]) {
  describeInBrowser(name, () => {
    let page: BrowserPage
    beforeAll(async () => {
      page = await launch(name)
      await page.goto(`${server.origin}/`)
    })
    afterAll(() => page?.close())

    test('shows what is found, then the best first; a key goes to it', async () => {
      const seen = await page.evaluate(async () => {
        const violations: string[] = []
        document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => violations.push(violatedDirective))
        const until = async (holds: () => unknown) => {
          for (let i = 0; i < 200 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 25))
        }
        await until(() => 'HITS' in globalThis)
        const box = document.querySelector('page-rerank-search') as PageRerankSearch
        const root = box.shadowRoot as ShadowRoot
        const titles = () => [...root.querySelectorAll('.title')].map((one) => one.textContent)
        Object.assign(box, { item, search: () => HITS, reranker: fakeReranker({ wait: 200 }) })
        box.focus()
        box.value = 'keep the screen on'
        await until(() => titles().length > 0)
        const [first] = titles()
        await until(() => titles()[0] !== first)
        const input = root.querySelector('input') as HTMLInputElement
        input.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown' }))
        const active = root.getElementById(input.getAttribute('aria-activedescendant') ?? '')
        return {
          first,
          best: titles()[0],
          active: active?.querySelector('.title')?.textContent,
          expanded: input.getAttribute('aria-expanded'),
          isStyled: getComputedStyle(active as Element).cursor,
          violations,
        }
      })
      expect(seen).toEqual({
        first: 'Idle detection',
        best: 'WakeLock.request()',
        active: 'WakeLock.request()',
        expanded: 'true',
        isStyled: 'pointer',
        violations: [],
      })
    })
  })
}
