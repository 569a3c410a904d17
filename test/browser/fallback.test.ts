import { createReranker } from 'page-rerank/node'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CreateRerankerOptions } from '../../src/client/options.js'
import type { LocalRerankerInfo } from '../../src/types.js'
import { type LibraryPage, launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'

// A session compiles its shaders on the CPU, several seconds of it; a lost device is opened twice, beside another test file.
vi.setConfig({ testTimeout: 180_000 })

/**
 * What goes wrong with GPUs and workers, made to happen in a real Chromium on SwiftShader's WebGPU. Nothing in the
 * library knows of these tests: the faults are put into the browser's own objects before the worker script runs.
 */
const FAULTS: Record<string, string> = {
  none: '',
  'no-webgpu': `Object.defineProperty(WorkerNavigator.prototype, 'gpu', { get: () => undefined })`,
  'no-jspi': 'delete WebAssembly.Suspending',
  'adapter-null': 'GPU.prototype.requestAdapter = async () => null',
  'session-fails': `GPUAdapter.prototype.requestDevice = async () => { throw new Error('out of memory') }`,
  // Says so where it got that far.
  'no-jspi-session-fails': `
    delete WebAssembly.Suspending
    GPUAdapter.prototype.requestDevice = async () => { await fetch('/asked-for-a-device'); throw new Error('out of memory') }`,
  'equal-scores': corruptReads('0'),
  'nan-logits': corruptReads('NaN'),
  'nan-later': corruptReads('NaN', 'self.corrupt === true'),
  'first-device-off': `
    const request = GPUAdapter.prototype.requestDevice
    let devices = 0
    GPUAdapter.prototype.requestDevice = async function (...args) {
      devices++
      return (self.device = await request.apply(this, args))
    }
    const read = GPUBuffer.prototype.getMappedRange
    GPUBuffer.prototype.getMappedRange = function (...args) {
      const range = read.apply(this, args)
      const logits = new Float32Array(range, 0, range.byteLength >> 2)
      if (devices === 1 && this.usage & GPUBufferUsage.MAP_READ) logits.set(logits.map((logit) => logit + 0.9))
      return range
    }`,
  'device-destroyed': `
    const request = GPUAdapter.prototype.requestDevice
    GPUAdapter.prototype.requestDevice = async function (...args) { return (self.device = await request.apply(this, args)) }`,
}

/** Every number read back from the GPU becomes this one. */
function corruptReads(value: string, when = 'true'): string {
  return `
    const read = GPUBuffer.prototype.getMappedRange
    GPUBuffer.prototype.getMappedRange = function (...args) {
      const range = read.apply(this, args)
      if (${when} && this.usage & GPUBufferUsage.MAP_READ) new Float32Array(range, 0, range.byteLength >> 2).fill(${value})
      return range
    }`
}

/** Lets a test do something in the worker while a call runs. */
const REMOTE = `new BroadcastChannel('fault').onmessage = ({ data }) => (0, eval)(data)`

const QUERY = 'screen on'
/** Two batches, short: SwiftShader takes a moment for every token. */
const DOCUMENTS = Array.from({ length: 48 }, (_, i) => `${['screen', 'battery lamp', 'bread'][i % 3]} ${i}${' word'.repeat(i % 5)}`)
/** What is asked after it, of the session that is in use then. */
const AFTERWARDS = DOCUMENTS.slice(0, 6)

let server: TestServer
let browser: Browser
let page: LibraryPage
let expected: number[]
let expectedLogits: number[]
let expectedAfterwards: number[]
/** Enough of them that a call on WASM is still at work when its first provisional order arrives. */
const MANY = Array.from({ length: 6000 }, (_, i) => `${DOCUMENTS[i % DOCUMENTS.length]} number ${i}`)
let expectedOfMany: number[]

beforeAll(async () => {
  server = await serve({
    folders: { ...LIBRARY_FOLDERS, '/onnxruntime-web/': 'node_modules/onnxruntime-web/dist' },
    handler: (_, response, url) => {
      const fault = url.searchParams.get('fault')
      if (!url.pathname.startsWith('/faulty') || fault === null) return false
      response.setHeader('content-type', 'text/javascript')
      const code =
        url.pathname === '/faulty-worker.js'
          ? `import '/faulty.js?fault=${fault}'\nimport '/dist/worker.js'`
          : `${FAULTS[fault]}\n${REMOTE}`
      response.end(code)
      return true
    },
  })
  browser = await launchBrowser({ webgpu: true })
  page = await openLibraryPage(browser, server.origin)
  const reference = await createReranker({ model: 'test/reference/bert', dtype: 'fp32' })
  const { results } = await reference.rerank(QUERY, DOCUMENTS)
  expected = results.map((one) => one.index)
  expectedLogits = results.map((one) => (one.scored ? one.logit : Number.NaN))
  expectedAfterwards = (await reference.rerank(QUERY, AFTERWARDS)).results.map((one) => one.index)
  expectedOfMany = (await reference.rerank(QUERY, MANY)).results.map((one) => one.index)
  await reference.dispose()
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

interface Run {
  fault?: keyof typeof FAULTS
  worker?: string
  options?: Pick<CreateRerankerOptions, 'device' | 'dtype' | 'wasmPaths'>
  /** Script for the worker once the first provisional order arrived. */
  during?: string
  /** Terminate the worker once the first provisional order arrived. */
  kill?: boolean
  documents?: string[]
}

/** Rerank in the page under a fault. */
function run({ fault = 'none', worker, options = {}, during, kill = false, documents = DOCUMENTS }: Run) {
  return page.evaluate(
    async ({ fault, worker, options, during, kill, query, documents, afterwards }) => {
      let started: Worker | undefined
      const makeWorker = () => {
        started = new Worker(`/faulty-worker.js?fault=${fault}`, { type: 'module' })
        return started
      }
      const reranker = await pageRerank.createReranker({
        model: '/reference/bert/',
        device: 'webgpu',
        dtype: 'fp32',
        worker: worker ?? makeWorker,
        ...options,
      })
      const before = reranker.info
      let updates = 0
      const onUpdate = () => {
        if (updates++ > 0) return
        if (during) new BroadcastChannel('fault').postMessage(during)
        if (kill) started?.terminate()
      }
      const { results } = await reranker.rerank(query, documents, during || kill ? { onUpdate } : {})
      const again = await reranker.rerank(query, afterwards, { topN: 3 })
      const { info } = reranker
      await reranker.dispose()
      const logits = results.map((one) => (one.scored ? one.logit : Number.NaN))
      return { order: results.map((one) => one.index), logits, again: again.results.map((one) => one.index), before, info, updates }
    },
    { fault, worker, options, during, kill, query: QUERY, documents, afterwards: AFTERWARDS },
  )
}

function expectFallback(info: LocalRerankerInfo, device: string, code: string, reason: RegExp): void {
  expect(info.fallbacks.map((one) => [one.device, one.code])).toContainEqual([device, code])
  expect(info.fallbacks.find((one) => one.code === code)?.reason).toMatch(reason)
}

test('without a fault it runs on WebGPU, in the right order', async () => {
  const { order, info } = await run({})
  expect(info).toMatchObject({ device: 'webgpu', dtype: 'fp32', runtime: 'ort-web', worker: true, fallbacks: [] })
  expect(order).toEqual(expected)
})

describe('without JSPI', () => {
  test('it runs on WebGPU too, with a binary that is packed', async () => {
    server.requests.length = 0
    const { again, info } = await run({ fault: 'no-jspi', documents: AFTERWARDS })
    expect(info).toMatchObject({ device: 'webgpu', worker: true, fallbacks: [] })
    expect(again).toEqual(expectedAfterwards.slice(0, 3))
    expect(server.requests.filter((path) => path.includes('.wasm'))).toEqual(['/dist/ort/ort-wasm-simd-threaded.asyncify.wasm.gz'])
  })

  test('nor does it mind one that is not, of onnxruntime-web’s own in wasmPaths', async () => {
    server.requests.length = 0
    const { info } = await run({ fault: 'no-jspi-session-fails', options: { wasmPaths: '/onnxruntime-web/' }, documents: AFTERWARDS })
    expectFallback(info, 'webgpu', 'session-failed', /session could be created/)
    // ONNX Runtime started, and asked for a device.
    const binary = '/onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm'
    expect(server.requests).toEqual(expect.arrayContaining([binary, '/asked-for-a-device']))
  })
})

test.each([
  ['no-webgpu', 'unavailable', /no WebGPU/],
  ['adapter-null', 'no-adapter', /no adapter/],
  ['session-fails', 'session-failed', /session could be created/],
  ['equal-scores', 'self-test-failed', /same logit for every pair/],
  ['nan-logits', 'self-test-failed', /not numbers/],
] as const)('%s: it runs on WASM, says why, and the order is right', async (fault, code, reason) => {
  const { order, again, info } = await run({ fault })
  expect(info.device).toBe('wasm')
  expectFallback(info, 'webgpu', code, reason)
  expect(order).toEqual(expected)
  expect(again).toEqual(expectedAfterwards.slice(0, 3))
})

describe('a device destroyed in the middle of a run', () => {
  let lost: Awaited<ReturnType<typeof run>>
  beforeAll(async () => {
    // The first device's logits are off, so that they can be told from the second's.
    lost = await run({ fault: 'first-device-off', during: 'self.device.destroy()' })
  }, 180_000)

  test('is opened once more and the call still answers', () => {
    const { order, again, before, info, updates } = lost
    expect(before.device).toBe('webgpu')
    expect(updates).toBeGreaterThan(0)
    expectFallback(info, 'webgpu', 'device-lost', /lost/)
    expect(info.device).toBe('webgpu')
    expect(order).toEqual(expected)
    expect(again).toEqual(expectedAfterwards.slice(0, 3))
  })

  test('has left no number of its own in the order', () => {
    const { logits } = lost
    expect(Math.max(...logits.map((logit, i) => Math.abs(logit - (expectedLogits[i] as number))))).toBeLessThan(1e-3)
  })
})

test('a device that is lost again and again gives way to WASM', async () => {
  const during = 'setInterval(() => self.device.destroy(), 1)'
  const { order, before, info } = await run({ fault: 'device-destroyed', during })
  expect(before.device).toBe('webgpu')
  expect(info.device).toBe('wasm')
  expect(order).toEqual(expected)
})

test('logits that turn to NaN in the middle of a run never reach the caller', async () => {
  const { order, before, info } = await run({ fault: 'nan-later', during: 'self.corrupt = true' })
  expect(before.device).toBe('webgpu')
  expectFallback(info, 'webgpu', 'invalid-logits', /not numbers/)
  expect(info.device).toBe('wasm')
  expect(order).toEqual(expected)
})

test('a worker file that does not exist: it runs in the page’s thread and says so', async () => {
  const { order, info } = await run({ worker: '/no-such-worker.js', options: { device: 'wasm' } })
  expect(info).toMatchObject({ worker: false, device: 'wasm' })
  expectFallback(info, 'worker', 'worker-failed', /could not be loaded/)
  expect(order).toEqual(expected)
})

test('a worker that is killed is started again and the call still answers', async () => {
  const { order, again, info, updates } = await run({ kill: true, documents: MANY, options: { device: 'wasm' } })
  expect(updates).toBeGreaterThan(0)
  expect(info).toMatchObject({ worker: true, device: 'wasm' })
  // Seen at once by the lock that it held; where it was killed before it had the lock, by its silence.
  expectFallback(info, 'worker', 'worker-failed', /terminated|did not answer within/)
  expect(order.slice(0, 20)).toEqual(expectedOfMany.slice(0, 20))
  expect(again).toEqual(expectedAfterwards.slice(0, 3))
})

test('auto leaves a software GPU alone', async () => {
  const { order, info } = await run({ options: { device: 'auto' } })
  expect(info.device).toBe('wasm')
  expectFallback(info, 'webgpu', 'slower', /computes on the CPU/)
  expect(order).toEqual(expected)
})

test('int8 is never run on WebGPU', async () => {
  const error = await page.evaluate(async () => {
    try {
      await pageRerank.createReranker({ model: '/reference/bert/', device: 'webgpu', dtype: 'q8' })
    } catch (error) {
      return (error as Error).message
    }
  })
  // The model has no q8 file either, so nothing is left; with one it would run on WASM.
  expect(error).toMatch(/q8 weights/)
})
