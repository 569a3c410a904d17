import { readFile } from 'node:fs/promises'
import { createReranker } from 'page-rerank/node'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ModelFiles } from '../../src/types.js'
import { type BrowserPage, describeInEveryBrowser, launch, openLibrary } from '../support/every-browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'
import { cases, type Place } from './cases.js'

/** A two-layer BERT with random weights: every road is the real one, only the numbers mean nothing. */
const MODEL = 'bert'
const FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx']

describe.each(['ort-node', 'ort-web'] as const)('in Node, on %s', (runtime) => {
  const folder = `test/reference/${MODEL}`
  const place: Place = {
    create: (options) => createReranker({ model: folder, runtime, dtype: 'fp32', ...options }),
    modelFiles: async () =>
      Object.fromEntries(
        await Promise.all(FILES.map(async (path) => [path, new Uint8Array(await readFile(`${folder}/${path}`))])),
      ) as ModelFiles,
  }
  test.each(Object.keys(cases))('%s', (name) => (cases[name] as (typeof cases)[string])(place))
})

describeInEveryBrowser((name) => {
  let server: TestServer
  let page: BrowserPage

  beforeAll(async () => {
    const script = await bundleCases()
    server = await serve({
      folders: LIBRARY_FOLDERS,
      handler: (_, response, url) => {
        if (url.pathname !== '/contract.js') return false
        response.setHeader('content-type', 'text/javascript')
        response.end(script)
        return true
      },
    })
    page = await launch(name)
    await openLibrary(page, server.origin, { contract: '/contract.js' })
  })

  afterAll(async () => {
    await page?.close()
    await server?.close()
  })

  describe.each(['worker', 'page thread'] as const)('in the %s', (thread) => {
    test.each(Object.keys(cases))('%s', async (name) => {
      const failure = await page.evaluate(runCase, { name, folder: `/reference/${MODEL}/`, files: FILES, inWorker: thread === 'worker' })
      expect(failure).toBe('')
    })
  })
})

/** The suite as one script for the page. */
async function bundleCases(): Promise<string> {
  const bundle = await rolldown({ input: 'test/contract/cases.ts', platform: 'browser' })
  const { output } = await bundle.generate({ format: 'esm' })
  return output[0].code
}

/** Runs in the page. @returns what went wrong; empty where nothing did */
async function runCase({ name, folder, files, inWorker }: { name: string; folder: string; files: string[]; inWorker: boolean }) {
  const { contract } = globalThis as unknown as { contract: { cases: typeof cases } }
  const place: Place = {
    create: (options) =>
      pageRerank.createReranker({ model: folder, device: 'wasm', dtype: 'fp32', ...(inWorker ? {} : { worker: false }), ...options }),
    modelFiles: async () =>
      Object.fromEntries(
        await Promise.all(files.map(async (path) => [path, new Uint8Array(await (await fetch(folder + path)).arrayBuffer())] as const)),
      ),
  }
  try {
    await (contract.cases[name] as (typeof cases)[string])(place)
    return ''
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}
