// @ts-check
// npm test [-- filter …]: everything, on a machine that has only Node. Each step counts as one test beside vitest's own.
// The last line is "N passed, N failed" (", N skipped" where there are any).
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium } from './find-chromium.js'
import { checkNode, installIfNeeded, npm, root } from './install.js'

checkNode()
const counts = { passed: 0, failed: 0, skipped: 0 }
const filters = process.argv.slice(2)

if (step('dependencies', installIfNeeded)) {
  step('Chromium', () => console.log(findChromium({ install: true })))
  // A step that fails does not keep the next ones from saying what they find.
  step('build of the library', () => npm('run', '--silent', 'build:lib'))
  step('build of the demo', () => npm('run', '--silent', 'build:demo', '--', '--logLevel', 'warn'))
  step('lint and format', () => npm('exec', '--silent', '--', 'biome', 'check', '.'))
  step('types', () => npm('exec', '--silent', '--', 'tsc'))
  title('tests')
  runVitest()
}
const { passed, failed, skipped } = counts
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 ? 1 : 0

/**
 * One check; failed where it returns false or throws.
 *
 * @param {string} name
 * @param {() => boolean | void} run
 */
function step(name, run) {
  title(name)
  const start = performance.now()
  let ok = false
  try {
    ok = run() !== false
  } catch (error) {
    console.error(/** @type {Error} */ (error).message)
  }
  counts[ok ? 'passed' : 'failed']++
  console.log(`${ok ? '✓' : '✗'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  return ok
}

/** @param {string} name */
function title(name) {
  console.log(`\n── ${name}`)
}

function runVitest() {
  const folder = mkdtempSync(join(tmpdir(), 'page-rerank-results-'))
  const results = join(folder, 'results.json')
  const command = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const { status } = spawnSync(process.execPath, [...command, ...filters], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const failedBefore = counts.failed
  try {
    countResults(JSON.parse(readFileSync(results, 'utf8')))
  } catch {
    console.error('vitest left no results.')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  // An error outside every test, or no test at all.
  if (status !== 0 && counts.failed === failedBefore) counts.failed++
}

/**
 * A file that failed without a failed test (it could not be loaded, or a hook threw) is one failure.
 *
 * @param {{ testResults: { status: string, assertionResults: { status: string }[] }[] }} results vitest's JSON report
 */
function countResults({ testResults }) {
  for (const { status, assertionResults } of testResults) {
    const count = (/** @type {string} */ wanted) => assertionResults.filter((one) => one.status === wanted).length
    const passed = count('passed')
    const failed = count('failed')
    counts.passed += passed
    counts.failed += failed === 0 && status === 'failed' ? 1 : failed
    counts.skipped += assertionResults.length - passed - failed
  }
}
