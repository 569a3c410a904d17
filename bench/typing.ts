// npm run typing [-- --model M] [--delay MS] [--text T]: types a question into the built demo, in Chromium, over all entries that the
// model has read, and says how long each key waits for its order, and whether anything shown was older than what was typed.
import { parseArgs } from 'node:util'
import { launchBrowser } from '../test/support/browser.js'
import { mainThreadTasks, type Task } from '../test/support/main-thread-tasks.js'
import { serve } from '../test/support/server.js'
import { describeMachine } from './machine.js'

const MAX_KEY_TO_ORDER_P95 = 150
const MAX_TASK = 50
/** Reading everything takes a busy machine minutes where there is no index. */
const READ_MS = 20 * 60_000

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    delay: { type: 'string', default: '80' },
    text: { type: 'string', default: 'keep my screen from going dark' },
  },
})
const { text, model } = values
const delay = Number(values.delay)

/** What the page saw. Milliseconds of its own clock. */
interface Seen {
  /** What was typed so far, and when. */
  keys: { text: string; at: number }[]
  /** Final orders: of which text, what had been typed by then, and when. */
  orders: { of: string; newest: string; at: number }[]
}

const server = await serve({ folders: { '/': 'demo-dist', '/reference/': 'test/reference' } })
const browser = await launchBrowser({ measured: true })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.goto(`${server.origin}/?${new URLSearchParams(model ? { model } : {})}`)
  await page.waitForSelector('[data-testid="reading"][data-state="done"]', { timeout: READ_MS })
  const info = await page.evaluate(() => {
    const { model, kind, device, dtype, threads, kept } = (window as unknown as { __pageRerank: { info: Record<string, unknown> } })
      .__pageRerank.info
    return { model, kind, device, dtype, threads, kept: kept as { documents: number; bytes: number } }
  })
  await page.evaluate(watch)
  const query = page.getByTestId('query')
  const type = async (what: string) => {
    await query.pressSequentially(what, { delay })
    await page.waitForFunction(
      (asked) => document.querySelector<HTMLElement>('[data-testid="reranked"][data-state="done"]')?.dataset.query === asked,
      what,
    )
  }
  // Compilers and caches: the first questions of a visit are not what typing is like.
  await type('something else')
  await query.fill('')
  await page.evaluate(() => {
    const { seen } = window as unknown as { seen: Seen }
    seen.keys.length = 0
    seen.orders.length = 0
  })
  const tasks = await mainThreadTasks(browser, server.origin, () => type(text))
  const seen = await page.evaluate(() => (window as unknown as { seen: Seen }).seen)
  process.exitCode = report(seen, tasks, info, browser.version(), errors) ? 0 : 1
} finally {
  await browser.close()
  await server.close()
}

/** Runs in the page: notes keys and final orders. */
function watch(): void {
  const input = document.querySelector<HTMLInputElement>('[data-testid="query"]')
  const list = document.querySelector<HTMLElement>('[data-testid="reranked"]')
  if (!input || !list) throw new Error('The page has no query or no list.')
  const seen: Seen = { keys: [], orders: [] }
  Object.assign(window, { seen })
  input.addEventListener('input', ({ timeStamp }) => seen.keys.push({ text: input.value.trim(), at: timeStamp }), { capture: true })
  new MutationObserver(() => {
    const of = list.dataset.query ?? ''
    // The same order is shown again when its reasons come.
    if (list.dataset.state !== 'done' || of === seen.orders.at(-1)?.of) return
    seen.orders.push({ of, newest: input.value.trim(), at: performance.now() })
  }).observe(list, { attributeFilter: ['data-query', 'data-state'] })
}

/** @returns whether all is as it should be */
function report(
  { keys, orders }: Seen,
  tasks: readonly Task[],
  info: { model: unknown; kind: unknown; device: unknown; dtype: unknown; threads: unknown; kept: { documents: number; bytes: number } },
  version: string,
  errors: readonly string[],
): boolean {
  const stale = orders.filter(({ of, newest }) => of !== newest)
  const waits = keys.flatMap(({ at, text }, i) => {
    // A key that the next one overtakes waits for the order of that one.
    const later = new Set(keys.slice(i).map((key) => key.text))
    const order = orders.find((one) => one.at >= at && later.has(one.of))
    return order ? [{ wait: order.at - at, isOvertaken: order.of !== text }] : []
  })
  const sorted = waits.map(({ wait }) => wait).sort((one, other) => one - other)
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.POSITIVE_INFINITY
  const task = tasks[0] ?? { processor: 0, clock: 0 }
  const clock = Math.max(...tasks.map((one) => one.clock))
  const ms = (value: number) => `${Math.round(value)} ms`
  console.log(`${describeMachine()}; Chromium ${version}`)
  console.log(
    `${info.model} (${info.kind}, ${info.device}, ${info.dtype}, ${info.threads} threads), ${info.kept.documents} entries read, ${(info.kept.bytes / 1e6).toFixed(1)} MB`,
  )
  console.log(`${keys.length} keys, ${delay} ms each: "${text}"\n`)
  const checks: [name: string, value: string, isRight: boolean][] = [
    ['orders shown', `${orders.length}, of an older text than the newest: ${stale.length}`, orders.length > 0 && stale.length === 0],
    ['keys without an order', String(keys.length - waits.length), waits.length === keys.length],
    ['key to order, p50', ms(quantile(0.5)), true],
    ['key to order, p95', `${ms(quantile(0.95))} (at most ${MAX_KEY_TO_ORDER_P95} ms)`, quantile(0.95) <= MAX_KEY_TO_ORDER_P95],
    ['longest', ms(quantile(1)), true],
    ['keys overtaken by the next', String(waits.filter(({ isOvertaken }) => isOvertaken).length), true],
    [
      'longest task of the main thread',
      `${ms(task.processor)} of processor time (at most ${MAX_TASK} ms), ${ms(clock)} by the clock`,
      task.processor <= MAX_TASK,
    ],
    ['errors in the page', errors.join('; ') || 'none', errors.length === 0],
  ]
  for (const [name, value, isRight] of checks) console.log(`${isRight ? ' ' : '✗'} ${name}: ${value}`)
  return checks.every(([, , isRight]) => isRight)
}
