// @ts-check
// npm run bench [-- --counts 50,100,1000,all] [-- --runs N] [-- --patience SECONDS] [-- --model FOLDER] [-- --json FILE]: what ranking
// documents costs, by how many they are, on one thread: those that were read before, those that never were, the former cross-encoder
// (taken from git's history into .cache/), and transformers.js by hand with the same. What counts are the ratios: absolute times are
// this machine's. node bench/chart.js FILE draws it.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createReranker } from 'page-rerank/node'
import { chromium } from 'playwright-core'
import { preview } from 'vite'
import { requireBrowser } from '../scripts/browsers.js'
import { byHand } from './by-hand.js'
import { CONTENDERS, contenders, race } from './contenders.js'
import { readCorpus } from './corpus.js'
import { FORMER_FOLDER, FORMER_MODEL, fetchFormerModel } from './former-model.js'
import { describeMachine } from './machine.js'

/** @typedef {import('./contenders.js').Figure} Figure */
/** @typedef {{ place: string, info: import('../src/types.js').RerankerInfo, figures: Figure[] }} Place */

const { values } = parseArgs({
  options: {
    counts: { type: 'string', default: '50,100,1000,all' },
    runs: { type: 'string', default: '5' },
    patience: { type: 'string', default: '150' },
    places: { type: 'string', default: 'node,chromium' },
    model: { type: 'string', default: 'models/page-rerank-small-en' },
    json: { type: 'string' },
  },
})
const root = fileURLToPath(new URL('..', import.meta.url))
const { documents, queries } = await readCorpus()
const task = {
  documents,
  queries,
  counts: values.counts.split(',').map((one) => (one === 'all' ? documents.length : Number(one))),
  runs: Number(values.runs),
  patience: 1000 * Number(values.patience),
}
/** Folder of the ONNX Runtime that transformers.js was made for. */
const theirRuntime = `/${relative(root, dirname(createRequire(import.meta.resolve('@huggingface/transformers')).resolve('onnxruntime-web')))}/`
const average = Math.round(documents.join('').length / documents.length)

fetchFormerModel()
console.log(`One query on one thread, documents of ${average} characters; medians of ${task.runs} queries, fewer where one takes long.\n`)
console.log(`${describeMachine()}\n`)
/** @type {Place[]} */
const places = []
const run = { node: inNode, chromium: inChromium }
for (const name of values.places.split(',')) {
  const place = await run[/** @type {keyof typeof run} */ (name)]()
  places.push(place)
  showTable(place)
}
if (values.json)
  writeFileSync(
    values.json,
    `${JSON.stringify({ machine: describeMachine(), characters: average, contenders: CONTENDERS, places }, undefined, 1)}\n`,
  )

/** @returns {Promise<Place>} */
async function inNode() {
  const transformers = await import('@huggingface/transformers')
  const options = { model: `./${values.model}`, threads: 1 }
  const prepared = await createReranker(options)
  const unprepared = await createReranker({ ...options, states: { maxBytes: 0 } })
  const crossEncoder = await createReranker({ ...options, model: `./${FORMER_FOLDER}/${FORMER_MODEL}`, states: { maxBytes: 0 } })
  const hand = await byHand(transformers, `${root}${FORMER_FOLDER}/`, FORMER_MODEL, 'cpu')
  const figures = await race(contenders({ prepared, unprepared, crossEncoder, byHand: hand }), task, tell)
  const { info } = prepared
  await Promise.all([prepared, unprepared, crossEncoder].map((reranker) => reranker.dispose()))
  return { place: 'Node, onnxruntime-node', info, figures }
}

/** @returns {Promise<Place>} */
async function inChromium() {
  const server = await preview({ root, configFile: false, logLevel: 'error', build: { outDir: '.' }, preview: { port: 4391 } })
  const browser = await chromium.launch({
    executablePath: requireBrowser('chromium'),
    args: ['--no-sandbox', '--disable-background-networking'],
  })
  try {
    const page = await browser.newPage()
    await page.exposeFunction('tell', tell)
    await page.goto(`${server.resolvedUrls?.local[0]}bench/blank.html`)
    await page.addScriptTag({ type: 'module', content: pageScript() })
    await page.waitForFunction(() => 'bench' in globalThis, null, { timeout: 120_000 })
    const found = await page.evaluate((task) => /** @type {any} */ (globalThis).bench(task), task)
    return { place: 'Chromium, WASM', ...found }
  } finally {
    await browser.close()
    await server.close()
  }
}

/** In the page: both libraries. */
function pageScript() {
  return `
  import { createReranker } from '/dist/index.js'
  import * as transformers from '/node_modules/@huggingface/transformers/dist/transformers.min.js'
  import { byHand } from '/bench/by-hand.js'
  import { contenders, race } from '/bench/contenders.js'
  transformers.env.backends.onnx.wasm.wasmPaths = '${theirRuntime}'
  globalThis.bench = async (task) => {
    const options = { model: '/${values.model}/', device: 'wasm' }
    const prepared = await createReranker(options)
    const unprepared = await createReranker({ ...options, states: { maxBytes: 0 } })
    const crossEncoder = await createReranker({ ...options, model: '/${FORMER_FOLDER}/${FORMER_MODEL}/', states: { maxBytes: 0 } })
    const hand = await byHand(transformers, '/${FORMER_FOLDER}/', '${FORMER_MODEL}', 'wasm')
    const figures = await race(contenders({ prepared, unprepared, crossEncoder, byHand: hand }), task, tell)
    return { info: prepared.info, figures }
  }`
}

/** @param {Figure} figure */
function tell({ contender, documents, ms, runs }) {
  console.error(`${contender}, ${documents} documents: ${ms.toFixed(1)} ms (${runs})`)
}

/** @param {Place} place */
function showTable({ place, info: { model, revision, dtype, kept }, figures }) {
  const of = (/** @type {string} */ contender, /** @type {number} */ count) =>
    figures.find((one) => one.contender === contender && one.documents === count)?.ms
  console.log(
    `${place}; ${model} (${revision}, ${dtype})${kept ? `, ${(kept.bytes / 1e6).toFixed(1)} MB kept of ${kept.documents} documents` : ''}\n`,
  )
  console.log(`| documents | ${task.counts.join(' | ')} |\n|:--|${task.counts.map(() => '--:|').join('')}`)
  for (const [key, name] of Object.entries(CONTENDERS)) {
    const cells = task.counts.map((count) => {
      const ms = of(key, count)
      const theirs = of('byHand', count)
      if (ms === undefined) return '–'
      const ratio = theirs !== undefined && key !== 'byHand' ? ` (${(theirs / ms).toFixed(ms * 10 < theirs ? 0 : 1)}×)` : ''
      return `${ms.toFixed(ms < 100 ? 1 : 0)} ms${ratio}`
    })
    console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
  console.log()
}
