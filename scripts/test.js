// @ts-check
// npm test [-- filter …]: everything, on a machine that has only Node. Each step counts as one test beside vitest's own.
// The last line is "N passed, N failed" (", N skipped" where there are any).
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { browserNames, browsers, findBrowser, findHeadlessShell, installBrowsers, requireBrowser } from './browsers.js'
import { countResults } from './count-results.js'
import { checkNode, installIfNeeded, npm, root } from './install.js'

checkNode()
const counts = { passed: 0, failed: 0, skipped: 0 }
const filters = process.argv.slice(2)

// The one waits for Debian's servers, the others work meanwhile.
const browsersInstalled = installBrowsers()
if (await step('dependencies', installIfNeeded)) {
  // A step that fails does not keep the next ones from saying what they find.
  await step('build of the library', () => npm('run', '--silent', 'build:lib'))
  await step('build of the demo', () => npm('run', '--silent', 'build:demo', '--', '--logLevel', 'warn'))
  await step('lint and format', () => npm('exec', '--silent', '--', 'biome', 'check', '.'))
  await step('types', () => npm('exec', '--silent', '--', 'tsc'))
  await step('browsers', lookForBrowsers)
  title('tests')
  await runVitest()
}
const { passed, failed, skipped } = counts
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 ? 1 : 0

/**
 * One check; failed where it returns false or throws.
 *
 * @param {string} name
 * @param {() => boolean | Promise<boolean>} run
 */
async function step(name, run) {
  title(name)
  const start = performance.now()
  let ok = false
  try {
    ok = await run()
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

/** Chromium has to be there; the others too in continuous integration. Elsewhere the tests of a browser that is missing are skipped. */
async function lookForBrowsers() {
  await browsersInstalled
  for (const name of browserNames) {
    const needed = name === 'chromium' || Boolean(process.env.CI)
    console.log(`${browsers[name].title}: ${(needed ? requireBrowser(name) : findBrowser(name)) ?? 'not installed, its tests are skipped'}`)
  }
  console.log(`Chromium's headless shell: ${findHeadlessShell() ?? 'not installed, the whole browser does its work, which takes longer'}`)
  return true
}

async function runVitest() {
  const folder = mkdtempSync(join(tmpdir(), 'page-rerank-results-'))
  const results = join(folder, 'results.json')
  const command = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const child = spawn(process.execPath, [...command, ...filters], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const status = await new Promise((resolve) => child.on('close', resolve))
  const failedBefore = counts.failed
  try {
    const { testResults } = JSON.parse(readFileSync(results, 'utf8'))
    // Who asks for some tests by their names knows that the others are skipped.
    const someOnly = filters.some((one) => /^(-t|--testNamePattern)/.test(one))
    const { silent, reasons, ...found } = countResults(testResults, { someOnly })
    for (const key of /** @type {const} */ (['passed', 'failed', 'skipped'])) counts[key] += found[key]
    for (const [reason, tests] of reasons) console.log(`${tests} skipped: ${reason}`)
    for (const name of silent) console.error(`✗ ${name}: skipped, and its name does not say why (describeWhere in test/support/needs.ts)`)
  } catch {
    console.error('vitest left no results.')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  // An error outside every test, or no test at all.
  if (status !== 0 && counts.failed === failedBefore) counts.failed++
}
