// @ts-check
// npm run test:hub: bge-reranker-v2-m3 as it is on the hub (or on the mirror that HF_ENDPOINT names) against the scores its
// model card's users publish. Downloads 2.3 GB, once: they stay in the cache. The last line is that of npm test; a hub that
// cannot be reached is counted as skipped, never as passed.
import { createReranker } from 'page-rerank/node'

const MODEL = 'onnx-community/bge-reranker-v2-m3-ONNX'
/** FlagReranker's, in fp16; ours are fp32. */
const TOLERANCE = 0.05
/** Milliseconds for the hub's first answer. */
const PATIENCE_MS = 20_000

const PANDA = 'what is panda?'
/** @type {{ name: string, pairs: [string, string][], normalize: boolean, expected: number[] }[]} */
const CASES = [
  { name: 'query and passage', pairs: [['query', 'passage']], normalize: false, expected: [-5.65234375] },
  { name: 'pandas', pairs: pandas(), normalize: false, expected: [-8.1875, 5.26171875] },
  { name: 'pandas, normalized', pairs: pandas(), normalize: true, expected: [0.00027803096387751553, 0.9948403768236574] },
]

const host = (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '')
const counts = { passed: 0, failed: 0, skipped: 0 }

const unreachable = await whyUnreachable()
if (unreachable) {
  console.log(`${host} cannot be reached (${unreachable}), so nothing was tested.`)
  counts.skipped = CASES.length
} else {
  try {
    await run()
  } catch (error) {
    console.error(/** @type {Error} */ (error).message)
    counts.failed = CASES.length - counts.passed
  }
}
const { passed, failed, skipped } = counts
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 ? 1 : 0

/** @returns {Promise<string | undefined>} */
async function whyUnreachable() {
  try {
    const response = await fetch(`${host}/${MODEL}/resolve/main/config.json`, { signal: AbortSignal.timeout(PATIENCE_MS) })
    await response.body?.cancel()
    return response.ok ? undefined : `it answered ${response.status}`
  } catch (error) {
    const { message, cause } = /** @type {Error} */ (error)
    return cause instanceof Error ? cause.message : message
  }
}

async function run() {
  const reranker = await createReranker({ model: MODEL, dtype: 'fp32', onProgress: report })
  for (const { name, pairs, normalize, expected } of CASES) {
    const scores = await reranker.computeScore(pairs, { normalize })
    // Compared as logits, where a tolerance means the same everywhere.
    const logit = (/** @type {number} */ score) => (normalize ? Math.log(score / (1 - score)) : score)
    const error = Math.max(...scores.map((score, i) => Math.abs(logit(score) - logit(/** @type {number} */ (expected[i])))))
    const ok = error <= TOLERANCE
    counts[ok ? 'passed' : 'failed']++
    console.log(`${ok ? '✓' : '✗'} ${name}: ${scores.join(', ')}, published ${expected.join(', ')}, off by ${error.toFixed(4)}`)
  }
  await reranker.dispose()
}

/** @returns {[string, string][]} */
function pandas() {
  const passage =
    'The giant panda (Ailuropoda melanoleuca), sometimes called a panda bear or simply panda, is a bear species endemic to China.'
  return [
    [PANDA, 'hi'],
    [PANDA, passage],
  ]
}

/** A line now and then. @param {import('../src/types.js').ProgressEvent} event */
function report(event) {
  if (event.status === 'done' || event.status === 'ready') console.log(event.status, 'file' in event ? event.file : event.model)
}
