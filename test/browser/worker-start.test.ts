import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LocalRerankerInfo } from '../../src/types.js'
import { launchBrowser } from '../support/browser.js'
import { BLANK_PAGE, LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** Where a worker is hard to have: the library on another origin, and pages whose policies forbid this or that. */
let browser: Browser
/** The page's own. */
let site: TestServer
/** Where the library comes from. */
let cdn: TestServer

/** Policies by the address that has them. */
const POLICIES: Record<string, string> = {
  '/no-workers.html': "worker-src 'none'",
  '/no-blobs.html': "worker-src 'self'",
  '/trusted-types.html': "require-trusted-types-for 'script'; trusted-types page-rerank",
  '/sandboxed.html': 'sandbox allow-scripts',
  '/no-policy-for-us.html': "require-trusted-types-for 'script'; trusted-types 'none'",
}

beforeAll(async () => {
  const folders = LIBRARY_FOLDERS
  site = await serve({
    folders,
    handler: (_, response, url) => {
      const policy = POLICIES[url.pathname]
      if (!policy) return false
      response.setHeader('content-security-policy', policy)
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end('<!doctype html><html lang="en"><title>strict</title><link rel="icon" href="data:,"></html>')
      return true
    },
  })
  cdn = await serve({
    folders,
    handler: (_, response) => {
      response.setHeader('access-control-allow-origin', '*')
      response.setHeader('cross-origin-resource-policy', 'cross-origin')
      return false
    },
  })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([site?.close(), cdn?.close()])
})

interface Run {
  info: LocalRerankerInfo
  order: number[]
  /** Workers that the page tried to make. */
  attempts: string[]
  warnings: string[]
}

/** Rerank in a page, with the library from some origin. */
async function run(path: string, library: TestServer): Promise<Run> {
  const page: Page = await (await browser.newContext()).newPage()
  const warnings: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'warning' && message.text().startsWith('page-rerank')) warnings.push(message.text())
  })
  await page.goto(site.origin + path)
  // As text: the test runner would rewrite an import.
  await page.evaluate(`import('${library.origin}/dist/index.js').then((library) => { globalThis.pageRerank = library })`)
  const outcome = await page.evaluate(async (model) => {
    const attempts: string[] = []
    const Real = Worker
    globalThis.Worker = class extends Real {
      constructor(address: string | URL, options?: WorkerOptions) {
        attempts.push(String(address).replace(/^(blob|data):.*/, '$1'))
        super(address, options)
      }
    }
    const reranker = await pageRerank.createReranker({ model, dtype: 'fp32', device: 'wasm' })
    const { results } = await reranker.rerank('keep the screen on', ['bread', 'the screen stays on', 'salt'])
    const { info } = reranker
    await reranker.dispose()
    return { info, order: results.map((one) => one.index), attempts }
  }, `${library.origin}/reference/bert/`)
  await page.context().close()
  return { ...outcome, warnings }
}

let expected: number[]

test('from the page’s own origin it runs in the worker, and nothing is warned of', async () => {
  const { info, order, attempts, warnings } = await run(BLANK_PAGE, site)
  expect([info.worker, info.fallbacks, warnings]).toEqual([true, [], []])
  expect(attempts).toEqual([`${site.origin}/dist/worker.js`])
  expected = order
})

test('from another origin (a CDN) it runs in a worker too, with threads where the page may have them', async () => {
  const { info, order, attempts, warnings } = await run(BLANK_PAGE, cdn)
  expect([info.worker, info.fallbacks, warnings]).toEqual([true, [], []])
  expect(attempts).toEqual(['blob'])
  expect(order).toEqual(expected)
})

test('a document of an opaque origin, as in a sandboxed frame: in a worker, and what has no storage says so', async () => {
  const { info, order, attempts, warnings } = await run('/sandboxed.html', cdn)
  expect([info.worker, info.fallbacks, warnings]).toEqual([true, [], []])
  expect(attempts).toEqual(['data'])
  expect(order).toEqual(expected)
  const page = await browser.newPage()
  await page.goto(`${site.origin}/sandboxed.html`)
  await page.evaluate(`import('${cdn.origin}/dist/index.js').then((library) => { globalThis.pageRerank = library })`)
  expect(await page.evaluate(() => pageRerank.listCachedModels().catch(({ code }) => code))).toBe('storage-blocked')
  await page.close()
})

test('a page that takes addresses of scripts from trusted policies alone', async () => {
  for (const library of [site, cdn]) {
    const { info, order, attempts, warnings } = await run('/trusted-types.html', library)
    expect([info.worker, info.fallbacks, warnings]).toEqual([true, [], []])
    expect(attempts).toHaveLength(1)
    expect(order).toEqual(expected)
  }
})

describe('where it cannot be had, that is tried once, said once, and the page’s own thread works', () => {
  test.each([
    ['/no-workers.html', 'site', /could not be loaded/],
    ['/no-workers.html', 'cdn', /could not be loaded/],
    ['/no-blobs.html', 'cdn', /could not be loaded/],
    ['/no-policy-for-us.html', 'site', /TrustedScriptURL/],
  ] as const)('%s, the library from the %s', async (path, from, reason) => {
    const { info, order, attempts, warnings } = await run(path, from === 'cdn' ? cdn : site)
    expect(info).toMatchObject({
      worker: false,
      fallbacks: [{ device: 'worker', code: 'worker-failed', reason: expect.stringMatching(reason) }],
    })
    expect(attempts).toHaveLength(1)
    expect(warnings).toEqual([expect.stringMatching(/page's own thread/)])
    expect(order).toEqual(expected)
  })
})
