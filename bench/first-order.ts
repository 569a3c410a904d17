// npm run first-order: what a first visit to the built demo downloads until everything has its first order, item by item, with the
// index that was built with the page and without it. Bytes are those of a server that compresses nothing; brotli beside them.
import { readFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'
import { launchBrowser } from '../test/support/browser.js'
import { serve } from '../test/support/server.js'
import { describeMachine } from './machine.js'

const READ_MS = 20 * 60_000
const QUESTION = 'stop the display from going dark'

console.log(`${describeMachine()}\n`)
for (const withIndex of [true, false]) {
  const server = await serve({
    folders: { '/': 'demo-dist' },
    handler: (_request, response, url) => {
      if (withIndex || !url.pathname.endsWith('.index')) return false
      response.statusCode = 404
      response.end()
      return true
    },
  })
  const browser = await launchBrowser({ measured: true })
  try {
    const page = await browser.newPage()
    const start = performance.now()
    await page.goto(`${server.origin}/?${new URLSearchParams({ q: QUESTION })}`)
    await page.waitForFunction(
      () => {
        const ranked = document.querySelector('#reranked-note')?.textContent ?? ''
        return document.querySelector('[data-testid="reranked"][data-state="done"]') && /^all /.test(ranked)
      },
      undefined,
      { timeout: READ_MS },
    )
    const seconds = (performance.now() - start) / 1000
    console.log(`## ${withIndex ? 'With' : 'Without'} an index: everything has its first order after ${seconds.toFixed(1)} s\n`)
    table([...new Set(server.requests)].filter((path) => withIndex || !path.endsWith('.index')))
  } finally {
    await browser.close()
    await server.close()
  }
}

/** Files that the server was asked for and has, largest first. */
function table(paths: readonly string[]): void {
  const items = paths.flatMap((path) => {
    try {
      const bytes = readFileSync(`demo-dist${path === '/' ? '/index.html' : path}`)
      return [{ path, bytes: bytes.length, brotli: brotli(bytes) }]
    } catch {
      return []
    }
  })
  const mb = (bytes: number) => (bytes / 1e6).toFixed(2)
  const sum = (key: 'bytes' | 'brotli') => mb(items.reduce((all, item) => all + item[key], 0))
  console.log('| file | MB | brotli |\n|---|--:|--:|')
  for (const item of items.sort((one, other) => other.bytes - one.bytes))
    console.log(`| ${item.path} | ${mb(item.bytes)} | ${mb(item.brotli)} |`)
  console.log(`| **all** | **${sum('bytes')}** | **${sum('brotli')}** |\n`)
}

function brotli(bytes: Uint8Array): number {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }).length
}
