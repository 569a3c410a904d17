// @ts-check
// node bench/full-size.js FOLDER [--dtype int8]: a model as large as bge-reranker-v2-m3 (`python -m training full-size --out FOLDER`), from a
// server that speaks the hub's addresses: pulled by a process that is killed twice, then loaded and run in Node and in Chromium on WASM.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createReranker } from 'page-rerank/node'
import { runnerImport } from 'vite'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dtype: { type: 'string', default: 'int8' }, load: { type: 'boolean', default: false } },
})
const dtype = /** @type {'int8' | 'q4'} */ (values.dtype)
const source = positionals[0] ?? 'training/.work/full-size'
const root = fileURLToPath(new URL('..', import.meta.url))
const weights = `onnx/model_${dtype}.onnx`
const PAIRS = 4

/** Pairs of about 128 tokens. */
const document = 'The harbour master writes down which boats came in, at what hour, and what they had on board. '.repeat(5)
const pairs = Array.from({ length: PAIRS }, (_, i) => /** @type {[string, string]} */ ([`which boats came in on day ${i}`, document]))

if (values.load) {
  console.log(JSON.stringify(await measure(await createReranker({ model: source, dtype, threads: 2 }), pairs)))
} else {
  await main()
}

async function main() {
  /** @type {typeof import('../test/support/hub.js')} */
  const { TestHub } = await load('test/support/hub.ts')
  /** @type {typeof import('../test/support/server.js')} */
  const { serve, LIBRARY_FOLDERS } = await load('test/support/server.ts')
  /** @type {typeof import('../test/support/browser.js')} */
  const { launchBrowser, openLibraryPage } = await load('test/support/browser.ts')

  const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', weights]
  const files = Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(source, name)))]))
  const size = statSync(join(source, weights)).size
  const hub = await TestHub.start([{ id: 'owner/full-size', files }])
  const folder = mkdtempSync(join(tmpdir(), 'page-rerank-'))
  const out = join(folder, 'full-size')
  const cleanUp = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', cleanUp)

  hub.pieceDelay = 1
  const pull = () =>
    spawn(process.execPath, [join(root, 'dist/cli.js'), 'pull', 'owner/full-size', '--dtype', dtype, '--out', out], {
      env: { ...process.env, HF_ENDPOINT: hub.host },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
  for (const share of [0.3, 0.6]) {
    const child = pull()
    while ((statSync(`${join(out, weights)}.partial`, { throwIfNoEntry: false })?.size ?? 0) < share * size) await pause(20)
    child.kill('SIGKILL')
    await once(child, 'exit')
    console.log(`killed with ${statSync(`${join(out, weights)}.partial`).size} of ${size} bytes`)
  }
  hub.pieceDelay = 0
  const last = pull()
  const [code] = await once(last, 'exit')
  const ranges = hub.requests
    .filter(({ path, status }) => path === weights && status !== 302)
    .map(({ status, range }) => `${status} ${range ?? ''}`)
  console.log(`third pull: exit code ${code}; answers to ${weights}: ${ranges.join(', ')}`)
  const same = readFileSync(join(out, weights)).equals(/** @type {Uint8Array} */ (files[weights]))
  console.log(`the file is ${same ? 'the same' : 'NOT the same'}; beside it: ${readdirSync(out).join(', ')}`)
  await hub.close()

  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), out, '--load', '--dtype', dtype], { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(child.stderr)
  console.log('Node:', child.stdout.trim())

  const server = await serve({ folders: { ...LIBRARY_FOLDERS, '/full-size/': out } })
  const browser = await launchBrowser({ measured: true })
  try {
    const page = await openLibraryPage(browser, server.origin)
    page.setDefaultTimeout(900_000)
    const found = await page.evaluate(
      async ({ measure, pairs, dtype }) => {
        const start = performance.now()
        const reranker = await globalThis.pageRerank.createReranker({ model: '/full-size/', device: 'wasm', dtype, cache: false })
        return new Function(`return ${measure}`)()(reranker, pairs, performance.now() - start)
      },
      { measure: measure.toString(), pairs, dtype },
    )
    console.log('Chromium, WASM:', JSON.stringify({ ...found, peakRssOfTheRenderer: largestRenderer() }))
  } finally {
    await browser.close()
    await server.close()
  }
}

/**
 * Seconds and bytes; also runs in the page, as text.
 *
 * @param {import('../src/types.js').Reranker} reranker
 * @param {[string, string][]} pairs
 */
async function measure(reranker, pairs) {
  const start = performance.now()
  const scores = await reranker.computeScore(pairs)
  const secondsPerPair = (performance.now() - start) / 1000 / pairs.length
  const { device, dtype, threads, timings, cost } = reranker.info
  await reranker.dispose()
  const peakRss = typeof process === 'undefined' ? undefined : process.resourceUsage().maxRSS * 1024
  return { device, dtype, threads, timings, cost, secondsPerPair, scores, peakRss }
}

/** Largest resident size that any of Chromium's renderers ever had, in bytes (Linux). */
function largestRenderer() {
  const sizes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) return 0
        return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
      } catch {
        return 0
      }
    })
  return Math.max(...sizes)
}

/**
 * @template Module
 * @param {string} path
 * @returns {Promise<Module>}
 */
async function load(path) {
  return /** @type {Module} */ ((await runnerImport(join(root, path))).module)
}
