// @ts-check
// node bench/whole-corpus.js [--documents 5000,50000] [--calls N] [--model FOLDER] [--dist FOLDER]: what a call costs that ranks all
// documents of a late-interaction model, when they were read before: time until the answer, and how long the page's own thread is
// busy for it. The encoder is made up (fake-runtime.js), so that nothing but the library's own work is measured.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { requireBrowser } from '../scripts/browsers.js'
import { describeMachine } from './machine.js'

const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '5000,50000' },
    calls: { type: 'string', default: '20' },
    model: { type: 'string', default: 'models/page-rerank-small-en' },
    dist: { type: 'string', default: 'dist' },
  },
})

const TYPES = /** @type {Record<string, string>} */ ({ '.js': 'text/javascript', '.mjs': 'text/javascript', '.json': 'application/json' })

const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  try {
    response.setHeader('content-type', path === '/' ? 'text/html' : (TYPES[extname(path)] ?? 'application/octet-stream'))
    response.end(contentOf(path))
  } catch {
    response.statusCode = 404
    response.end()
  }
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())

console.log(`${describeMachine()}\n`)
console.log(
  '| documents | texts | topN | first call | a call: shortest, median | page thread: shortest, median | longest task | bytes kept |',
)
console.log('|--:|:--|--:|--:|--:|--:|--:|--:|')
const browser = await chromium.launch({
  executablePath: requireBrowser('chromium'),
  args: ['--no-sandbox', '--disable-background-networking'],
})
try {
  for (const count of values.documents.split(',').map(Number)) {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${port}/`)
    const devtools = await page.context().newCDPSession(page)
    // Of the thread itself, whatever else the machine does.
    await devtools.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' })
    await devtools.send('Performance.enable')
    const busy = async () => {
      const { metrics } = await devtools.send('Performance.getMetrics')
      return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0)
    }
    await page.evaluate(prepare, count)
    /** What asking for it costs by itself, in milliseconds a time. */
    const idle = await (async () => {
      const before = await busy()
      for (let i = 0; i < 10; i++) await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)))
      return ((await busy()) - before) / 10
    })()
    for (const options of [
      { fresh: true, topN: 10 },
      { fresh: false, topN: 10 },
      { fresh: true },
      { fresh: true, topN: 10, updates: true },
    ]) {
      const first = await page.evaluate(call, options)
      const times = []
      const threads = []
      const tasks = []
      for (let i = 0; i < Number(values.calls); i++) {
        const before = await busy()
        const { ms, longest } = await page.evaluate(call, options)
        threads.push((await busy()) - before - idle)
        times.push(ms)
        tasks.push(longest)
      }
      for (const list of [times, threads]) list.sort((a, b) => a - b)
      const texts = options.fresh ? 'made anew' : 'the same strings'
      console.log(
        `| ${count} | ${texts}${options.updates ? ', onUpdate' : ''} | ${options.topN ?? 'all'} | ${first.ms.toFixed(0)} ms | ${times[0]?.toFixed(0)}, ${times[times.length >> 1]?.toFixed(0)} ms | ${threads[0]?.toFixed(1)}, ${threads[threads.length >> 1]?.toFixed(1)} ms | ${Math.max(...tasks).toFixed(0)} ms | ${(first.bytes / 2 ** 20).toFixed(1)} MiB |`,
      )
    }
    await page.close()
  }
} finally {
  await browser.close()
  server.close()
}

/** @param {string} path */
function contentOf(path) {
  if (path === '/') return '<!doctype html><title>bench</title><link rel="icon" href="data:,">'
  if (path.startsWith('/fake/')) return readFileSync(new URL('fake-runtime.js', import.meta.url))
  if (path.startsWith('/dist/')) return readFileSync(values.dist + path.slice('/dist'.length))
  const file = values.model + path.slice('/model'.length)
  if (path.endsWith('.onnx')) return 'nothing that the fake runtime reads'
  if (!path.endsWith('page-rerank.json')) return readFileSync(file)
  // Made-up embeddings pass no canary, and the weights are not the manifest's.
  return JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), canaries: [], files: {} })
}

/**
 * In the page: documents of some 55 tokens, read.
 *
 * @param {number} count
 */
async function prepare(count) {
  const { createReranker } = await import(/** @type {any} */ ('/dist/index.js'))
  const reranker = await createReranker({
    model: '/model/',
    device: 'wasm',
    dtype: 'q8',
    wasmPaths: '/fake/',
    states: { maxBytes: 2 ** 30 },
  })
  const words =
    'the page keeps its screen awake while a request that can be released is held by an application and light sensors tell it'.split(' ')
  const hits = Array.from({ length: count }, (_, i) => ({
    title: `Entry ${i}`,
    body: Array.from({ length: 48 }, (_, j) => words[(i * 7 + j * (1 + (i % 5))) % words.length]).join(' '),
  }))
  const longest = { ms: 0 }
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration)
  }).observe({ entryTypes: ['longtask'] })
  const text = (/** @type {{ title: string, body: string }} */ hit) => `${hit.title}\n${hit.body}`
  await reranker.prepare(hits, { text })
  Object.assign(globalThis, { bench: { reranker, hits, text, texts: hits.map(text), longest, calls: 0 } })
}

/**
 * In the page: one call with a query of its own.
 *
 * @param {{ fresh: boolean, topN?: number, updates?: boolean }} options
 */
async function call({ fresh, topN, updates }) {
  const bench = /** @type {any} */ (globalThis).bench
  bench.longest.ms = 0
  const query = `how do I keep the screen awake ${bench.calls++}`
  const start = performance.now()
  const options = { topN, onMismatch: 'ignore', ...(updates && { onUpdate: () => undefined }) }
  await (fresh
    ? bench.reranker.rerank(query, bench.hits, { ...options, text: bench.text })
    : bench.reranker.rerank(query, bench.texts, options))
  const ms = performance.now() - start
  // Long tasks are told of after their end.
  await new Promise((resolve) => setTimeout(resolve, 100))
  return { ms, longest: bench.longest.ms, bytes: bench.reranker.info.kept?.bytes ?? 0 }
}
