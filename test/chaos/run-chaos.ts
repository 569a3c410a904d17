import { rolldown } from 'rolldown'
import { launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve } from '../support/server.js'
import type { EpochReport, runEpoch } from './page.js'

declare global {
  var chaosPage: { runEpoch: typeof runEpoch }
}

export interface ChaosOptions {
  seed: number
  /** How long to go on; the epoch that runs then is finished. */
  seconds: number
  /** Things done in an epoch. */
  steps?: number
  onEpoch?: (epoch: number, report: EpochReport) => void
}

export interface ChaosReport {
  epochs: number
  /** What did not hold, with the seed and the number of its epoch. */
  problems: string[]
  counts: Record<string, number>
  /** Bytes of the page's heap after collections of garbage: after the first epochs, and at the end. */
  heap: { warm: number; end: number }
}

/** Epochs after which what stays in memory is taken for all that has to. */
const WARM_UP = 10

/** What the heap may have grown to after them, for what browsers keep of code that runs often: a worker kept is far more. */
const MEMORY_BACK = 1.5

/** Call a reranker in every order of events that the seed leads to, in a real browser, with a runtime that fails at will. */
export async function runChaos({ seed, seconds, steps = 60, onEpoch }: ChaosOptions): Promise<ChaosReport> {
  const scripts = await bundleScripts()
  const server = await serve({
    folders: LIBRARY_FOLDERS,
    handler: (_, response, url) => {
      const script = scripts(url.pathname)
      if (script === undefined) return false
      response.setHeader('content-type', 'text/javascript')
      response.end(script)
      return true
    },
  })
  const browser = await launchBrowser()
  try {
    const page = await openLibraryPage(browser, server.origin)
    await page.addScriptTag({ type: 'module', content: "globalThis.chaosPage = await import('/chaos/page.js')" })
    await page.waitForFunction(() => 'chaosPage' in globalThis)
    const devtools = await page.context().newCDPSession(page)
    const heapBytes = async () => {
      await devtools.send('HeapProfiler.collectGarbage')
      return (await devtools.send('Runtime.getHeapUsage')).usedSize
    }
    const report: ChaosReport = { epochs: 0, problems: [], counts: {}, heap: { warm: 0, end: 0 } }
    const end = performance.now() + seconds * 1000
    while (performance.now() < end) {
      const epoch = report.epochs++
      const one = await page.evaluate((options) => chaosPage.runEpoch(options), { seed: seed * 100_003 + epoch, steps })
      one.problems.push(...page.errors.splice(0))
      report.problems.push(...one.problems.map((problem) => `seed ${seed}, epoch ${epoch}: ${problem}`))
      for (const [what, times] of Object.entries(one.counts)) report.counts[what] = (report.counts[what] ?? 0) + times
      if (report.epochs === WARM_UP) report.heap.warm = await heapBytes()
      onEpoch?.(epoch, one)
    }
    report.heap.end = await heapBytes()
    if (report.epochs > WARM_UP && report.heap.end > report.heap.warm * MEMORY_BACK) {
      report.problems.push(`seed ${seed}: the heap grew from ${report.heap.warm} to ${report.heap.end} bytes in ${report.epochs} epochs`)
    }
    return report
  } finally {
    await browser.close()
    await server.close()
  }
}

/** @returns the script at an address of the test server, if it is one of ours */
async function bundleScripts(): Promise<(path: string) => string | undefined> {
  const [page, runtime, worker] = await Promise.all(['page', 'runtime', 'worker'].map(bundle))
  return (path) => {
    if (path === '/chaos/page.js') return page
    if (path.startsWith('/chaos/ort/')) return runtime
    if (path === '/chaos/prepare.js') return worker
    return path === '/chaos/worker.js' ? "import '/chaos/prepare.js'\nimport '/dist/worker.js'" : undefined
  }
}

async function bundle(name: string): Promise<string> {
  const { output } = await (await rolldown({ input: `test/chaos/${name}.ts`, platform: 'browser' })).generate({ format: 'esm' })
  return output[0].code
}
