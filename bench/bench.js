// @ts-check
// npm run bench [-- --pool N] [-- --runs N]: page-rerank beside transformers.js used by hand, same model, same file, same run.
// What counts are the ratios: absolute times are this machine's.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createReranker } from 'page-rerank/node'
import { chromium } from 'playwright-core'
import { preview } from 'vite'
import { requireBrowser } from '../scripts/browsers.js'
import { byHand } from './by-hand.js'
import { describeMachine } from './machine.js'

const { values } = parseArgs({ options: { pool: { type: 'string', default: '50' }, runs: { type: 'string', default: '5' } } })
const pool = Number(values.pool)
const runs = Number(values.runs)
const root = fileURLToPath(new URL('..', import.meta.url))
const query = 'how do I keep the phone screen from turning off while my page is open'
const documents = sentences(pool)

/** Folder of the ONNX Runtime that transformers.js was made for. */
const theirRuntime = `/${relative(root, dirname(createRequire(import.meta.resolve('@huggingface/transformers')).resolve('onnxruntime-web')))}/`

/** In the page: both libraries, then `alternate` as it stands below.  */
const PAGE_SCRIPT = `
  import { createReranker } from '/dist/index.js'
  import * as transformers from '/node_modules/@huggingface/transformers/dist/transformers.min.js'
  import { byHand } from '/bench/by-hand.js'
  transformers.env.backends.onnx.wasm.wasmPaths = '${theirRuntime}'
  globalThis.bench = async (query, documents, runs) => {
    const reranker = await createReranker({ device: 'wasm' })
    const hand = await byHand(transformers, '/public/models/', 'page-rerank-small-en', 'wasm')
    const times = await (${alternate})(() => reranker.rerank(query, documents), () => hand(query, documents), runs)
    return { ...times, threads: reranker.info.threads }
  }`

console.log(
  `One query, ${pool} documents of ${Math.round(documents.join('').length / pool)} characters; median of ${runs} after 2 to warm up.\n`,
)
console.log(`${describeMachine()}\n`)
console.log('| where | threads | page-rerank | transformers.js by hand | ratio |\n|:--|--:|--:|--:|--:|')
row('Node, CPU (onnxruntime-node, q8)', await inNode())
for (const [name, isolated] of /** @type {const} */ ([
  ['Chromium, WASM, one thread', false],
  ['Chromium, WASM, cross-origin isolated', true],
])) {
  row(name, await inChromium(isolated))
}

/**
 * @param {string} name
 * @param {{ ours: number, theirs: number, threads: number }} measured milliseconds, and page-rerank's threads
 */
function row(name, { ours, theirs, threads }) {
  console.log(`| ${name} | ${threads} | ${ours.toFixed(0)} ms | ${theirs.toFixed(0)} ms | ${(theirs / ours).toFixed(2)} |`)
}

async function inNode() {
  const transformers = await import('@huggingface/transformers')
  const reranker = await createReranker()
  const hand = await byHand(transformers, `${root}public/models/`, 'page-rerank-small-en', 'cpu')
  const times = await alternate(
    () => reranker.rerank(query, documents),
    () => hand(query, documents),
    runs,
  )
  const { threads } = reranker.info
  await reranker.dispose()
  return { ...times, threads }
}

/** @param {boolean} isolated whether WASM may have threads */
async function inChromium(isolated) {
  const headers = isolated ? { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' } : {}
  const server = await preview({ root, configFile: false, logLevel: 'error', build: { outDir: '.' }, preview: { headers, port: 4391 } })
  const browser = await chromium.launch({
    executablePath: requireBrowser('chromium'),
    args: ['--no-sandbox', '--disable-background-networking'],
  })
  try {
    const page = await browser.newPage()
    await page.goto(`${server.resolvedUrls?.local[0]}bench/blank.html`)
    await page.addScriptTag({ type: 'module', content: PAGE_SCRIPT })
    await page.waitForFunction(() => 'bench' in globalThis, null, { timeout: 120_000 })
    return await page.evaluate(({ query, documents, runs }) => /** @type {any} */ (globalThis).bench(query, documents, runs), {
      query,
      documents,
      runs,
    })
  } finally {
    await browser.close()
    await server.close()
  }
}

/**
 * The two in turn, so that both see the same machine. Also runs in the page, as text.
 *
 * @param {() => Promise<unknown>} ours
 * @param {() => Promise<unknown>} theirs
 * @param {number} runs
 */
async function alternate(ours, theirs, runs) {
  /** @type {[number[], number[]]} */
  const times = [[], []]
  for (let run = -2; run < runs; run++) {
    for (const [i, work] of [ours, theirs].entries()) {
      const start = performance.now()
      await work()
      if (run >= 0) /** @type {number[]} */ (times[i]).push(performance.now() - start)
    }
  }
  const [ourMedian, theirMedian] = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1])
  return { ours: /** @type {number} */ (ourMedian), theirs: /** @type {number} */ (theirMedian) }
}

// A function and not a constant's initialiser: it is used above, before this line is reached.
/** @param {number} count */
function sentences(count) {
  const source = readFileSync(fileURLToPath(import.meta.resolve('@types/web/index.d.ts')), 'utf8')
  const found = [...source.matchAll(/\/\*\*\n\s+\* (?:The \*\*`[^*]+`\*\* )?([^\n@]{60,300})\n/g)].map(([, text]) =>
    String(text).replaceAll(/[*`]/g, ''),
  )
  const step = Math.floor(found.length / count)
  return Array.from({ length: count }, (_, i) => String(found[i * step]))
}
