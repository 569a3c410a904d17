import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.js'
import { mainThreadTasks } from '../support/main-thread-tasks.js'
import { type ServeOptions, serve, type TestServer } from '../support/server.js'

/** The built demo, as any static host would serve it, and models that read fast and know nothing. */
const DEMO: ServeOptions = { folders: { '/': 'demo-dist', '/reference/': 'test/reference' } }
const LATE_INTERACTION = '/reference/late-bert/'
const CROSS_ENCODER = '/reference/bert/'
const WAKE_LOCK = 'how do I keep the phone screen from turning off while my page is open'
const DESKTOP = { viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' } as const
const SAVE_DATA = () => Object.defineProperty(navigator, 'connection', { value: { saveData: true } })
/** Enough for a slow machine that is busy with something else. */
const LOADED = { timeout: 120_000 }

let browser: Browser
let server: TestServer
/** Of a reader who has been here: ONNX Runtime is compiled and the model kept. */
let visited: BrowserContext
/** Ended after each test. */
const opened: { close(): Promise<void> }[] = []

beforeAll(async () => {
  browser = await launchBrowser()
  server = await serve(DEMO)
  visited = await browser.newContext(DESKTOP)
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

const HELVETICA = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'
/** As many Chinese PDFs have it: neither the font nor the table of its codes is in the file. */
const SONG =
  '<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [ << /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >> >> ] >>'

/** A PDF with a page for each text: what stands in `(…)`, or codes in `<…>`. */
function pdfOf(texts: readonly string[], fontObject = HELVETICA): Buffer {
  const font = 3 + 2 * texts.length
  const contents = texts.map((text) => `BT /F1 12 Tf 30 350 Td ${text.startsWith('<') ? text : `(${text})`} Tj ET`)
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${texts.map((_, i) => `${3 + 2 * i} 0 R`).join(' ')}] /Count ${texts.length} >>`,
    ...contents.flatMap((content, i) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Contents ${4 + 2 * i} 0 R /Resources << /Font << /F1 ${font} 0 R >> >> >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    ]),
    fontObject,
  ]
  let pdf = '%PDF-1.4\n'
  const offsets = objects.map((object, i) => {
    const at = pdf.length
    pdf += `${i + 1} 0 obj\n${object}\nendobj\n`
    return `${String(at).padStart(10, '0')} 00000 n \n`
  })
  const size = objects.length + 1
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join('')}trailer << /Size ${size} /Root 1 0 R >>\nstartxref\n${pdf.length}\n%%EOF`
  return Buffer.from(pdf + table)
}

interface DemoPage {
  page: Page
  /** Console errors and uncaught errors so far. */
  errors: string[]
  /** Ids of a list from the top. */
  ids(list: 'first-stage' | 'reranked' | 'compared'): Promise<string[]>
  /** Does what begins a search, and waits until it has begun: the answer before it is `done` too. */
  beginning(act: () => Promise<unknown>): Promise<void>
  /** Puts a question and waits for the final order. */
  ask(question: string): Promise<void>
  done(): Promise<void>
}

/** A first visit, which keeps nothing of another's. */
async function open(
  path = '/',
  { origin = server.origin, ...options }: { origin?: string } & Parameters<Browser['newContext']>[0] = {},
): Promise<DemoPage> {
  const context = await browser.newContext({ ...DESKTOP, ...options })
  opened.push(context)
  return openIn(context, `${origin}${path}`)
}

/** Another visit. */
async function openAgain(path: string): Promise<DemoPage> {
  const demo = await openIn(visited, `${server.origin}${path}`)
  opened.push(demo.page)
  return demo
}

let shared: Promise<DemoPage & { stateBefore: string | null }> | undefined

/** The page of all tests that only ask and look: loading the model takes most of a test's time. It has an answer on it. */
function openShared() {
  shared ??= (async () => {
    const demo = await openIn(visited, `${server.origin}/?pool=30`)
    const stateBefore = await demo.page.getByTestId('reranked').getAttribute('data-state')
    await demo.ask('screen')
    return { ...demo, stateBefore }
  })()
  return shared
}

let sharedReading: Promise<DemoPage> | undefined

/** The same with a late-interaction model that has read everything, and beside it a cross-encoder. */
function openSharedReading(): Promise<DemoPage> {
  sharedReading ??= (async () => {
    const demo = await openIn(visited, `${server.origin}/?q=screen&model=${LATE_INTERACTION}&compare=${CROSS_ENCODER}`)
    await demo.page.waitForSelector('[data-testid="reading"][data-state="done"]', LOADED)
    return demo
  })()
  return sharedReading
}

async function openIn(context: BrowserContext, address: string): Promise<DemoPage> {
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(address)
  const done = async () => {
    await page.waitForSelector('[data-testid="reranked"][data-state="done"]', { state: 'attached', ...LOADED })
  }
  const beginning = async (act: () => Promise<unknown>) => {
    const watch = await page.evaluateHandle(() => {
      const list = document.querySelector('[data-testid="reranked"]') as HTMLElement
      const begun = new Promise<void>((resolve) => {
        const observer = new MutationObserver(() => {
          if (list.dataset.state === 'done') return
          observer.disconnect()
          resolve()
        })
        observer.observe(list, { attributeFilter: ['data-state'] })
      })
      return { begun }
    })
    await act()
    await watch.evaluate(({ begun }) => begun)
  }
  return {
    page,
    errors,
    done,
    ids: (list) =>
      page
        .locator(`[data-testid="${list}"] [data-doc-id]`)
        .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.docId as string)),
    beginning,
    async ask(question) {
      await page.getByTestId('query').fill(question)
      await beginning(() => page.getByTestId('query').press('Enter'))
      await done()
    },
  }
}

describe('the demo page', () => {
  test('a question in a language the model does not know keeps the order and says why', async () => {
    const demo = await openShared()
    await demo.ask('¿Cuál es la API de la Battery?')
    expect((await demo.ids('first-stage')).length).toBeGreaterThan(1)
    expect(await demo.ids('reranked')).toEqual(await demo.ids('first-stage'))
    const summary = await demo.page.locator('#summary').textContent()
    expect(summary).toBe("The query looks like Spanish; the model's only language is English. The first stage’s order stays.")
    expect(demo.errors).toEqual([])
  })

  test('answers a natural question: first stage at once, then the right entry on top', async () => {
    const demo = await openShared()
    expect(demo.stateBefore).toBe('idle')
    await demo.ask(WAKE_LOCK)
    const reranked = await demo.ids('reranked')
    expect(reranked.slice(0, 3).some((id) => /wakelock/i.test(id))).toBe(true)
    const firstStage = await demo.ids('first-stage')
    expect(firstStage.length).toBe(20)
    expect(reranked).not.toEqual(firstStage)

    // Every row says where it came from, and says it truly.
    const rows = await demo.page.locator('[data-testid="reranked"] [data-doc-id]').evaluateAll((all) =>
      all.map((row) => ({
        id: (row as HTMLElement).dataset.docId as string,
        rank: Number((row as HTMLElement).dataset.rank),
        text: row.textContent ?? '',
      })),
    )
    expect(rows.map(({ rank }) => rank)).toEqual(rows.map((_, at) => at + 1))
    for (const { id, text } of rows) {
      const from = firstStage.indexOf(id) + 1
      if (from > 0) expect(text).toMatch(new RegExp(`${from}(st|nd|rd|th) by keywords`))
    }
    expect(demo.errors).toEqual([])
  })

  test('an index that was built with the page lets everything be ranked; without it the page reads, and is of use meanwhile', async () => {
    const question = `/?q=${encodeURIComponent('stop the display from going dark')}`
    const demo = await openAgain(question)
    await demo.page.waitForSelector('[data-testid="reading"][data-state="done"][data-read="4675"]', LOADED)
    await demo.page.locator('#summary', { hasText: 'for 4,675 entries' }).waitFor(LOADED)
    // No keyword search finds it among its first hundred.
    expect((await demo.ids('reranked')).slice(0, 3).some((id) => /wakelock/i.test(id))).toBe(true)
    expect(demo.errors).toEqual([])

    const bare = await serve({
      ...DEMO,
      handler: (_request, response, url) => {
        if (!url.pathname.endsWith('.index')) return false
        response.statusCode = 404
        response.end()
        return true
      },
    })
    try {
      const { page, done, ids } = await open(question, { origin: bare.origin })
      const reading = page.getByTestId('reading')
      await page.waitForSelector('[data-testid="reading"][data-state="reading"]', LOADED)
      expect(await reading.getAttribute('title')).toContain('There is no index at')
      await done()
      expect(await ids('reranked')).toHaveLength(20)
      expect(await reading.textContent()).toMatch(/of 4,675 read.*Search works meanwhile/)
    } finally {
      await bare.close()
    }
  })

  test('searches Chinese with the Chinese model, and English with the other one again', async () => {
    const demo = await open(`/?corpus=mini-program-apis&q=${encodeURIComponent('指南针朝哪个方向')}`)
    await demo.page.waitForSelector('[data-testid="reading"][data-state="done"][data-read="1155"]', LOADED)
    await demo.page.locator('#summary', { hasText: 'for 1,155 entries' }).waitFor(LOADED)
    expect((await demo.ids('reranked')).slice(0, 3)).toContain('wx.onCompassChange')
    expect(await demo.page.evaluate(() => window.__pageRerank?.info.model)).toBe('page-rerank-small-zh')
    const shown = demo.page.locator('#examples .chip:visible')
    expect(await shown.first().textContent()).toBe('指南针朝哪个方向')
    // Keywords find words of Chinese, which has no spaces between them.
    expect(await demo.page.getByTestId('first-stage').locator('mark').first().textContent()).toBe('方向')

    await demo.page.locator('.choice[data-corpus="web-apis"]').click()
    await demo.page.waitForSelector('[data-testid="reading"][data-state="done"][data-read="4675"]', LOADED)
    await demo.ask('stop the display from going dark')
    expect((await demo.ids('reranked')).slice(0, 3).some((id) => /wakelock/i.test(id))).toBe(true)
    expect(await demo.page.evaluate(() => window.__pageRerank?.info.model)).toBe('page-rerank-small-en')
    expect(demo.errors).toEqual([])
  })

  test('says what is really running', async () => {
    const demo = await openShared()
    const info = await demo.page.evaluate(() => window.__pageRerank?.info)
    const runtime = demo.page.getByTestId('runtime')
    for (const name of ['kind', 'device', 'dtype', 'runtime', 'threads'] as const)
      expect(await runtime.getAttribute(`data-${name}`)).toBe(String(info?.[name]))
    expect(info?.device).toBe('wasm')
    // WebGPU is off in this browser: the panel says so in the library's words.
    expect(await runtime.textContent()).toContain(info?.fallbacks[0]?.reason)
  })

  test('an entry that is pinned says where it stands, whatever is asked', async () => {
    const demo = await openShared()
    await demo.ask(WAKE_LOCK)
    const row = demo.page.locator('#reranked .result').first()
    const id = await row.getAttribute('data-doc-id')
    await row.hover()
    await row.locator('.pin').click()
    const pinned = demo.page.getByTestId('pinned').locator('li')
    await pinned.waitFor()
    expect(await pinned.getAttribute('data-doc-id')).toBe(id)
    expect(await pinned.locator('span').textContent()).toMatch(/^1st, (\d+\w\w by keywords|not found by keywords)$/)
    expect(await row.locator('.pin').getAttribute('aria-pressed')).toBe('true')
    await demo.ask('read a file')
    expect(await pinned.locator('span').textContent()).toMatch(/^below the list, /)
    await demo.ask(WAKE_LOCK)
    await pinned.getByRole('button').click()
    await pinned.waitFor({ state: 'detached' })
    expect(await demo.page.locator('.pin[aria-pressed="true"]').count()).toBe(0)
    expect(demo.errors).toEqual([])
  })

  test('the report and the code can be copied', async () => {
    const demo = await openShared()
    await demo.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const copied = async (button: string) => {
      await demo.page.locator(button).click()
      await demo.page.locator('#copied', { hasText: 'Copied.' }).waitFor()
      return demo.page.evaluate(() => navigator.clipboard.readText())
    }
    expect(await copied('#copy-report')).toMatch(
      /^model: page-rerank-small-en \(\w+\), late-interaction\ndevice: wasm, q8, .*\nself-test: passed/m,
    )
    const code = await copied('#copy-snippet')
    expect(code).toContain('await createReranker()')
    expect(code).toContain('firstStage(query).slice(0, 30)')
    expect(demo.errors).toEqual([])
  })

  test('a reader who saves data is asked first, and keywords search meanwhile', async () => {
    const context = await browser.newContext(DESKTOP)
    opened.push(context)
    await context.addInitScript(SAVE_DATA)
    const own = await serve(DEMO)
    try {
      const demo = await openIn(context, `${own.origin}/?q=take+a+picture&model=${LATE_INTERACTION}`)
      const consent = demo.page.getByTestId('consent')
      await consent.waitFor()
      expect(await consent.textContent()).toContain(`${LATE_INTERACTION} is downloaded once`)
      await demo.page.waitForFunction(() => document.querySelector('#first-stage')?.childElementCount)
      expect(await demo.page.getByTestId('progress').isVisible()).toBe(false)
      expect(own.requests.filter((path) => /\.(onnx|wasm|index)$/.test(path))).toEqual([])
      await consent.getByRole('button').click()
      await demo.done()
      expect(own.requests.filter((path) => path.endsWith('.index'))).toEqual([])

      // Each model is asked for, where it was chosen.
      const other = demo.page.getByTestId('compare-consent')
      await demo.page.locator('#compare-model').fill(CROSS_ENCODER)
      await demo.page.locator('#compare-form [type="submit"]').click()
      await other.waitFor()
      expect(await other.textContent()).toContain(`${CROSS_ENCODER} is downloaded once`)
      expect(await demo.page.getByTestId('compare-state').textContent()).toBe('not loaded yet')
      await demo.page.locator('#compare-stop').click()
      await other.waitFor({ state: 'hidden' })
      await demo.page.locator('#compare-form [type="submit"]').click()
      await other.waitFor()
      expect(own.requests.filter((path) => path.startsWith(CROSS_ENCODER))).toEqual([])
      await other.getByRole('button').click()
      await demo.page.waitForSelector('[data-testid="compared"][data-state="done"]', { state: 'attached', ...LOADED })

      // What was agreed to is not asked again, nor what is on the disk at the next visit.
      await demo.page.goto(`${own.origin}/?q=take+a+picture&model=${CROSS_ENCODER}`)
      await demo.done()
      expect(await consent.isVisible()).toBe(false)
      expect(demo.errors).toEqual([])
    } finally {
      await own.close()
    }
  })

  test('a reader who saves data is told the size of what is chosen when it is asked', async () => {
    const context = await browser.newContext(DESKTOP)
    opened.push(context)
    await context.addInitScript(SAVE_DATA)
    const own = await serve(DEMO)
    try {
      const demo = await openIn(context, `${own.origin}/`)
      const message = demo.page.locator('#consent .consent-message')
      await message.getByText(/^page-rerank-small-en is a download of about 3\d MB, once/).waitFor()
      await demo.page.locator('[data-corpus="mini-program-apis"]').click()
      await message.getByText(/^page-rerank-small-zh is a download of about \d\d MB, once/).waitFor()
      await demo.page.locator('[data-corpus="web-apis"]').click()
      await message.getByText(/^page-rerank-small-en is/).waitFor()
      const model = demo.page.locator('#model')
      for (const [name, says] of [
        ['Xenova/bge-reranker-base', /^Xenova\/bge-reranker-base is a download of about \d{3} MB/],
        ['somebody/something', /^somebody\/something is downloaded once.* How large it is shows only when/],
      ] as const) {
        await model.evaluate((field) => field.closest('details')?.setAttribute('open', ''))
        await model.fill(name)
        await model.press('Enter')
        await message.getByText(says).waitFor()
      }
      expect(own.requests.filter((path) => /\.(onnx|wasm|index)$/.test(path))).toEqual([])
      expect(demo.errors).toEqual([])
    } finally {
      await own.close()
    }
  })

  test('lists the models on the disk, and deletes one', async () => {
    const demo = await open('/?q=screen&model=page-rerank-tiny-en&pool=30')
    const models = demo.page.getByTestId('cached-models')
    const row = models.locator('[data-model="page-rerank-tiny-en"]')
    await row.waitFor(LOADED)
    expect(await row.textContent()).toMatch(/^page-rerank-tiny-en\d+\.\d MBDelete$/)
    await row.getByRole('button').click()
    await row.waitFor({ state: 'detached' })
    expect(await models.textContent()).toBe('None.')
    expect(await demo.page.evaluate(async () => (await (await caches.open('transformers-cache')).keys()).length)).toBe(0)
    expect(demo.errors).toEqual([])
  })

  test('restores a search from its address, and keeps the address up to date', async () => {
    const demo = await openAgain('/?q=take+a+picture&pool=40&device=wasm&dtype=q8')
    await demo.done()
    expect(await demo.page.getByTestId('query').inputValue()).toBe('take a picture')
    expect(await demo.page.locator('#pool').inputValue()).toBe('40')
    expect(await demo.page.locator('#summary').textContent()).toContain('for 40 of 4,675 entries')
    expect(await demo.page.getByTestId('runtime').getAttribute('data-dtype')).toBe('q8')
    await demo.ask('read a file')
    await demo.page.waitForURL((url) => url.searchParams.get('q') === 'read a file' && url.searchParams.get('pool') === '40')
  })

  test('shows the first stage while typing, and reranks when typing stops', async () => {
    const demo = await openShared()
    await demo.beginning(() => demo.page.getByTestId('query').fill('copy text to the clipb'))
    await demo.page.waitForFunction(() => document.querySelector('[data-testid="first-stage"]')?.textContent?.includes('Clipboard'))
    await demo.done()
    expect((await demo.ids('reranked'))[0]).toMatch(/clipboard/i)
  })

  test('searches own documents, and shows HTML in them as text', async () => {
    const demo = await openAgain('/?corpus=own')
    const html = 'The <img src=x onerror="window.injected = true"> cat sat on the mat\nDogs bark at night\nA cat sleeps all day'
    await demo.page.locator('#own-text').fill(html)
    await demo.page.locator('#own-use-text').click()
    await demo.page.getByText('pasted text 3 documents').waitFor()
    await demo.ask('cat')
    expect((await demo.ids('first-stage')).toSorted()).toEqual(['own-1', 'own-3'])
    // The model is given the document without the word as well.
    expect((await demo.ids('reranked')).toSorted()).toEqual(['own-1', 'own-2', 'own-3'])
    expect(await demo.page.locator('[data-testid="reranked"] [data-doc-id="own-2"]').textContent()).toContain('keywords miss it')
    const text = await demo.page.getByTestId('reranked').textContent()
    expect(text).toContain('<img src=x onerror="window.injected = true">')
    expect(await demo.page.locator('[data-testid="reranked"] img').count()).toBe(0)
    expect(await demo.page.evaluate(() => 'injected' in window)).toBe(false)

    // Files: what can be read is taken, what cannot is named.
    await demo.page.locator('#own-files').setInputFiles([
      { name: 'pets.csv', mimeType: 'text/csv', buffer: Buffer.from('title,text\n"Cat, black","sleeps"\nDog,barks\n') },
      { name: 'broken.json', mimeType: 'application/json', buffer: Buffer.from('[1,') },
    ])
    await demo.page.getByText('not valid JSON').waitFor()
    await demo.ask('dog')
    expect(await demo.page.getByTestId('reranked').locator('.title').allTextContents()).toEqual(['Dog', 'Cat, black'])
  })

  test('compares with a cross-encoder: its order of what both lists begin with, its time, and an end to it', async () => {
    const demo = await openSharedReading()
    await demo.page.locator('#compare-facts', { hasText: 'as long as 4,675 took' }).waitFor(LOADED)
    expect(await demo.page.getByTestId('compared').getAttribute('data-state')).toBe('done')
    const compared = await demo.ids('compared')
    expect(compared).toHaveLength(20)
    const both = [...(await demo.ids('first-stage')), ...(await demo.ids('reranked'))]
    expect(compared.filter((id) => !both.includes(id))).toEqual([])
    expect(await demo.page.locator('#compared-kind').textContent()).toBe('Cross-encoder')
    expect(await demo.page.locator('#compare-facts').textContent()).toMatch(
      /entries in .*: [\d.]+ times as long as .*Of the first 10, \d+ are the same/,
    )
    await demo.page.getByRole('button', { name: 'Stop comparing' }).click()
    expect(await demo.page.getByTestId('compared').isVisible()).toBe(false)
    expect(await demo.page.getByTestId('first-stage').isVisible()).toBe(true)
    await demo.page.waitForURL((url) => !url.searchParams.has('compare'))
    expect(demo.errors).toEqual([])
  })

  test('with a late-interaction model everything is ranked at each key, and no order is of an older text than the newest', async () => {
    const demo = await openSharedReading()
    // Nothing is asked: no answer to an earlier question is still on its way.
    await demo.page.getByTestId('query').fill('')
    await demo.page.waitForSelector('[data-testid="reranked"][data-state="idle"]', { state: 'attached', ...LOADED })
    expect(await demo.page.getByTestId('reading').textContent()).toMatch(/All 4,675 are read: \d+\.\d MB/)
    expect(await demo.page.getByTestId('runtime').getAttribute('data-kind')).toBe('late-interaction')
    await demo.page.evaluate(() => {
      const list = document.querySelector<HTMLElement>('[data-testid="reranked"]') as HTMLElement
      const query = document.querySelector<HTMLInputElement>('[data-testid="query"]') as HTMLInputElement
      const orders: { of: string | undefined; newest: string }[] = []
      Object.assign(window, { orders })
      new MutationObserver(() => orders.push({ of: list.dataset.query, newest: query.value })).observe(list, { childList: true })
    })
    await demo.page.getByTestId('query').pressSequentially('a name that nobody has used', { delay: 60 })
    await demo.done()
    const orders = await demo.page.evaluate(() => Reflect.get(window, 'orders') as { of: string; newest: string }[])
    expect(orders.length).toBeGreaterThan(5)
    expect(orders.filter(({ of, newest }) => of !== newest.trim())).toEqual([])
    expect(await demo.page.locator('#summary').textContent()).toMatch(/ms.*for 4,675 entries · .* from key to order/)
    // Words that answer others are marked, in the list that was ranked.
    await demo.page.locator('[data-testid="reranked"] mark.answer').first().waitFor()
    expect(demo.errors).toEqual([])
  })

  test('own documents: each page of a PDF, and the files of a folder', async () => {
    const demo = await openAgain(`/?corpus=own&model=${LATE_INTERACTION}`)
    const report = demo.page.locator('#own-report')
    await demo.page.locator('#own-files').setInputFiles([
      { name: 'eggs.pdf', mimeType: 'application/pdf', buffer: pdfOf(['Simmer eggs for seven min-', 'A ferry leaves the harbour.']) },
      { name: 'no.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 no more than this') },
    ])
    await report.getByText('eggs.pdf 2 documents').waitFor(LOADED)
    expect(await report.locator('.problem').textContent()).toMatch(/^no\.pdf 0 documents\. Invalid PDF/)
    await demo.ask('ferry')
    expect((await demo.page.locator('#reranked').textContent()) ?? '').toContain('eggs.pdf, 2')

    const folder = mkdtempSync(join(tmpdir(), 'page-rerank-folder-'))
    mkdirSync(join(folder, 'below'))
    writeFileSync(join(folder, 'below/notes.txt'), 'Bees find their way home by the sun.')
    writeFileSync(join(folder, 'picture.png'), 'no text')
    await demo.page.locator('#own-folder').setInputFiles(folder)
    await report.getByText('notes.txt 1 document').waitFor(LOADED)
    expect(await report.locator('li').count()).toBe(1)
    rmSync(folder, { recursive: true })
    // pdf.js says on the console that it repairs, and fails.
    expect(demo.errors).toEqual([])
  })

  test('own documents: a PDF whose fonts are not in it; what it needs of them is fetched with it', async () => {
    const own = await serve(DEMO)
    try {
      const context = await browser.newContext(DESKTOP)
      opened.push(context)
      const demo = await openIn(context, `${own.origin}/?corpus=own&model=${LATE_INTERACTION}`)
      const fonts = () => own.requests.map((path) => /([^/]+)-[\w-]{8}\.(?:bcmap|pfb|ttf)$/.exec(path)?.[1]).filter(Boolean)
      await demo.page.locator('#own-text').fill('No PDF yet')
      await demo.page.locator('#own-use-text').click()
      await demo.page.locator('#own-report').getByText('pasted text 1 document').waitFor(LOADED)
      expect(fonts()).toEqual([])
      await demo.page.locator('#own-files').setInputFiles([
        { name: 'zh.pdf', mimeType: 'application/pdf', buffer: pdfOf(['<4F60597D4E16754C>', '<5C4F5E555E384EAE>'], SONG) },
        // A letter that the font's own encoding has, and the standard one has not.
        { name: 'old.pdf', mimeType: 'application/pdf', buffer: pdfOf(['Der B\\344r schl\\344ft']) },
      ])
      await demo.page.locator('#own-report').getByText('zh.pdf 2 documents').waitFor(LOADED)
      await demo.page.getByTestId('query').fill('世界')
      await demo.page.locator('#first-stage [data-doc-id]').getByText('你好世界').waitFor()
      await demo.page.getByTestId('query').fill('Bär')
      await demo.page.locator('#first-stage [data-doc-id]').getByText('Der Bär schläft').waitFor()
      expect(fonts().toSorted()).toEqual(['Adobe-GB1-UCS2', 'LiberationSans-Regular', 'UniGB-UCS2-H'])
      expect(demo.errors).toEqual([])
    } finally {
      await own.close()
    }
  })

  test('own documents: what is taken while long PDFs are read stays', async () => {
    const demo = await openAgain(`/?corpus=own&model=${LATE_INTERACTION}`)
    const report = demo.page.locator('#own-report')
    await demo.page.locator('#own-text').fill('Dogs bark at night\nA cat sleeps all day')
    await demo.page.locator('#own-use-text').click()
    await report.getByText('pasted text 2 documents').waitFor(LOADED)
    const buffer = pdfOf(Array.from({ length: 400 }, (_, i) => `page ${i} ${'of a long report on harbours and ships '.repeat(20)}`))
    const files = ['long1.pdf', 'long2.pdf', 'long3.pdf'].map((name) => ({ name, mimeType: 'application/pdf', buffer }))
    const said = await report.evaluateHandle((list) => {
      const texts: (string | null)[] = []
      new MutationObserver(() => texts.push(list.textContent)).observe(list, { childList: true, subtree: true })
      return texts
    })
    const reading = demo.page.waitForEvent('worker', { predicate: (worker) => worker.url().includes('documents'), ...LOADED })
    await demo.page.locator('#own-files').setInputFiles(files)
    await reading
    await demo.page.locator('#own-text').fill('Bees find their way home\nA cat climbs\nThe newest line')
    await demo.page.locator('#own-use-text').click()
    await report.getByText('pasted text 3 documents').waitFor(LOADED)
    expect(await said.jsonValue()).toContain('Opening …')
    await demo.ask('way home')
    // Nobody reads the long ones any more.
    await expect.poll(() => demo.page.workers().filter((worker) => worker.url().includes('documents')).length, LOADED).toBe(0)
    await demo.ask('climbs')
    expect(await report.textContent()).toBe('pasted text 3 documents')
    expect((await demo.ids('first-stage'))[0]).toBe('own-2')
    expect(demo.errors).toEqual([])
  })

  test('own documents: a folder with nothing to read says so, and what was read stays', async () => {
    const demo = await openAgain(`/?corpus=own&model=${LATE_INTERACTION}`)
    const report = demo.page.locator('#own-report')
    await demo.page.locator('#own-text').fill('A cat sleeps all day')
    await demo.page.locator('#own-use-text').click()
    await report.getByText('pasted text 1 document').waitFor(LOADED)
    const folder = mkdtempSync(join(tmpdir(), 'page-rerank-folder-'))
    writeFileSync(join(folder, 'report.docx'), 'no text')
    await demo.page.locator('#own-folder').setInputFiles(folder)
    await report.locator('.problem').getByText('There is no .txt').waitFor(LOADED)
    expect(await demo.page.locator('#own-count').textContent()).toBe('1')
    rmSync(folder, { recursive: true })
    expect(demo.errors).toEqual([])
  })

  test('own documents: what is read is shown as it is read, and what has no keyword is found', async () => {
    const demo = await openAgain(`/?corpus=own&model=${LATE_INTERACTION}`)
    await demo.page.locator('#own-text').fill('Dogs bark at night\nA cat sleeps all day\nNothing here')
    await demo.page.locator('#own-use-text').click()
    await demo.page.waitForSelector('[data-testid="reading"][data-state="done"][data-read="3"][data-total="3"]', LOADED)
    await demo.ask('cat')
    expect(await demo.ids('first-stage')).toEqual(['own-2'])
    expect((await demo.ids('reranked')).toSorted()).toEqual(['own-1', 'own-2', 'own-3'])
    expect(await demo.page.locator('[data-testid="reranked"] .missed').count()).toBe(2)
    expect(demo.errors).toEqual([])
  })

  test('speaks Chinese where the browser or the address does, and switches without losing anything', async () => {
    const demo = await open(`/?corpus=own&model=${LATE_INTERACTION}`, { locale: 'zh-TW' })
    const { page } = demo
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN')
    await page.locator('#own-text').fill('Dogs bark at night\nA cat sleeps all day')
    await page.locator('#own-use-text').click()
    await page.getByText('2 篇文档').waitFor()
    await demo.ask('cat')
    await page.locator('#summary', { hasText: '排完 2 条' }).waitFor()
    // Not one English text is left; names, code and the model's language aside.
    const left = await page.evaluate(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      const texts: string[] = []
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const parent = node.parentElement as HTMLElement
        if (!parent.closest('.result, [lang="en"], datalist, select, code, .wordmark, #language, textarea'))
          texts.push(node.textContent?.trim() ?? '')
      }
      return texts.filter((text) => /[a-z]{3,} [a-z]{2,}/i.test(text) && !/\p{Script=Han}|^(Web API|MDN Web Docs)$/u.test(text))
    })
    expect(left).toEqual([])

    await page.locator('#language').click()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en')
    await page.locator('#summary', { hasText: 'for 2 entries' }).waitFor()
    expect(await page.locator('#own-report').textContent()).toBe('粘贴的文本 2 documents')
    await page.waitForURL((url) => url.searchParams.get('lang') === 'en')
    await page.reload()
    expect(await page.locator('h1').textContent()).toContain('Read once')
    expect(demo.errors).toEqual([])
  })

  test('works offline after the first load, and makes no request while searching', async () => {
    const own = await serve(DEMO)
    try {
      const demo = await open('/?pool=30&q=screen', { origin: own.origin })
      await demo.done()
      await demo.page.waitForSelector('[data-testid="offline"][data-state="ready"]')

      const before = own.requests.length
      await demo.ask('take a picture with the webcam')
      expect(own.requests.slice(before)).toEqual([])
      expect(await demo.page.getByTestId('requests').getAttribute('data-count')).toBe('0')

      await own.close()
      await demo.page.reload()
      await demo.ask(WAKE_LOCK)
      expect((await demo.ids('reranked')).slice(0, 3).some((id) => /wakelock/i.test(id))).toBe(true)
      expect(await demo.page.evaluate(() => window.__pageRerank?.info.bytes.network)).toBe(0)
      expect(demo.errors).toEqual([])
    } finally {
      await own.close()
    }
  })

  test('counts a request that is made while searching', async () => {
    const demo = await openShared()
    // Until then requests are the index's.
    await demo.page.waitForSelector('[data-testid="reading"][data-state="done"]', LOADED)
    // In one task, so that the search is not over before.
    await demo.page.evaluate(() => {
      const query = document.querySelector('[data-testid="query"]') as HTMLInputElement
      query.value = 'another question'
      query.dispatchEvent(new Event('input', { bubbles: true }))
      return fetch('/icon.svg?counted')
    })
    await demo.done()
    await demo.page.waitForFunction(() => Number(document.querySelector<HTMLElement>('[data-testid="requests"]')?.dataset.count) > 0)
  })

  test('keeps the main thread free while the model loads and 50 documents are reranked', async () => {
    const tasks = await mainThreadTasks(browser, server.origin, async () => {
      const demo = await open(`/?pool=50&q=${encodeURIComponent(WAKE_LOCK)}`, { reducedMotion: 'no-preference' })
      await demo.done()
      // The last rows are still on their way.
      await demo.page.waitForTimeout(600)
    })
    // Loading, the first stage, a few provisional orders, the final one.
    expect(tasks.length).toBeGreaterThan(5)
    expect(tasks.filter(({ processor }) => processor > 50)).toEqual([])
  })

  test('says why a model cannot be loaded, and recovers with another', async () => {
    const demo = await openAgain('/?q=screen&pool=30&model=/models/missing/')
    await demo.page.waitForSelector('[data-testid="reranked"][data-state="error"]')
    expect(await demo.page.getByTestId('error').textContent()).toContain('config.json')
    // The first stage needs no model.
    expect(await demo.ids('first-stage')).not.toEqual([])
    await demo.page.locator('#model').fill('')
    await demo.page.locator('#model').press('Enter')
    await demo.done()
    expect(await demo.page.getByTestId('error').isVisible()).toBe(false)
  })

  test('says what to do when the Web APIs do not arrive, and searches own documents all the same', async () => {
    const broken = await serve({
      ...DEMO,
      handler: (_request, response, url) => {
        if (!url.pathname.endsWith('.json') || !url.pathname.includes('web-apis')) return false
        response.statusCode = 503
        response.end()
        return true
      },
    })
    try {
      const demo = await open('/?q=cat&pool=30&model=page-rerank-tiny-en', { origin: broken.origin })
      const notice = demo.page.getByTestId('error')
      await notice.waitFor()
      const advice = 'Look at the network connection, then try again; your own documents can be searched without them.'
      expect(await notice.textContent()).toContain(`The server answered 503 for their file. ${advice}`)
      expect(await demo.page.getByTestId('reranked').getAttribute('data-state')).toBe('error')

      await demo.page.getByRole('button', { name: 'Your own documents' }).click()
      await demo.page.locator('#empty', { hasText: 'There is nothing to search yet: paste text or choose files above.' }).waitFor()
      await demo.page.locator('#own-text').fill('Dogs bark at night\nA cat sleeps all day')
      await demo.page.locator('#own-use-text').click()
      await demo.done()
      expect((await demo.ids('reranked'))[0]).toBe('own-2')
    } finally {
      await broken.close()
    }
  })

  test('shows bytes while the model loads', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = await serve({
      ...DEMO,
      handler: async (_request, _response, url) => (url.pathname.endsWith('.onnx') ? held.then(() => false) : false),
    })
    try {
      const demo = await open('/?q=screen', { origin: slow.origin })
      await demo.page.waitForFunction(() => /\d MB/.test(document.querySelector('[data-testid="progress"]')?.textContent ?? ''))
      expect(await demo.page.getByTestId('reranked').getAttribute('data-state')).toBe('loading')
      // The first stage is there to be used, in both lists, and answers the next question too.
      await demo.page.waitForFunction(() => document.querySelectorAll('[data-testid="first-stage"] [data-doc-id]').length > 10)
      const entries = await demo.ids('first-stage')
      expect(await demo.ids('reranked')).toEqual(entries)
      await demo.page.getByTestId('query').fill('clipboard')
      await demo.page.waitForFunction(() => /clipboard/i.test(document.querySelector('[data-testid="reranked"]')?.textContent ?? ''))
      expect(await demo.page.getByTestId('reranked').getAttribute('data-state')).toBe('loading')
      release()
      await demo.done()
      expect(await demo.page.getByTestId('progress').isVisible()).toBe(false)
    } finally {
      release()
      await slow.close()
    }
  })

  test('is usable by keyboard', async () => {
    const demo = await openShared()
    await demo.ask('read a file')
    const focused = () =>
      demo.page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-doc-id]')?.dataset.docId ?? document.activeElement?.id)
    // In the box it is a letter like any other.
    await demo.page.getByTestId('query').blur()
    await demo.page.keyboard.press('/')
    expect(await focused()).toBe('query')
    expect(await demo.page.getByTestId('query').inputValue()).toBe('read a file')
    const [first, second] = await demo.ids('reranked')
    await demo.page.keyboard.press('ArrowDown')
    expect(await focused()).toBe(first)
    await demo.page.keyboard.press('ArrowDown')
    expect(await focused()).toBe(second)
    await demo.page.keyboard.press('Escape')
    expect(await focused()).toBe('query')
    await demo.page.getByRole('status').filter({ hasText: '30 entries ranked in' }).waitFor()
  })

  test('fits a phone: no sideways scroll, one list with the other a tap away', async () => {
    const demo = await open(`/?pool=30&q=${encodeURIComponent(WAKE_LOCK)}`, {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    })
    await demo.done()
    expect(await demo.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    const isShown = (list: string) => demo.page.getByTestId(list).isVisible()
    expect([await isShown('reranked'), await isShown('first-stage')]).toEqual([true, false])
    await demo.page.getByRole('button', { name: 'Keywords', exact: true }).tap()
    expect([await isShown('reranked'), await isShown('first-stage')]).toEqual([false, true])
  })

  describe('nothing moves while the page starts', () => {
    const phone = { viewport: { width: 412, height: 823 }, deviceScaleFactor: 1.75, isMobile: true, hasTouch: true }
    const desktop = { viewport: { width: 1920, height: 1600 } }
    const search = `/?pool=30&q=${encodeURIComponent(WAKE_LOCK)}`

    // Scripts that come when all is painted, as on a slow network.
    let painted = () => {}
    let late: TestServer
    beforeAll(async () => {
      let waiting = new Promise<void>(() => {})
      late = await serve({
        ...DEMO,
        handler: async (_request, _response, url) => {
          if (url.pathname === '/') {
            waiting = new Promise((resolve) => {
              painted = resolve
            })
          }
          if (/assets\/.*\.js$/.test(url.pathname)) await waiting
          return false
        },
      })
    })
    afterAll(() => late?.close())

    test.each([
      ['on a phone', '/', phone],
      ['on a phone, own documents', '/?corpus=own', phone],
      ['on a phone, in Chinese', '/?lang=zh', phone],
      ['on a phone, with a question', search, phone],
      ['on a tall screen, with a question', search, desktop],
    ])('%s', async (_, path, shape) => {
      const context = await browser.newContext(shape)
      opened.push(context)
      const page = await context.newPage()
      await page.addInitScript(() => {
        interface LayoutShift extends PerformanceEntry {
          value: number
          sources: { node: Node | null }[]
        }
        const shifts: { value: number; moved: string[] }[] = []
        Object.assign(window, { shifts })
        new PerformanceObserver((list) => {
          for (const { value, sources } of list.getEntries() as LayoutShift[]) {
            const name = (node: Node | null) =>
              node instanceof Element ? node.id || node.className || node.tagName : String(node?.nodeName)
            shifts.push({ value, moved: sources.map(({ node }) => name(node)) })
          }
        }).observe({ type: 'layout-shift', buffered: true })
      })
      await page.goto(`${late.origin}${path}`, { waitUntil: 'commit' })
      await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0)
      // The language is there before the scripts are.
      expect(await page.locator('h1').textContent()).toMatch(path.includes('zh') ? /^只读一遍/ : /^Read once/)
      painted()
      await page.waitForSelector('[data-testid="runtime"][data-device]', LOADED)
      if (path === search) await page.waitForSelector('[data-testid="reranked"][data-state="done"]', LOADED)
      await page.waitForSelector('[data-testid="offline"][data-state="ready"]')
      const shifts = await page.evaluate(() => Reflect.get(window, 'shifts') as { value: number; moved: string[] }[])
      const total = shifts.reduce((sum, { value }) => sum + value, 0)
      expect(total, JSON.stringify(shifts)).toBeLessThan(0.01)
    })
  })

  test('works where the host sends no isolation headers, and says so', async () => {
    const plain = await serve({ ...DEMO, isolated: false })
    try {
      const demo = await open(`/?q=screen&pool=30&model=${CROSS_ENCODER}`, { origin: plain.origin })
      await demo.done()
      expect(await demo.page.getByTestId('runtime').getAttribute('data-threads')).toBe('1')
      expect(await demo.page.getByTestId('runtime').textContent()).toContain('does not send COOP and COEP')
    } finally {
      await plain.close()
    }
  })
})
