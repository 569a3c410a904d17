import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CreateRerankerOptions } from '../../src/client/options.js'
import { run } from '../node/run.js'
import { launchBrowser } from '../support/browser.js'
import { BLANK_PAGE, serve, type TestServer } from '../support/server.js'

/** A build that copies nothing and, being no module, knows no address of its own. */
let browser: Browser
let site: TestServer
let page: Page
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'page-rerank-assets-'))
  await run(['copy', join(folder, 'copied'), '--models', 'page-rerank-tiny-en,page-rerank-small-zh', '--no-webgpu'])
  const build = await rolldown({
    input: 'app.js',
    platform: 'browser',
    logLevel: 'silent',
    plugins: [
      {
        name: 'app',
        resolveId: (id) => (id === 'app.js' ? id : undefined),
        load: (id) => (id === 'app.js' ? `export { createReranker } from '${process.cwd()}/dist/index.js'` : undefined),
      },
    ],
  })
  await build.write({ file: join(folder, 'app.js'), format: 'iife', name: 'pageRerank', codeSplitting: false })
  site = await serve({
    folders: { '/': folder, '/no-worker/': join(folder, 'copied'), '/pages/': join(folder, 'copied') },
    handler: (_, response, url) => {
      if (url.pathname === '/no-worker/dist/worker.js') {
        response.statusCode = 404
        response.end()
        return true
      }
      if (/^\/pages\/dist\/(worker\.js|ort\/)/.test(url.pathname)) {
        response.setHeader('content-type', 'text/html; charset=utf-8')
        response.end('<!doctype html>')
        return true
      }
      if (url.pathname !== '/stale/dist/worker.js') return false
      response.setHeader('content-type', 'text/javascript')
      const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
      response.end(readFileSync('dist/worker.js', 'utf8').replaceAll(version, '0.0.1'))
      return true
    },
  })
  browser = await launchBrowser()
  page = await browser.newPage()
  await page.goto(`${site.origin}${BLANK_PAGE}`)
  await page.addScriptTag({ url: '/app.js' })
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  rmSync(folder, { recursive: true })
})

function load(
  options: Pick<CreateRerankerOptions, 'assetsPath'> & { model?: string; worker?: string },
  query = 'boil an egg',
  documents = ['Bananas are yellow.', 'Boil eggs for seven minutes.'],
) {
  return page.evaluate(
    async ({ options, query, documents }) => {
      try {
        const reranker = await pageRerank.createReranker(options)
        const { results } = await reranker.rerank(query, documents)
        const { info } = reranker
        await reranker.dispose()
        return { first: results[0]?.index, model: info.model, worker: info.worker, fallbacks: info.fallbacks }
      } catch (error) {
        const { name, code, message } = error as Error & { code?: string }
        return { name, code, message }
      }
    },
    { options, query, documents },
  )
}

test('says what to do where nobody knows the files’ addresses', async () => {
  expect(await load({})).toMatchObject({
    code: 'invalid-option',
    message: expect.stringMatching(/npx page-rerank copy DIR.*assetsPath/),
  })
})

test.each(['/copied/', '/copied', './copied/'])('finds worker, runtime and model in what was copied: %s', async (assetsPath) => {
  expect(await load({ assetsPath, model: 'page-rerank-tiny-en' })).toMatchObject({ first: 1, model: 'page-rerank-tiny-en', worker: true })
})

test('and a model of another package by its name', async () => {
  const outcome = await load({ assetsPath: '/copied/', model: 'page-rerank-small-zh' }, '怎么煮鸡蛋', [
    '香蕉是黄色的。',
    '把鸡蛋煮七分钟。',
  ])
  expect(outcome).toMatchObject({ first: 1, model: 'page-rerank-small-zh', worker: true })
})

test('names the address where nothing is, and the line that mends it', async () => {
  const outcome = await load({ assetsPath: '/nothing/', model: 'page-rerank-tiny-en' })
  expect(outcome).toMatchObject({
    name: 'ModelLoadError',
    code: 'model-not-found',
    message: expect.stringMatching(/http.*\/nothing\/models\/page-rerank-tiny-en\/.*npx page-rerank copy DIR/),
  })
})

test('a worker that is not there: it runs without, and names the address and the line that mends it', async () => {
  const outcome = await load({ assetsPath: '/no-worker/', model: 'page-rerank-tiny-en' })
  const reason = expect.stringMatching(/http.*\/no-worker\/dist\/worker\.js.*npx page-rerank copy DIR.*assetsPath/)
  const fallbacks = expect.arrayContaining([{ device: 'worker', code: 'worker-failed', reason }])
  expect(outcome).toMatchObject({ first: 1, worker: false, fallbacks })
})

test('a runtime that is not there, from a server that answers everything with a page', async () => {
  expect(await load({ assetsPath: '/pages/', model: 'page-rerank-tiny-en' })).toMatchObject({
    name: 'SessionError',
    message: expect.stringMatching(
      /http.*\/pages\/dist\/ort\/ort\.wasm\.bundle\.min\.mjs is missing .*npx page-rerank copy DIR.*assetsPath/,
    ),
  })
})

test('a worker of another version is refused, and says so', async () => {
  const outcome = await load({ assetsPath: '/copied/', worker: '/stale/dist/worker.js', model: 'page-rerank-tiny-en' })
  expect(outcome).toMatchObject({
    name: 'InvalidInputError',
    code: 'invalid-option',
    message: expect.stringMatching(
      /The worker is of page-rerank 0\.0\.1 and the page’s script of \d+\.\d+\.\d+\. Run "npx page-rerank copy/,
    ),
  })
})
