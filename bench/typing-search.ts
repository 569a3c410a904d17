// npm run typing:search [-- --delay MS] [--text T]: types a question into a search box that createSearch serves, over MiniSearch and all
// entries of the demo's corpus, in Chromium. Says what a key costs the page (Event Timing), whether an older order was ever shown, and
// how many calls of rerank were under way at once.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { rolldown } from 'rolldown'
import type { Entry } from '../examples/example.js'
import { extractWebApis } from '../src/demo/corpus/web-apis.js'
import { launchBrowser, openLibraryPage } from '../test/support/browser.js'
import { LIBRARY_FOLDERS, serve } from '../test/support/server.js'
import { describeMachine } from './machine.js'

const MAX_INPUT_P95 = 50
const { values } = parseArgs({
  options: { delay: { type: 'string', default: '80' }, text: { type: 'string', default: 'keep my screen from going dark' } },
})

/** What the page saw. */
interface Seen {
  /** Milliseconds from a key to the next paint, those under 16 ms as 0. */
  inputs: number[]
  orders: { of: string; newest: string; stage: string }[]
  most: number
  rejections: string[]
}

const root = process.cwd()
const build = await rolldown({
  input: `${root}/examples/minisearch.js`,
  platform: 'browser',
  resolve: { alias: { 'page-rerank/search': `${root}/dist/search.js` } },
})
const example = (await build.generate({ format: 'esm', codeSplitting: false })).output[0].code
const corpus = readFileSync(`${root}/node_modules/@types/web/index.d.ts`, 'utf8')
const entries: Entry[] = extractWebApis(corpus).map(({ id, title, text }) => ({ id, title, body: text }))
const server = await serve({
  folders: LIBRARY_FOLDERS,
  handler(_, response, url) {
    const file = { '/example.js': ['text/javascript', example], '/entries.json': ['application/json', JSON.stringify(entries)] }[
      url.pathname
    ]
    if (!file) return false
    response.setHeader('content-type', file[0] as string)
    response.end(file[1])
    return true
  },
})
const browser = await launchBrowser({ measured: true })
try {
  const page = await openLibraryPage(browser, server.origin)
  await page.addScriptTag({ type: 'module', content: "globalThis.example = await import('/example.js')" })
  await page.waitForFunction(() => 'example' in globalThis)
  await page.evaluate(setUp)
  await page.waitForFunction(() => 'isRead' in globalThis, undefined, { timeout: 20 * 60_000 })
  const input = page.locator('#query')
  await input.pressSequentially('something else', { delay: Number(values.delay) })
  await input.fill('')
  await page.evaluate(() => {
    const { seen } = globalThis as unknown as { seen: Seen }
    Object.assign(seen, { inputs: [], orders: [], most: 0 })
  })
  await input.pressSequentially(values.text, { delay: Number(values.delay) })
  await page.waitForFunction((text) => {
    const last = (globalThis as unknown as { seen: Seen }).seen.orders.at(-1)
    return last?.of === text && last.stage === 'final'
  }, values.text)
  // Event Timing tells of a key some frames later.
  await page.waitForTimeout(1000)
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen)
  process.exitCode = report(seen, page.errors) ? 0 : 1
} finally {
  await browser.close()
  await server.close()
}

/** Runs in the page. */
async function setUp(): Promise<void> {
  const { searchWithMiniSearch } = (globalThis as unknown as { example: typeof import('../examples/minisearch.js') }).example
  const documents = await (await fetch('/entries.json')).json()
  const seen: Seen = { inputs: [], orders: [], most: 0, rejections: [] }
  addEventListener('unhandledrejection', ({ reason }) => seen.rejections.push(String(reason)))
  const input = Object.assign(document.createElement('input'), { id: 'query' })
  const list = document.createElement('ol')
  document.body.append(input, list)
  const reranker = await pageRerank.createReranker({ device: 'wasm' })
  let now = 0
  const counted = new Proxy(reranker, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'rerank') return value.bind(target)
      return async (...args: unknown[]) => {
        seen.most = Math.max(seen.most, ++now)
        try {
          return await value.apply(target, args)
        } finally {
          now--
        }
      }
    },
  })
  const { search } = searchWithMiniSearch({
    documents,
    reranker: counted,
    onUpdate({ query, results, stage }: { query: string; results: { document: Entry }[]; stage: string }) {
      seen.orders.push({ of: query, newest: input.value, stage })
      list.replaceChildren(
        ...results.slice(0, 10).map(({ document: { title } }) => Object.assign(document.createElement('li'), { textContent: title })),
      )
    },
  })
  input.addEventListener('input', () => search(input.value))
  new PerformanceObserver((entries) => {
    for (const { name, duration } of entries.getEntries()) if (name === 'keydown') seen.inputs.push(duration)
  }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit)
  Object.assign(globalThis, { seen })
  // The helper reads them too; this says when they are read.
  await reranker.prepare(documents, { text: ({ title, body }: Entry) => `${title}\n${body}` })
  Object.assign(globalThis, { isRead: true })
}

/** @returns whether all is as it should be */
function report({ inputs, orders, most, rejections }: Seen, errors: readonly string[]): boolean {
  const keys = values.text.length
  // Quicker ones are not told of.
  const all = [...Array(Math.max(0, keys - inputs.length)).fill(0), ...inputs.sort((one, other) => one - other)]
  const p95 = all[Math.ceil(0.95 * all.length) - 1] as number
  const stale = orders.filter(({ of, newest }) => of !== newest)
  const finals = orders.filter(({ stage }) => stage === 'final')
  console.log(`${describeMachine()}; Chromium ${browser.version()}`)
  console.log(`createSearch over MiniSearch, ${entries.length} documents, ${keys} keys, ${values.delay} ms each: "${values.text}"\n`)
  const checks: [name: string, value: string, isRight: boolean][] = [
    ['input latency, p95 (Event Timing)', `${p95 === 0 ? 'under 16' : p95} ms (at most ${MAX_INPUT_P95} ms)`, p95 <= MAX_INPUT_P95],
    ['longest', `${all.at(-1) === 0 ? 'under 16' : all.at(-1)} ms`, true],
    [
      'orders shown',
      `${orders.length}, ${finals.length} of them final; of an older text than the newest: ${stale.length}`,
      finals.length > 0 && stale.length === 0,
    ],
    ['calls of rerank at once', `${most} at most`, most === 1],
    ['unhandled rejections and errors', [...rejections, ...errors].join('; ') || 'none', rejections.length + errors.length === 0],
  ]
  for (const [name, value, isRight] of checks) console.log(`${isRight ? ' ' : '✗'} ${name}: ${value}`)
  return checks.every(([, , isRight]) => isRight)
}
