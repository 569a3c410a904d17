import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** A site's own model folder, with one file spoilt the way servers spoil files: `/spoilt/<how>/<file to spoil>/<path>`. */
let server: TestServer
let browser: Browser
let page: LibraryPage

beforeAll(async () => {
  server = await serve({
    folders: LIBRARY_FOLDERS,
    handler: (_, response, url) => {
      const [, how, target, path] = /^\/spoilt\/([^/]+)\/([^/]+)\/(.+)$/.exec(url.pathname) ?? []
      if (!how || !target || !path) return false
      let bytes: Buffer
      try {
        bytes = readFileSync(`test/reference/bert/${path}`)
      } catch {
        response.statusCode = 404
        response.end()
        return true
      }
      const spoil = path.endsWith(decodeURIComponent(target))
      if (spoil && how === 'missing') response.statusCode = 404
      if (spoil && how === 'forbidden') response.statusCode = 403
      if (spoil && how === 'html') bytes = Buffer.from('<!DOCTYPE html><title>My app</title>')
      if (spoil && how === 'truncated') bytes = bytes.subarray(0, bytes.length >> 1)
      if (spoil && how === 'cut') {
        // Promises more than it sends, then hangs up.
        response.setHeader('content-length', bytes.length)
        response.write(bytes.subarray(0, bytes.length >> 1))
        setTimeout(() => response.destroy(), 50)
        return true
      }
      response.end(bytes)
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

const open = (how: string, file: string) =>
  page.evaluate(
    async (model) => {
      const cached = async () => (await (await caches.open('transformers-cache')).keys()).map((request) => new URL(request.url).pathname)
      try {
        const info = await withReranker({ model, device: 'wasm', dtype: 'fp32' }, (reranker) => reranker.info)
        return { info, cached: await cached() }
      } catch (error) {
        const { name, code, file, message } = error as Error & { code: string; file: string }
        return { error: { name, code, file, message, isOurs: pageRerank.isRerankerError(error) }, cached: await cached() }
      }
    },
    `/spoilt/${how}/${encodeURIComponent(file)}/`,
  )

test.each([
  ['missing', 'config.json', 'model-not-found', /missing/],
  ['missing', 'tokenizer.json', 'model-not-found', /missing/],
  ['missing', 'model.onnx', 'model-not-found', /fp32 weights/],
  ['html', 'config.json', 'model-file-invalid', /HTML page/],
  ['html', 'tokenizer.json', 'model-file-invalid', /HTML page/],
  ['html', 'model.onnx', 'model-not-found', /no fp32 weights.*no model file/],
  ['truncated', 'tokenizer.json', 'model-file-invalid', /not valid JSON/],
  ['truncated', 'model.onnx', 'model-file-invalid', /not a complete ONNX model/],
  ['cut', 'model.onnx', 'download-failed', /broke off|could not be fetched/],
  ['forbidden', 'model.onnx', 'model-not-found', /no fp32 weights.*403/],
])('%s %s: an error that names the file, and nothing of it is cached', async (how, file, code, message) => {
  const { error, cached } = await open(how, file)
  expect(error).toMatchObject({ name: 'ModelLoadError', code, isOurs: true })
  expect(error?.file).toContain(file)
  expect(error?.message).toMatch(message)
  expect(cached.filter((path) => path.includes(`/${how}/`) && path.endsWith(file))).toEqual([])
})

test('the same folder, whole, loads', async () => {
  const { info } = await open('none', 'nothing')
  expect(info).toMatchObject({ dtype: 'fp32', device: 'wasm', worker: true })
})

test('a hub id is fetched from the host given, under transformers.js’s own cache keys', async () => {
  const cached = await page.evaluate(async (origin) => {
    const load = () =>
      pageRerank.createReranker({ model: 'owner/tiny', host: `${origin}/hub`, revision: 'v1', device: 'wasm', dtype: 'fp32' })
    const error = await load().catch((error) => error as Error & { code: string; file: string })
    return 'code' in error ? [error.code, error.file] : []
  }, server.origin)
  expect(cached).toEqual(['model-not-found', 'config.json'])
  expect(server.requests).toContain('/hub/owner/tiny/resolve/v1/config.json')
})
