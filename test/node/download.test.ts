import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReranker } from 'page-rerank/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CreateRerankerOptions } from '../../src/node/options.js'
import type { ProgressEvent } from '../../src/types.js'
import { type Fault, filesOf, TestHub } from '../support/hub.js'

/** What goes wrong on the way from a hub to Node: each fault its error, and a second attempt that works. */
const MODEL = 'owner/tiny'
const WEIGHTS = 'onnx/model.onnx'

let hub: TestHub
let folder: string
beforeAll(async () => {
  const files = filesOf('test/reference/bert')
  hub = await TestHub.start([
    { id: MODEL, files },
    { id: 'owner/gated', files, token: 'hf_secret' },
  ])
})
afterAll(() => hub?.close())
beforeEach(async () => {
  hub.reset()
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-'))
  process.env.XDG_CACHE_HOME = folder
})
afterEach(async () => {
  delete process.env.XDG_CACHE_HOME
  delete process.env.HF_TOKEN
  await rm(folder, { recursive: true })
})

async function open(options: CreateRerankerOptions = {}) {
  const reranker = await createReranker({ model: MODEL, host: hub.host, dtype: 'fp32', ...options })
  const { info } = reranker
  const [score] = await reranker.computeScore(['a question', 'an answer'])
  await reranker.dispose()
  return { info, score }
}

const failure = (options?: CreateRerankerOptions) =>
  open(options).then(
    () => undefined,
    ({ name, code, file, status, message }) => ({ name, code, file, status, message }),
  )

/** Everything in the cache, by name. */
async function cached(): Promise<string[]> {
  const entries = await readdir(join(folder, 'page-rerank'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

const pathOf = (file: string, revision = hub.commitOf(MODEL)) =>
  join(folder, 'page-rerank', new URL(hub.host).host.replace(':', '_'), MODEL, 'resolve', revision, file)

test('a model of the hub: redirects, sizes and hashes, and the second time from disk', async () => {
  const first = await open()
  expect(first.info.bytes).toMatchObject({ cache: 0, local: 0 })
  hub.requests.length = 0
  const second = await open()
  expect(second.info.bytes).toMatchObject({ network: 0, cache: first.info.bytes.network })
  expect(second.score).toBe(first.score)
  expect(hub.requests).toEqual([])
  expect((await cached()).sort()).toEqual(['config.json', 'main', 'model.onnx', 'tokenizer.json', 'tokenizer_config.json'])
})

test.each([0.1, 0.5, 0.99])('cut at %d: it goes on where it stopped', async (cut) => {
  hub.fail(WEIGHTS, { cut })
  const { info } = await open()
  expect(info.dtype).toBe('fp32')
  expect(hub.statusesOf(WEIGHTS)).toEqual([200, 206])
  const { size } = await stat(pathOf(WEIGHTS))
  const start = Number(/\d+/.exec(hub.requests.at(-1)?.range ?? '')?.[0])
  expect(start).toBeGreaterThan(size * cut * 0.5)
})

test('cut again and again without a byte: an error; the next call goes on from what is there', async () => {
  hub.fail(WEIGHTS, { cut: 0.5 })
  hub.fail(WEIGHTS, { cut: 0 }, 4)
  expect(await failure()).toMatchObject({ name: 'ModelLoadError', code: 'download-failed', file: WEIGHTS })
  expect(await cached()).toContain('model.onnx.partial')
  hub.reset()
  await open()
  expect(hub.statusesOf(WEIGHTS)).toEqual([206])
  expect(await cached()).not.toContain('model.onnx.partial')
})

const FAULTS: [string, Fault, number, object][] = [
  ['wrong bytes', { corrupt: true }, 1, { code: 'model-file-invalid', message: /SHA-256/ }],
  ['HTML instead of the file', { html: true }, 1, { code: 'model-file-invalid', message: /has 43 bytes|HTML/ }],
  ['401', { status: 401 }, 1, { code: 'access-denied', status: 401, message: /HF_TOKEN/ }],
  ['403', { status: 403 }, 1, { code: 'access-denied', status: 403, message: /HF_TOKEN/ }],
  ['404', { status: 404 }, 1, { code: 'model-not-found' }],
  ['410', { status: 410 }, 1, { code: 'download-failed', status: 410 }],
  ['416', { status: 416 }, 4, { code: 'download-failed', status: 416 }],
  ['429 for an hour', { status: 429, headers: { 'retry-after': '3600' } }, 1, { code: 'download-failed', status: 429 }],
  ['503 for good', { status: 503 }, 4, { code: 'download-failed', status: 503 }],
  ['a redirect loop', { redirectLoop: true }, 25, { code: 'download-failed', message: /redirect/ }],
]

describe.each(['tokenizer.json', WEIGHTS])('%s', (file) => {
  test.each(FAULTS)('%s: a typed error, nothing kept of it, and a retry that works', async (_, fault, times, expected) => {
    hub.fail(file, fault, times)
    const { message, ...rest } = expected as { message?: RegExp }
    const error = await failure()
    expect(error).toMatchObject({ name: 'ModelLoadError', file: expect.stringContaining(file), ...rest })
    if (message) expect(error?.message).toMatch(message)
    const name = file.split('/').at(-1) as string
    expect((await cached()).filter((one) => one.startsWith(name))).toEqual([])
    hub.reset()
    expect((await open()).info.dtype).toBe('fp32')
  })

  test.each([
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }],
    ['503', { status: 503 }],
  ])('%s, once: tried again by itself', async (_, fault) => {
    hub.fail(file, fault)
    await open()
    expect(hub.statusesOf(file)).toEqual([(fault as { status: number }).status, 200])
  })
})

test('without the hub’s API the hash comes from the redirect', async () => {
  hub.hasApi = false
  hub.fail(WEIGHTS, { corrupt: true })
  expect(await failure()).toMatchObject({ code: 'model-file-invalid', message: expect.stringContaining('SHA-256') })
  await open()
})

test('a spoilt beginning is dropped, and the file fetched from its first byte', async () => {
  hub.fail(WEIGHTS, { cut: 0.5 })
  hub.fail(WEIGHTS, { cut: 0 }, 4)
  await failure()
  const partial = `${pathOf(WEIGHTS)}.partial`
  const bytes = await readFile(partial)
  await writeFile(
    partial,
    bytes.map((byte) => byte ^ 1),
  )
  hub.reset()
  await open()
  expect(hub.statusesOf(WEIGHTS)).toEqual([206, 200])
})

test('a file that changed on a mirror meanwhile, which tells no commits, is not built upon', async () => {
  const isMirror = () => Object.assign(hub, { hasApi: false, tellsCommit: false })
  isMirror()
  hub.fail(WEIGHTS, { cut: 0.5 })
  hub.fail(WEIGHTS, { cut: 0 }, 4)
  await failure()
  const old = filesOf('test/reference/bert')[WEIGHTS] as Buffer
  const changed = Buffer.from(old)
  changed.write('pytorcH', changed.indexOf('pytorch'))
  hub.replace(MODEL, WEIGHTS, changed)
  hub.reset()
  isMirror()
  await open()
  hub.replace(MODEL, WEIGHTS, old)
  expect(hub.statusesOf(WEIGHTS)).toEqual([206, 200])
  expect((await readFile(pathOf(WEIGHTS, 'main'))).equals(changed)).toBe(true)
})

test('two at once: one downloads, the other waits and reads', async () => {
  hub.pieceDelay = 20
  const [one, two] = await Promise.all([open(), open()])
  // Whichever of the two gets which.
  const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', WEIGHTS]
  for (const name of names) expect(hub.statusesOf(name)).toEqual([200])
  expect(one.score).toBe(two.score)
  const { bytes } = (await open()).info
  expect(one.info.bytes.network + two.info.bytes.network).toBe(bytes.cache)
})

test('a lock that a killed process left does not stand in the way', async () => {
  await open()
  await rm(pathOf(WEIGHTS))
  // Process ids end at 2^22.
  await writeFile(`${pathOf(WEIGHTS)}.lock`, `4194999@${hostname()}`)
  await open()
  expect(await cached()).not.toContain('model.onnx.lock')
})

test('files deleted from the cache between two loads are fetched again; what is loaded goes on', async () => {
  const reranker = await createReranker({ model: MODEL, host: hub.host, dtype: 'fp32' })
  const [before] = await reranker.computeScore(['a question', 'an answer'])
  await rm(join(folder, 'page-rerank'), { recursive: true })
  const [after] = await reranker.computeScore(['a question', 'an answer'])
  await reranker.dispose()
  expect(after).toBe(before)
  expect((await open()).info.bytes.network).toBeGreaterThan(0)
})

test('a cache that cannot be written to costs only the cache', async () => {
  await writeFile(join(folder, 'page-rerank'), 'a file where the folder should be')
  const { info } = await open()
  expect(info.bytes).toMatchObject({ cache: 0 })
  expect(info.bytes.network).toBeGreaterThan(0)
})

test('a gated model needs HF_TOKEN, which only the hub sees', async () => {
  expect(await failure({ model: 'owner/gated' })).toMatchObject({ code: 'access-denied', status: 401 })
  process.env.HF_TOKEN = 'hf_secret'
  hub.reset()
  await open({ model: 'owner/gated' })
  expect(hub.requests.filter((one) => one.path === WEIGHTS).map(({ status, authorization }) => [status, authorization])).toEqual([
    [302, 'Bearer hf_secret'],
    [200, undefined],
  ])
})

test('an abort ends the download; what has arrived stays', async () => {
  hub.pieceDelay = 50
  const controller = new AbortController()
  const onProgress = (event: ProgressEvent) => {
    if (event.status === 'progress' && event.file === WEIGHTS && event.loaded > 100_000) controller.abort()
  }
  await expect(open({ onProgress, signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' })
  expect((await stat(`${pathOf(WEIGHTS)}.partial`)).size).toBeGreaterThan(100_000)
  hub.reset()
  await open()
  expect(hub.statusesOf(WEIGHTS)).toEqual([206])
})
