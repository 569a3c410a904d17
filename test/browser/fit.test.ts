import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProgressEvent } from '../../src/types.js'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** The size of a language model of 7 billion parameters, in the config of a small one. */
const LARGE = { hidden_size: 4096, num_hidden_layers: 32, num_attention_heads: 32, intermediate_size: 11_008 }

let server: TestServer
let browser: Browser
let page: LibraryPage

beforeAll(async () => {
  server = await serve({
    folders: { ...LIBRARY_FOLDERS, '/large/': 'test/reference/bert' },
    handler: (_, response, url) => {
      if (url.pathname !== '/large/config.json') return false
      response.end(JSON.stringify({ ...JSON.parse(readFileSync('test/reference/bert/config.json', 'utf8')), ...LARGE }))
      return true
    },
  })
  browser = await launchBrowser()
  page = await openLibraryPage(browser, server.origin)
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

test('a model that cannot fit is refused with the figures, before any of its weights is asked for', async () => {
  const error = await page.evaluate(async () => {
    try {
      return await withReranker({ model: '/large/', device: 'wasm', dtype: 'fp32' }, () => undefined)
    } catch (error) {
      const { name, code, message } = error as Error & { code: string }
      return { name, code, message }
    }
  })
  expect(error).toMatchObject({ name: 'SessionError', code: 'does-not-fit' })
  expect(error?.message).toMatch(/at least 20\.\d\d GB, and WebAssembly.* has 4\.29 GB/)
  expect(server.requests).toContain('/large/config.json')
  expect(server.requests.filter((path) => path.endsWith('.onnx'))).toEqual([])
})

test('what a pair will cost is told before the weights are fetched', async () => {
  const { events, cost } = await page.evaluate(async () => {
    const events: ProgressEvent[] = []
    const options = {
      model: '/reference/bert/',
      device: 'wasm',
      dtype: 'fp32',
      onProgress: (event: ProgressEvent) => events.push(event),
    } as const
    return { cost: await withReranker(options, (reranker) => reranker.info.cost), events }
  })
  const told = events.findIndex((event) => event.status === 'estimate')
  const fetched = events.findIndex((event) => event.status === 'initiate' && event.file.endsWith('.onnx'))
  expect(told).toBeGreaterThanOrEqual(0)
  expect(told).toBeLessThan(fetched)
  expect(events[told]).toMatchObject({ device: 'wasm', dtype: 'fp32', tokens: 128, ...cost })
  expect(cost?.gflop).toBeGreaterThan(0)
  expect(cost?.seconds).toBeGreaterThan(0)
})
