// npm run soak [-- --calls N]: as many calls in one page of Chromium, with the built library and a real model; what its memory does.
import { parseArgs } from 'node:util'
import { launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve } from '../support/server.js'

/** Parts of the run after which the heap is measured; the first of them warms up. */
const PARTS = 20
/** How far the heap may be from where it was after the warm-up. */
const FLAT = 0.05

const { values } = parseArgs({ options: { calls: { type: 'string', default: '10000' } } })
const calls = Number(values.calls)
const server = await serve({ folders: LIBRARY_FOLDERS })
const browser = await launchBrowser()
try {
  const page = await openLibraryPage(browser, server.origin)
  const devtools = await page.context().newCDPSession(page)
  /** Bytes of the page’s heap after collections of garbage. */
  const heapBytes = async () => {
    await devtools.send('HeapProfiler.collectGarbage')
    return (await devtools.send('Runtime.getHeapUsage')).usedSize
  }
  await page.evaluate(async () => {
    const options = { model: '/reference/bert/', device: 'wasm', dtype: 'fp32' } as const
    Object.assign(globalThis, { soaked: await pageRerank.createReranker(options) })
  })
  const start = performance.now()
  const heaps: number[] = []
  for (let part = 0; part < PARTS; part++) {
    await page.evaluate(soak, { from: (part * calls) / PARTS, to: ((part + 1) * calls) / PARTS })
    heaps.push(await heapBytes())
    const mb = ((heaps.at(-1) as number) / 1e6).toFixed(3)
    console.log(`${String(((part + 1) * calls) / PARTS).padStart(7)} calls, ${mb} MB, ${Math.round((performance.now() - start) / 1000)} s`)
  }
  const warm = heaps[1] as number
  const furthest = heaps.slice(2).reduce((most, heap) => (Math.abs(heap - warm) > Math.abs(most - warm) ? heap : most), warm)
  const change = (furthest - warm) / warm
  const errors = page.errors
  console.log(`After warm-up the heap was off by ${(change * 100).toFixed(1)} % at the most; ${errors.length} errors in the page.`)
  for (const error of errors) console.error(`✗ ${error}`)
  process.exitCode = Math.abs(change) > FLAT || errors.length > 0 ? 1 : 0
} finally {
  await browser.close()
  await server.close()
}

/** Runs in the page: reranks, scores, aborts and supersedes, a hundred documents a call or a thousand. */
async function soak({ from, to }: { from: number; to: number }): Promise<void> {
  const { soaked } = globalThis as unknown as { soaked: Awaited<ReturnType<typeof pageRerank.createReranker>> }
  const ignoreStops = (error: unknown) => {
    if (!pageRerank.isAbortError(error)) throw error
  }
  for (let i = from; i < to; i++) {
    const documents = Array.from({ length: i % 100 === 0 ? 1000 : 5 + (i % 20) }, (_, j) => `document ${j} of ${i}`)
    const query = `query ${i}`
    if (i % 7 === 0) {
      const controller = new AbortController()
      const call = soaked.rerank(query, documents, { signal: controller.signal }).catch(ignoreStops)
      setTimeout(() => controller.abort(), i % 5)
      await call
    } else if (i % 7 === 1) {
      const older = soaked.rerank(query, documents, { key: 'box' }).catch(ignoreStops)
      await Promise.all([older, soaked.rerank(`${query} more`, documents, { key: 'box', onUpdate: () => undefined })])
    } else if (i % 7 === 2) await soaked.computeScore(documents.map((document) => [query, document] as const))
    else if (i % 7 === 3) await soaked.rerank(query, documents, { budgetMs: 20 })
    else await soaked.rerank(query, documents)
  }
}
