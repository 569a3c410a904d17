import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { moveWeightsOut } from '../support/external-data.js'
import { filesOf } from '../support/hub.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

/** Models that the reader picks in the page, and weights in several files. */
const FOLDER = 'test/reference/bert'
const PARTS = ['model.onnx_data', 'model.onnx_data_1']
const { graph, parts } = moveWeightsOut(filesOf(FOLDER)['onnx/model.onnx'] as Uint8Array, PARTS)

let server: TestServer
let browser: Browser
let page: LibraryPage
let expected: number[]

beforeAll(async () => {
  server = await serve({
    folders: { ...LIBRARY_FOLDERS, '/split/': FOLDER },
    handler: (_, response, url) => {
      const name = /^\/split\/onnx\/(.+)$/.exec(url.pathname)?.[1]
      if (name === undefined) return false
      const bytes = name === 'model.onnx' ? graph : parts[name]
      response.statusCode = bytes ? 200 : 404
      response.end(bytes)
      return true
    },
  })
  browser = await launchBrowser()
  page = await openLibraryPage(browser, server.origin)
  expected = await page.evaluate(() =>
    withReranker({ model: '/reference/bert/', device: 'wasm', dtype: 'fp32' }, (reranker) => reranker.computeScore(['a', 'b'])),
  )
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

test('a folder picked with <input webkitdirectory>', async () => {
  await page.evaluate(() => {
    document.body.innerHTML = '<input type="file" webkitdirectory>'
  })
  await page.setInputFiles('input', FOLDER)
  const scores = await page.evaluate(() => {
    const { files } = document.querySelector('input') as HTMLInputElement
    return withReranker({ model: files as FileList, device: 'wasm', dtype: 'fp32' }, (reranker) => reranker.computeScore(['a', 'b']))
  })
  expect(scores).toEqual(expected)
})

test('a directory handle, with the model some folders down', async () => {
  const scores = await page.evaluate(
    async (paths) => {
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true })
      for (const path of paths) {
        let folder = await root.getDirectoryHandle('models', { create: true })
        const names = path.split('/')
        const name = names.pop() as string
        for (const one of names) folder = await folder.getDirectoryHandle(one, { create: true })
        const file = await (await folder.getFileHandle(name, { create: true })).createWritable()
        await file.write(await (await fetch(`/reference/bert/${path}`)).blob())
        await file.close()
      }
      return withReranker({ model: root, device: 'wasm', dtype: 'fp32' }, (reranker) => reranker.computeScore(['a', 'b']))
    },
    ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx'],
  )
  expect(scores).toEqual(expected)
})

test('a folder without a model says what is missing', async () => {
  const error = await page.evaluate(() =>
    pageRerank.createReranker({ model: [new File(['hello'], 'notes.txt')] }).then(
      () => undefined,
      ({ code, file }) => ({ code, file }),
    ),
  )
  expect(error).toEqual({ code: 'model-not-found', file: 'config.json' })
})

test('a graph whose weights are in two files beside it', async () => {
  const scores = await page.evaluate(() =>
    withReranker({ model: '/split/', device: 'wasm', dtype: 'fp32' }, (reranker) => reranker.computeScore(['a', 'b'])),
  )
  expect(Math.abs((scores[0] as number) - (expected[0] as number))).toBeLessThan(1e-5)
  expect(server.requests).toContain('/split/onnx/model.onnx_data_1')
})
