import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PageRerankSearch } from '../../src/component/element.js'
import { launchBrowser } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** The element as it is built, in a page whose policy allows nothing but the page's own files, and no text as code. */
const POLICY = [
  "default-src 'none'",
  'img-src data:',
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "require-trusted-types-for 'script'",
  'trusted-types page-rerank',
].join('; ')
const PAGE = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
  <title>Docs</title><link rel="icon" href="data:,"><script type="module" src="/test/component-page.js"></script>
  <main><h1>Docs</h1><form action="/found"><page-rerank-search label="Search the docs" name="q"></page-rerank-search></form><button>Next</button></main></html>`

interface Hit {
  id: string
  title: string
  body: string
  url: string
  note: string
}
declare global {
  /** Of component-page.js. */
  var HITS: Hit[]
  var fakeReranker: (options?: { wait?: number; fails?: boolean; isHeld?: boolean }) => never
  /** Lets the held reranker answer. */
  var answer: () => void
  var item: (hit: Hit) => { title: string; text: string; url: string; note: string }
  var box: PageRerankSearch<Hit>
  var told: [string, unknown][]
  var axe: {
    run: (context: object, options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[]; passes: unknown[] }>
  }
}

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')

let server: TestServer
let browser: Browser
let page: Page
let errors: string[]

beforeAll(async () => {
  server = await serve({
    folders: { ...LIBRARY_FOLDERS, '/test/': 'test/ui' },
    handler(_, response, { pathname }) {
      response.setHeader('content-security-policy', POLICY)
      if (!['/', '/found', '/docs/wakelock'].includes(pathname)) return false
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(PAGE)
      return true
    },
  })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

beforeEach(() => open())
afterEach(async () => {
  await page.context().close()
  expect(errors).toEqual([])
})

async function open(options: Parameters<Browser['newContext']>[0] = {}, address = '/') {
  await page?.context().close()
  page = await (await browser.newContext(options)).newPage()
  errors = []
  // Violations of the policy are among the console's errors.
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(server.origin + address)
  await page.waitForFunction(() => 'HITS' in globalThis)
  await page.evaluate(() => {
    globalThis.box = document.querySelector('page-rerank-search') as PageRerankSearch<Hit>
    globalThis.told = []
    for (const name of ['select', 'submit']) box.addEventListener(name, (event) => told.push([name, (event as CustomEvent).detail]))
    Object.assign(box, { item, search: () => HITS, reranker: fakeReranker() })
  })
}

const input = () => page.getByRole('combobox', { name: 'Search the docs' })
const options = () => page.getByRole('option')
const titles = () => page.locator('page-rerank-search .title').allTextContents()
const live = () => page.locator('page-rerank-search .live')
const status = () => page.locator('page-rerank-search .status')

/** Nobody is kept from it. */
async function expectAccessible() {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  await page.waitForTimeout(250)
  const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }))
  expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([])
  expect(passes.length).toBeGreaterThan(15)
}

/** The option that a screen reader is at. */
const active = async () => {
  const id = await input().getAttribute('aria-activedescendant')
  const selected = page.locator('page-rerank-search [aria-selected=true]')
  if (id === null) expect(await selected.count()).toBe(0)
  else expect(await selected.getAttribute('id')).toBe(id)
  return id === null ? null : await selected.locator('.title').textContent()
}

describe('what it shows', () => {
  test('the first stage’s order at once, then the model’s, with the words that answer', async () => {
    await page.evaluate(() => {
      box.reranker = fakeReranker({ isHeld: true })
    })
    await input().fill('keep the screen on')
    await expect.poll(titles).toEqual(await page.evaluate(() => HITS.map(({ title }) => title)))
    expect(await input().getAttribute('aria-expanded')).toBe('true')
    await expect.poll(() => status().textContent()).toBe('Looking for the best')
    await page.evaluate(() => answer())
    await expect.poll(async () => (await titles())[0]).toBe('WakeLock.request()')
    expect(await status().textContent()).toBe('Best first')
    await expect.poll(() => live().textContent()).toBe('5 results, Best first')
    const first = options().first()
    // Its text begins where the answer does.
    expect(await first.locator('.text').textContent()).toMatch(/^… A page that shows a recipe/)
    expect(await first.locator('mark').allTextContents()).toEqual(expect.arrayContaining(['Lock', 'request', 'prevents', 'dimming']))
  })

  test('without a model: the search’s own order, said like any other', async () => {
    await page.evaluate(() => {
      box.reranker = null
    })
    await input().fill('keep')
    await expect.poll(() => live().textContent()).toBe('5 results, In the search’s own order')
    expect(await page.evaluate(() => box.state)).toMatchObject({ stage: 'final', pending: false })
    expect(page.workers()).toHaveLength(0)
    await page.evaluate(() => {
      box.search = () => []
    })
    await page.getByText('Nothing found for “keep”').first().waitFor()
  })

  test.each([
    ['light', { colorScheme: 'light' as const }],
    ['dark', { colorScheme: 'dark' as const }],
    ['on a phone', { viewport: { width: 360, height: 640 }, hasTouch: true }],
  ])('axe finds nothing: %s, in any state', async (_, context) => {
    await open(context)
    await expectAccessible()
    await input().fill('keep the screen on')
    await options().first().waitFor()
    await expect.poll(() => status().textContent()).toBe('Best first')
    await input().press('ArrowDown')
    await expectAccessible()
    for (const [set, shows] of [
      [() => Object.assign(box, { reranker: new Promise(() => undefined) }), 'Loading the model'],
      [() => Object.assign(box, { reranker: fakeReranker({ fails: true }) }), 'In the search’s own order'],
      [() => Object.assign(box, { search: () => [] }), 'Nothing found for'],
      [
        () => Object.assign(box, { search: () => Promise.reject(new Error('It answered 503.')) }),
        'The search did not answer.It answered 503.',
      ],
      [() => Object.assign(box, { search: () => new Promise(() => undefined) }), ''],
    ] as const) {
      await page.evaluate(set as () => void)
      await expect
        .poll(() =>
          page
            .locator('page-rerank-search .popup')
            .innerText()
            .then((text) => text.replaceAll('\n', '')),
        )
        .toContain(shows)
      await expectAccessible()
    }
    await page.evaluate(() => {
      const empty = document.createElement('p')
      empty.slot = 'empty'
      empty.textContent = 'Ask in your own words'
      box.append(empty)
    })
    await input().fill('')
    await page.getByText('Ask in your own words').waitFor()
    await expectAccessible()
  })

  test('in a page that reads from right to left', async () => {
    await page.evaluate(() => {
      document.documentElement.dir = 'rtl'
    })
    await input().fill('keep')
    await options().first().waitFor()
    const boxes = await Promise.all(['.icon', '.clear'].map((part) => page.locator(`page-rerank-search ${part}`).boundingBox()))
    expect(boxes[0]?.x).toBeGreaterThan(boxes[1]?.x as number)
    // English keeps its order, and stands where the page begins.
    const title = page.locator('page-rerank-search .title').first()
    expect(await title.evaluate((one) => [getComputedStyle(one).direction, getComputedStyle(one).textAlign])).toEqual(['ltr', 'right'])
    await expectAccessible()
  })

  test.each([
    ['no-preference', true],
    ['reduce', false],
  ] as const)('moves with %s: %s', async (reducedMotion, moves) => {
    await open({ reducedMotion })
    await page.evaluate(() => {
      const counted = { animations: 0 }
      Object.assign(globalThis, { counted })
      const { animate } = Element.prototype
      Element.prototype.animate = function (...given) {
        counted.animations++
        return animate.apply(this, given)
      }
      box.reranker = fakeReranker({ wait: 200 })
    })
    await input().fill('keep')
    await expect.poll(async () => (await titles())[0]).toBe('WakeLock.request()')
    const { animations } = (await page.evaluate('counted')) as { animations: number }
    expect(animations > 0).toBe(moves)
    const running = await page.locator('page-rerank-search .popup').evaluate((one) => one.getAnimations({ subtree: true }).length)
    if (!moves) expect(running).toBe(0)
  })
})

describe('what it shows of a hit', () => {
  /** What the model was given, and what stands there. */
  async function shown(hits: unknown[]) {
    await page.evaluate((hits) => {
      const reranker = fakeReranker() as { rerank: (...given: unknown[]) => unknown }
      const { rerank } = reranker
      const read: string[] = []
      Object.assign(globalThis, { read })
      reranker.rerank = (query, documents: unknown, options: unknown) => {
        const { text } = options as { text: (hit: unknown, index: number) => string }
        read.push(...(documents as unknown[]).map(text))
        return rerank(query, documents, options)
      }
      Object.assign(box, { reranker, search: () => hits })
    }, hits)
    await input().fill('keep')
    await expect.poll(() => status().textContent()).toBe('Best first')
    const lines = await options().evaluateAll((all) =>
      all.map((one) => ({
        href: one.getAttribute('href'),
        lines: [...one.children].map((line) => `${line.className}: ${line.textContent}`),
        marks: [...one.querySelectorAll('mark')].map((mark) => mark.textContent),
      })),
    )
    return { read: (await page.evaluate('read')) as string[], lines }
  }

  test('null is absent, a number is its text: for the reader, for the model, and for addresses', async () => {
    const { read, lines } = await shown([
      { title: null, body: 'It prevents dimming.', url: null, note: null },
      { title: 'The screen', body: null, url: undefined },
      { title: 404, body: 'No lock.', url: '/docs/wakelock', note: 0 },
    ])
    expect(read).toEqual(['It prevents dimming.', 'The screen', '404\nNo lock.'])
    expect(lines).toEqual([
      { href: null, lines: ['text: It prevents dimming.'], marks: ['prevents', 'dimming'] },
      { href: null, lines: ['title: The screen'], marks: ['screen'] },
      { href: `${server.origin}/docs/wakelock`, lines: ['note: 0', 'title: 404', 'text: No lock.'], marks: ['lock'] },
    ])
  })

  test('another item is read anew, one that says the same is not', async () => {
    await shown([{ title: 'The screen', body: 'It prevents dimming.' }])
    await page.evaluate(() => {
      const { search } = box
      let asked = 0
      box.search = (...given) => {
        Object.assign(globalThis, { asked: ++asked })
        return search?.(...given) as Hit[]
      }
    })
    await expect.poll(() => page.evaluate('asked')).toBe(1)
    await expect.poll(() => status().textContent()).toBe('Best first')
    const marks = () => page.locator('page-rerank-search mark').allTextContents()
    await page.evaluate(() => {
      box.item = ({ title, body, url, note }) => ({ title, text: body, url, note })
    })
    await page.waitForTimeout(50)
    expect([await marks(), await page.evaluate('asked')]).toEqual([['screen', 'prevents', 'dimming'], 1])
    await page.evaluate(() => {
      box.item = ({ title, body }) => ({ title: body, text: title })
    })
    await expect.poll(marks).toEqual(['prevents', 'dimming', 'screen'])
  })

  test('a long title is clamped as a long text is, and no character is cut in two', async () => {
    const long = `${'a'.repeat(319)}${'😀'.repeat(30)}`
    const { lines } = await shown([
      { title: long, body: long },
      { title: 'x '.repeat(50_000), body: 'y' },
    ])
    const cut = `${'a'.repeat(319)} …`
    expect(lines[0]?.lines).toEqual([`title: ${cut}`, `text: ${cut}`])
    expect(lines[1]?.lines[0]).toBe(`title: ${'x '.repeat(160)} …`)
    for (const one of await options().all()) expect((await one.boundingBox())?.height).toBeLessThan(140)
  })
})

describe('the keyboard', () => {
  beforeEach(async () => {
    await input().fill('keep')
    await expect.poll(async () => (await titles())[0]).toBe('WakeLock.request()')
  })

  test('arrows go round the list, and Home and End are the text’s', async () => {
    expect(await active()).toBeNull()
    await input().press('ArrowDown')
    expect(await active()).toBe('WakeLock.request()')
    await input().press('ArrowUp')
    expect(await active()).toBe('Screen capture')
    await input().press('ArrowDown')
    await input().press('ArrowDown')
    expect(await active()).toBe('Idle detection')
    await input().press('Home')
    expect(await active()).toBeNull()
    expect(await input().evaluate((one: HTMLInputElement) => one.selectionStart)).toBe(0)
    await input().press('End')
    expect(await input().evaluate((one: HTMLInputElement) => one.selectionStart)).toBe(4)
    // The focus never left.
    expect(await page.evaluate(() => document.activeElement === box)).toBe(true)
  })

  test('Escape closes the list, then empties the box; an arrow opens it again', async () => {
    await input().press('Escape')
    expect(await input().getAttribute('aria-expanded')).toBe('false')
    expect(await options().count()).toBe(0)
    await input().press('ArrowDown')
    expect(await input().getAttribute('aria-expanded')).toBe('true')
    expect(await active()).toBe('WakeLock.request()')
    await input().press('Alt+ArrowUp')
    expect(await input().getAttribute('aria-expanded')).toBe('false')
    await input().press('Escape')
    expect(await input().inputValue()).toBe('')
  })

  test('Escape in a box that is empty is the dialog’s around it', async () => {
    await page.evaluate(() => {
      const dialog = document.createElement('dialog')
      box.replaceWith(dialog)
      dialog.append(box)
      dialog.showModal()
    })
    await input().click()
    await options().first().waitFor()
    const isOpen = () => page.evaluate(() => document.querySelector('dialog')?.open)
    for (const value of ['keep', '']) {
      await input().press('Escape')
      expect([await input().inputValue(), await isOpen()]).toEqual([value, true])
    }
    await input().press('Escape')
    expect(await isOpen()).toBe(false)
  })

  test('Enter chooses what is active, and goes where it leads unless the page has other plans', async () => {
    await page.evaluate(() => box.addEventListener('select', (event) => event.preventDefault(), { once: true }))
    await input().press('ArrowDown')
    await input().press('Enter')
    expect(page.url()).toBe(`${server.origin}/`)
    expect(await page.evaluate(() => told)).toMatchObject([['select', { hit: { id: 'wake' }, query: 'keep', result: { rank: 1 } }]])
    expect(await input().getAttribute('aria-expanded')).toBe('false')
    await input().press('ArrowDown')
    await Promise.all([page.waitForURL('**/docs/wakelock'), input().press('Enter')])
  })

  test('Enter without one tells of it, and submits the form with what was typed', async () => {
    await page.evaluate(() => box.addEventListener('submit', (event) => event.preventDefault(), { once: true }))
    await input().press('Enter')
    expect(await page.evaluate(() => told)).toEqual([['submit', { query: 'keep' }]])
    await Promise.all([page.waitForURL('**/found?q=keep'), input().press('Enter')])
  })

  test('Tab leaves, and the list closes', async () => {
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await page.getByText('Next').evaluate((one) => one === document.activeElement)).toBe(true)
    expect(await input().getAttribute('aria-expanded')).toBe('false')
  })

  test('what is active stays it where a better order comes', async () => {
    await page.evaluate(() => {
      box.reranker = fakeReranker({ isHeld: true })
    })
    await input().fill('keep on')
    await expect.poll(async () => (await titles())[0]).toBe('Idle detection')
    await input().press('ArrowDown')
    expect(await active()).toBe('Idle detection')
    await page.evaluate(() => answer())
    await expect.poll(async () => (await titles())[0]).toBe('WakeLock.request()')
    expect(await active()).toBe('Idle detection')
  })

  test('of two equal hits the active one stays it', async () => {
    await page.evaluate(() => {
      Object.assign(box, { item: undefined, reranker: null, search: () => ['same', 'same', 'other'] })
    })
    await expect.poll(titles).toEqual(['same', 'same', 'other'])
    for (const _ of [1, 2]) await input().press('ArrowDown')
    await page.evaluate(() => {
      box.strings = {}
    })
    expect(await options().evaluateAll((all) => all.map((one) => one.ariaSelected))).toEqual(['false', 'true', 'false'])
  })

  test('Enter that ends a composition, as WebKit sends it, neither submits nor chooses', async () => {
    await page.evaluate(() => {
      for (const name of ['submit', 'select']) box.addEventListener(name, (event) => event.preventDefault())
    })
    const enter = (keyCode: number) =>
      input().evaluate((one, keyCode) => {
        one.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode, bubbles: true, cancelable: true }))
      }, keyCode)
    await enter(229)
    await input().press('ArrowDown')
    await enter(229)
    expect(await page.evaluate(() => told)).toEqual([])
    await enter(13)
    expect(await page.evaluate(() => told.map(([name]) => name))).toEqual(['select'])
  })

  test('what is chosen from a list that is older than the text was found for the older query', async () => {
    await page.evaluate(() => {
      box.addEventListener('select', (event) => event.preventDefault())
      box.search = (query) => (query === 'keep' ? HITS : new Promise(() => undefined))
    })
    await input().fill('keep')
    await expect.poll(() => page.evaluate(() => box.state.pending)).toBe(false)
    await input().fill('keep on')
    await input().press('ArrowDown')
    await input().press('Enter')
    expect(await page.evaluate(() => told)).toMatchObject([['select', { query: 'keep' }]])
  })

  test('a word that is being composed is no query, whatever is shown meanwhile, until nothing is typed for a while', async () => {
    const client = await page.context().newCDPSession(page)
    await input().fill('')
    await page.clock.install()
    await page.clock.pauseAt(Date.now() + 60_000)
    const query = () => page.evaluate(() => box.state.query)
    await client.send('Input.imeSetComposition', { text: 'ni', selectionStart: 2, selectionEnd: 2 })
    await page.evaluate(() => {
      box.settings = { pool: 5 }
      box.strings = {}
    })
    expect(await query()).toBe('')
    expect([await input().getAttribute('aria-expanded'), await live().textContent()]).toEqual(['false', ''])
    // Keyboards of phones compose every word: without a space behind it, it would never be searched.
    await page.clock.runFor(300)
    expect(await query()).toBe('ni')
    await client.send('Input.insertText', { text: '你' })
    await page.clock.runFor(10)
    expect(await query()).toBe('你')
    // In Chinese that may be what it sounds like.
    await page.evaluate(() => {
      document.documentElement.lang = 'zh-CN'
    })
    await client.send('Input.imeSetComposition', { text: 'hao', selectionStart: 3, selectionEnd: 3 })
    await page.clock.runFor(1000)
    expect([await input().inputValue(), await query()]).toEqual(['你hao', '你'])
    await client.send('Input.insertText', { text: '好' })
    await page.clock.runFor(10)
    expect(await query()).toBe('你好')
  })
})

describe('the pointer', () => {
  test('chooses, empties, and leaves the focus where it was', async () => {
    await page.evaluate(() => box.addEventListener('select', (event) => event.preventDefault()))
    await input().fill('keep')
    await expect.poll(async () => (await titles())[0]).toBe('WakeLock.request()')
    await options().nth(1).click()
    expect(await page.evaluate(() => told)).toMatchObject([['select', { hit: { id: 'idle' } }]])
    expect(await page.evaluate(() => document.activeElement === box)).toBe(true)
    await page.getByRole('button', { name: 'Clear the search' }).click()
    expect(await input().inputValue()).toBe('')
    expect(await input().evaluate((one) => (one.getRootNode() as ShadowRoot).activeElement === one)).toBe(true)
  })

  test('what it presses stays there until it lets go, and is chosen, though a better order has come', async () => {
    await page.evaluate(() => {
      box.addEventListener('select', (event) => event.preventDefault())
      box.reranker = fakeReranker({ isHeld: true })
    })
    await input().fill('keep')
    await expect.poll(async () => (await titles())[0]).toBe('Idle detection')
    await options().first().hover()
    await page.mouse.down()
    await page.evaluate(() => answer())
    await expect.poll(() => page.evaluate(() => box.state.stage)).toBe('final')
    await page.mouse.up()
    expect(await page.evaluate(() => told)).toMatchObject([['select', { hit: { id: 'idle' } }]])
    await expect.poll(async () => (await titles())[0]).toBe('WakeLock.request()')
  })

  test('that lets go is a finger: its click, which comes a little later, is for what it pressed', async () => {
    await page.evaluate(() => {
      box.addEventListener('select', (event) => event.preventDefault())
      box.reranker = fakeReranker({ isHeld: true })
    })
    await input().fill('keep')
    await expect.poll(async () => (await titles())[0]).toBe('Idle detection')
    await page.clock.install()
    await page.clock.pauseAt(Date.now() + 60_000)
    await options()
      .first()
      .evaluate((one) => {
        const touch = (type: string) =>
          one.dispatchEvent(new PointerEvent(type, { pointerType: 'touch', button: 0, bubbles: true, composed: true }))
        touch('pointerdown')
        answer()
        touch('pointerup')
      })
    await page.clock.runFor(50)
    expect(await page.evaluate(() => box.state.stage)).toBe('final')
    expect((await titles())[0]).toBe('Idle detection')
    await page.clock.runFor(400)
    expect((await titles())[0]).toBe('WakeLock.request()')
    // Nothing of the press keeps a box that is gone. (Others of these events are Playwright’s.)
    const client = await page.context().newCDPSession(page)
    const { result } = await client.send('Runtime.evaluate', { expression: 'window' })
    const { listeners } = await client.send('DOMDebugger.getEventListeners', { objectId: result.objectId as string })
    expect(listeners.filter(({ type }) => type === 'pointercancel')).toEqual([])
  })

  test('on the list’s scrollbar leaves the keys to the box', async () => {
    await input().fill('keep')
    await expect.poll(() => options().count()).toBe(5)
    // What a browser does where it is pressed.
    await page.locator('page-rerank-search .list').evaluate((list) => list.focus())
    await page.keyboard.type('s')
    expect(await input().inputValue()).toBe('keeps')
  })
})

describe('the list', () => {
  test('of another query is seen from its first row on, a better order of the same one where it was', async () => {
    await page.evaluate(() => {
      box.settings = { topN: 40 }
      box.search = (query) => Array.from({ length: 40 }, (_, i) => ({ ...(HITS[0] as Hit), id: `${i}`, title: `${query} ${i}` }))
    })
    const list = page.locator('page-rerank-search .list')
    const scrolled = () => list.evaluate(({ scrollTop }) => scrollTop)
    await input().fill('keep')
    await expect.poll(() => options().count()).toBe(40)
    await list.evaluate((one) => one.scrollTo(0, 300))
    await page.evaluate(() => {
      box.settings = { topN: 39 }
    })
    await expect.poll(() => options().count()).toBe(39)
    expect(await scrolled()).toBe(300)
    await input().fill('keep on')
    await expect.poll(async () => (await titles())[0]).toBe('keep on 0')
    expect(await scrolled()).toBe(0)
  })

  test('is not made anew where it shows the same: what a reader has marked in it stays marked', async () => {
    await input().fill('keep')
    await expect.poll(async () => (await titles())[0]).toBe('WakeLock.request()')
    const changes = await page.locator('page-rerank-search .list').evaluate(async (list) => {
      const observer = new MutationObserver(() => undefined)
      observer.observe(list, { childList: true, subtree: true })
      box.strings = {}
      return observer.takeRecords().length
    })
    expect(changes).toBe(0)
  })

  test('is not filled by one long line, of a hit or of what is asked', async () => {
    await page.evaluate(() => {
      box.item = ({ title, body, url }) => ({ title, text: body, url, note: 'n'.repeat(100_000) })
    })
    await input().fill('keep')
    await expect.poll(() => options().count()).toBe(5)
    expect((await page.locator('page-rerank-search .note').first().textContent())?.length).toBeLessThan(400)
    await page.evaluate(() => {
      box.search = () => []
      box.value = 'q'.repeat(100_000)
    })
    await expect.poll(() => live().textContent()).toContain('Nothing found')
    expect((await live().textContent())?.length).toBeLessThan(400)
  })
})

describe('what goes wrong', () => {
  test('a search that fails can be tried again', async () => {
    await page.evaluate(() => {
      let isBroken = true
      box.search = () => {
        if (!isBroken) return HITS
        isBroken = false
        // Without a reason.
        return Promise.reject()
      }
    })
    await input().fill('keep')
    await page.getByText('The search did not answer.').first().waitFor()
    // Setting it searched for nothing: the first key is the first call.
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => options().count()).toBe(5)
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0)
  })

  test('a model that does not load: the search’s own order, and a way to try again', async () => {
    await page.evaluate(() => {
      box.reranker = { model: '/no-such-model/' }
    })
    await input().fill('keep')
    await expect.poll(() => status().textContent()).toBe('In the search’s own order')
    expect(await titles()).toHaveLength(5)
    expect(await status().getAttribute('title')).toContain('no-such-model')
    const { length } = server.requests
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => server.requests.length).toBeGreaterThan(length)
    await expect.poll(() => status().textContent()).toBe('In the search’s own order')
    errors = errors.filter((one) => !one.includes('404'))
  })

  test('a first stage that answers out of order, or never: the newest query’s hits alone', async () => {
    await page.evaluate(() => {
      box.search = (query) =>
        query === 'never'
          ? new Promise(() => undefined)
          : new Promise((resolve) =>
              setTimeout(() => resolve(HITS.map((hit) => ({ ...hit, title: `${query}: ${hit.title}` }))), 400 - query.length * 100),
            )
    })
    for (const query of ['never', 'k', 'ke', 'kee']) await input().fill(query)
    await page.waitForTimeout(500)
    expect(new Set((await titles()).map((title) => title.split(':')[0]))).toEqual(new Set(['kee']))
  })

  test('hits that say nothing: in the search’s own order, with the reason', async () => {
    await page.evaluate(() => {
      Object.assign(box, { item: undefined, reranker: { model: '/reference/late-bert/', dtype: 'fp32', device: 'wasm' } })
      box.search = () => [{ id: 1 }, null, { title: 7 }, 'a text'] as never
    })
    await input().fill('keep')
    await expect.poll(titles).toEqual(['Untitled', 'Untitled', 'Untitled', 'a text'])
    await expect
      .poll(() => page.evaluate(() => (box.state.error as { code?: string } | undefined)?.code), { timeout: 10_000 })
      .toBe('invalid-input')
    expect(await status().getAttribute('title')).toContain('The text of document 0 is undefined')
  })

  test('an item that throws, or is none: the same', async () => {
    for (const item of ['() => { throw new Error("no body") }', '() => 7']) {
      await page.evaluate(`Object.assign(box, { item: ${item.replace('() => 7', '() => 7')} })`)
      await input().fill(`keep ${item.length}`)
      await expect.poll(() => page.evaluate(() => [box.state.pending, box.state.error !== undefined])).toEqual([false, true])
      expect(await titles()).toEqual(['Untitled', 'Untitled', 'Untitled', 'Untitled', 'Untitled'])
    }
  })

  test('ten thousand hits show ten, and the box is as quick as ever', async () => {
    await page.evaluate(() => {
      box.settings = { topN: undefined } as never
      box.search = () => Array.from({ length: 10_000 }, (_, i) => ({ ...(HITS[0] as Hit), id: String(i), title: `Hit ${i}` }))
    })
    await input().fill('keep')
    await expect.poll(() => status().textContent()).toBe('Best first')
    expect(await options().count()).toBe(10)
    const start = Date.now()
    for (const query of ['a', 'ab', 'abc']) await input().fill(query)
    await expect.poll(() => page.evaluate(() => box.state.query)).toBe('abc')
    expect(Date.now() - start).toBeLessThan(2000)
  })

  test('an address that would run something is none; markup is text', async () => {
    await page.evaluate(() => {
      const urls = ['javascript:document.title="run"', 'data:text/html,x', 'https://example.org/', '#part', 'http://[']
      box.search = () => urls.map((url) => ({ id: url, title: '<img src=x onerror=alert(1)>', body: '<b>bold</b>', note: '', url }))
    })
    await input().fill('keep')
    await expect.poll(() => options().count()).toBe(5)
    const hrefs = await options().evaluateAll((all) => all.map((one) => one.getAttribute('href')))
    expect(hrefs).toEqual([null, null, 'https://example.org/', `${server.origin}/#part`, null])
    expect(await page.locator('page-rerank-search img').count()).toBe(0)
    expect((await titles())[0]).toBe('<img src=x onerror=alert(1)>')
  })
})

describe('its life', () => {
  test('loads no model before a reader comes to it; taken away, it leaves none behind; put back, it works', async () => {
    await page.evaluate(() => {
      box.reranker = { model: '/reference/late-bert/', dtype: 'fp32', device: 'wasm' }
    })
    await page.waitForTimeout(300)
    expect(page.workers()).toHaveLength(0)
    await input().click()
    await input().fill('keep the screen on')
    await expect.poll(() => status().textContent(), { timeout: 20_000 }).toBe('Best first')
    expect(page.workers()).toHaveLength(1)
    await page.evaluate(() => box.remove())
    await expect.poll(() => page.workers().length).toBe(0)
    await page.evaluate(() => document.querySelector('form')?.append(box))
    await input().click()
    await expect.poll(() => status().textContent(), { timeout: 20_000 }).toBe('Best first')
    // Moved within the page, it goes on with the same one.
    await page.evaluate(() => document.querySelector('main')?.prepend(box))
    await page.waitForTimeout(1200)
    expect(page.workers()).toHaveLength(1)
  })

  test('attributes, words of another language, what was set before it was defined', async () => {
    // As text: the test runner would rewrite an import.
    await page.evaluate("import('/dist/component.js').then((exported) => { Object.assign(globalThis, exported) })")
    await page.evaluate(() => {
      const other = document.createElement('page-rerank-search')
      Object.assign(other, { strings: Reflect.get(globalThis, 'CHINESE'), search: () => [] })
      other.setAttribute('value', '钥匙')
      document.querySelector('main')?.append(other)
    })
    const other = page.getByRole('combobox', { name: '搜索' })
    expect(await other.inputValue()).toBe('钥匙')
    await other.click()
    await page.getByText('没有找到“钥匙”').first().waitFor()
    await page.evaluate(() => {
      const early = document.createElement('x-early')
      Object.assign(early, { value: 'early', search: () => HITS })
      document.querySelector('main')?.append(early)
      const Search = customElements.get('page-rerank-search') as CustomElementConstructor
      customElements.define('x-early', class extends Search {})
      const { value, search } = early as never as PageRerankSearch<Hit>
      if (value !== 'early' || search?.('', {} as never) !== HITS) throw new Error('What was set before is lost.')
    })
    await page.evaluate(() => document.forms[0]?.reset())
    expect(await input().inputValue()).toBe('')
  })

  test('moved into another document, such as a picture-in-picture window’s, it looks and works as before', async () => {
    const shown = await page.evaluate(async () => {
      const frame = document.createElement('iframe')
      document.body.append(frame)
      const shown = () => {
        const popup = (box.shadowRoot as ShadowRoot).querySelector('.popup') as HTMLElement
        return box.ownerDocument.defaultView?.getComputedStyle(popup).position
      }
      frame.contentDocument?.body.append(box)
      const inFrame = shown()
      document.querySelector('form')?.append(box)
      return [inFrame, shown()]
    })
    expect(shown).toEqual(['absolute', 'absolute'])
  })

  test('after a way there and back it has its text, as an input has', async () => {
    await input().fill('keep')
    await page.goto(`${server.origin}/found`)
    await page.goBack()
    await expect.poll(() => input().inputValue()).toBe('keep')
  })

  test('disabled by itself or by a fieldset, it takes no text and shows no list', async () => {
    await page.evaluate(() => {
      const fieldset = document.createElement('fieldset')
      box.replaceWith(fieldset)
      fieldset.append(box)
    })
    await input().fill('keep')
    await options().first().waitFor()
    for (const selector of ['fieldset', 'page-rerank-search']) {
      await page.evaluate((selector) => document.querySelector(selector)?.toggleAttribute('disabled', true), selector)
      expect(await input().isDisabled()).toBe(true)
      expect(await options().count()).toBe(0)
      expect(await page.evaluate(() => new FormData(document.forms[0]).has('q'))).toBe(false)
      await expectAccessible()
      await page.evaluate((selector) => document.querySelector(selector)?.toggleAttribute('disabled', false), selector)
      expect(await input().isDisabled()).toBe(false)
      await input().click()
      await options().first().waitFor()
    }
  })

  test('is imported on a server without a sound', async () => {
    const { PageRerankSearch, CHINESE } = await import('../../dist/component.js' as string)
    expect(typeof PageRerankSearch).toBe('function')
    expect(CHINESE.label).toBe('搜索')
    expect(readFileSync('dist/component.js', 'utf8')).not.toContain('innerHTML')
  })
})
