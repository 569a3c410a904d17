import { createReranker } from 'page-rerank/node'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LocalReranker, Pair } from '../../src/types.js'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { freePort } from '../support/free-port.js'
import { endServed, startServe } from '../support/serve-command.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'
import { type RerankServer, serveAsTei } from '../support/tei-server.js'

/** A page and servers of other origins, which have the model that the page has, too. */
const MODEL = '/reference/bert/'
const PAIRS = Array.from({ length: 200 }, (_, i): Pair => [`query ${i % 5}`, `document ${i} ${'word '.repeat(i % 31)}`])

let browser: Browser
let site: TestServer
let model: LocalReranker
let server: RerankServer
let closed: RerankServer
let page: LibraryPage

declare global {
  var remote: typeof import('../../src/remote/index.js')
}

beforeAll(async () => {
  model = await createReranker({ model: 'test/reference/bert', runtime: 'ort-node', dtype: 'fp32' })
  server = await serveAsTei(model)
  closed = await serveAsTei(model, { cors: false })
  site = await serve({ folders: LIBRARY_FOLDERS })
  browser = await launchBrowser()
  page = await openLibraryPage(browser, site.origin)
  await page.addScriptTag({ type: 'module', content: "globalThis.remote = await import('/dist/remote.js')" })
  await page.waitForFunction(() => 'remote' in globalThis)
})

afterAll(async () => {
  endServed()
  await browser?.close()
  for (const one of [site, server, closed]) await one?.close()
  await model?.dispose()
})

test('two hundred pairs have the same logits in the page, in Node, and from a server that the page asks', async () => {
  const { here, there } = await page.evaluate(
    async ({ pairs, model, url }) => ({
      here: await withReranker({ model, device: 'wasm', dtype: 'fp32' }, (reranker) => reranker.computeScore(pairs)),
      there: await remote.createRemoteReranker({ url, flavour: 'tei', headers: { authorization: 'Bearer own' } }).computeScore(pairs),
    }),
    { pairs: PAIRS, model: MODEL, url: server.url },
  )
  const inNode = await model.computeScore(PAIRS)
  for (const [i, logit] of inNode.entries()) {
    expect(Math.abs((here[i] as number) - logit)).toBeLessThan(1e-4)
    expect(Math.abs((there[i] as number) - logit)).toBeLessThan(1e-4)
  }
  expect(new Set(inNode).size).toBeGreaterThan(100)
  expect(page.errors).toEqual([])
})

test('and through page-rerank serve, in either shape', async () => {
  const { url } = await startServe('test/reference/bert', '--dtype', 'fp32', '--cors', site.origin)
  const answers = await page.evaluate(
    ({ pairs, url }) =>
      Promise.all((['tei', 'cohere'] as const).map((flavour) => remote.createRemoteReranker({ url, flavour }).computeScore(pairs))),
    { pairs: PAIRS, url },
  )
  const inNode = await model.computeScore(PAIRS)
  for (const logits of answers)
    for (const [i, logit] of inNode.entries()) expect(Math.abs((logits[i] as number) - logit)).toBeLessThan(1e-4)
  expect(answers.map((logits) => logits.length)).toEqual([200, 200])
  expect(page.errors).toEqual([])
})

test('a server that does not allow the page: the error says where to look', async () => {
  const error = await page.evaluate(
    (url) =>
      remote
        .createRemoteReranker({ url, flavour: 'tei', maxRetries: 0 })
        .rerank('query', ['document'])
        .then(
          () => undefined,
          ({ name, code, message }) => ({ name, code, message }),
        ),
    closed.url,
  )
  expect(error).toMatchObject({
    name: 'RemoteError',
    code: 'remote-unavailable',
    message: expect.stringMatching(/allow this page \(CORS\)/),
  })
})

test('the server where the page has no model, and the page’s model where there is no server', async () => {
  const answered = await page.evaluate(
    async ({ model, url, nobody }) => {
      const here = (model: string) => () => pageRerank.createReranker({ model, device: 'wasm', dtype: 'fp32' })
      const there = (url: string) => () => remote.createRemoteReranker({ url, flavour: 'tei', maxRetries: 0 })
      const whoAnswers = async (makers: Parameters<typeof remote.createFallbackReranker>[0]) => {
        const reranker = await remote.createFallbackReranker(makers)
        const { unscored } = await reranker.rerank('query', ['one', 'two'])
        const { server, device } = reranker.info
        await reranker.dispose()
        return [unscored, server?.url ?? device]
      }
      return [
        await whoAnswers([here('/no/such/model/'), there(url)]),
        await whoAnswers([there(nobody), here(model)]),
        await whoAnswers([here(model), there(url)]),
      ]
    },
    { model: MODEL, url: server.url, nobody: `http://127.0.0.1:${await freePort()}` },
  )
  expect(answered).toEqual([
    [0, `${server.url}/rerank`],
    [0, 'wasm'],
    [0, 'wasm'],
  ])
})
