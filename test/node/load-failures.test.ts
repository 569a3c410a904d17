import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReranker } from 'page-rerank/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CreateRerankerOptions } from '../../src/node/options.js'
import type { ProgressEvent } from '../../src/types.js'
import { enlarge, filesOf, TestHub } from '../support/hub.js'

/** Only a dtype's own failure lets the next one be tried: everything else ends the load, as what it is, the first time. */
const MODEL = 'owner/two'
const Q8 = 'onnx/model_quantized.onnx'
const FP32 = 'onnx/model.onnx'

let hub: TestHub
let folder: string
const files = filesOf('test/reference/bert')
// By its name; what matters here is which file is asked for. Large enough to be caught in the middle.
const weights = enlarge(files[FP32] as Uint8Array, 1_000_000)
files[Q8] = weights

beforeAll(async () => {
  const { [Q8]: _, ...withoutQ8 } = files
  hub = await TestHub.start([
    { id: MODEL, files },
    { id: 'owner/one', files: withoutQ8 },
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
  await rm(folder, { recursive: true })
})

async function open(options: CreateRerankerOptions = {}) {
  const reranker = await createReranker({ model: MODEL, host: hub.host, ...options })
  const { info } = reranker
  await reranker.dispose()
  return info
}

/** Every file's answers, by the dtype that it is of. */
const asked = () => ({ q8: hub.statusesOf(Q8), fp32: hub.statusesOf(FP32) })

/** Path of a file in the cache. */
async function cached(file: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true })
  return join(folder, entries.find((entry) => entry.endsWith(file)) as string)
}

describe('an abort in the middle of the weights', () => {
  const inTheWeights = (act: () => void) => (event: ProgressEvent) => {
    if (event.status === 'progress' && event.file === Q8 && event.loaded > 100_000) act()
  }

  test.each([['an error'], [{ why: 'changed my mind' }], ['a word']])('rejects with the caller’s own reason: %j', async (given) => {
    hub.pieceDelay = 20
    const reason = given === 'an error' ? new Error('changed my mind') : given
    const controller = new AbortController()
    const onProgress = inTheWeights(() => controller.abort(reason))
    await expect(open({ signal: controller.signal, onProgress })).rejects.toBe(reason)
    expect(asked()).toEqual({ q8: [200], fp32: [] })
  })

  test('a timeout is told as one', async () => {
    hub.holdAt = TestHub.PIECE
    await expect(open({ signal: AbortSignal.timeout(700) })).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(asked().fp32).toEqual([])
  })
})

test('503 for good is a network failure after the retries of one file', async () => {
  hub.fail(Q8, { status: 503 }, 100)
  await expect(open()).rejects.toMatchObject({ name: 'ModelLoadError', code: 'download-failed', status: 503, file: Q8 })
  expect(asked()).toEqual({ q8: [503, 503, 503, 503], fp32: [] })
})

test('a refusal is told as one', async () => {
  hub.fail(Q8, { status: 403 }, 100)
  await expect(open()).rejects.toMatchObject({ name: 'ModelLoadError', code: 'access-denied', status: 403, file: Q8 })
  expect(asked()).toEqual({ q8: [403], fp32: [] })
})

test('a dtype that the model does not have gives way to the next', async () => {
  const info = await open({ model: 'owner/one' })
  expect(info).toMatchObject({ dtype: 'fp32', fallbacks: [{ dtype: 'q8', code: 'missing-file' }, { dtype: 'int8' }, { dtype: 'uint8' }] })
})

describe('a damaged file in the cache', () => {
  const damages: [string, (bytes: Buffer) => Uint8Array][] = [
    ['cut short', (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ['empty', () => Buffer.alloc(0)],
    ['overwritten', (bytes) => Buffer.alloc(bytes.length, 'x')],
    ['zeros', (bytes) => Buffer.alloc(bytes.length)],
  ]

  test.each(damages)('weights, %s: the same are fetched again, once', async (_, damage) => {
    await open()
    const path = await cached(Q8)
    await writeFile(path, damage(await readFile(path)))
    hub.reset()
    expect(await open()).toMatchObject({ dtype: 'q8', fallbacks: [], bytes: { network: weights.length } })
    expect(asked().fp32).toEqual([])
    expect((await readFile(path)).equals(weights)).toBe(true)
  })

  test('weights that are damaged on the hub too end the load as that, after one more download', async () => {
    await open()
    const broken = weights.subarray(0, 500_000)
    await writeFile(await cached(Q8), broken)
    hub.reset()
    hub.hasApi = false
    hub.replace(MODEL, Q8, broken)
    await expect(open()).rejects.toMatchObject({ name: 'ModelLoadError', code: 'model-file-invalid', file: Q8 })
    hub.replace(MODEL, Q8, weights)
    expect(asked()).toEqual({ q8: [200], fp32: [] })
  })

  test('weights, without a network: damaged, not missing', async () => {
    await open()
    await open({ dtype: 'fp32' })
    await writeFile(await cached(Q8), 'x')
    await expect(open({ localFilesOnly: true })).rejects.toMatchObject({ code: 'model-file-invalid', file: Q8 })
  })

  test.each(['config.json', 'tokenizer.json'])('%s: fetched again', async (file) => {
    await open()
    await writeFile(await cached(file), '{"half":')
    hub.reset()
    await open()
    expect(hub.statusesOf(file)).toEqual([200])
  })
})

describe('ColBERT models', () => {
  const stanford = filesOf('test/reference/colbert-bert')
  const exported = filesOf('test/reference/colbert-onnx')
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  const without = (files: Record<string, Uint8Array>, file: string) =>
    Object.fromEntries(Object.entries(files).filter(([path]) => path !== file))
  const said = JSON.parse(new TextDecoder().decode(exported['onnx_config.json'])) as object

  test.each([
    ['a graph without its projection', without(stanford, 'model.safetensors'), 'model-unsupported', /ends before the model's projection/],
    [
      'a marker that is no token',
      { ...exported, 'onnx_config.json': json({ ...said, query_prefix: '[X] ' }) },
      'model-file-invalid',
      /no token "\[X\] "/,
    ],
    [
      'no length of embeddings',
      { ...exported, 'onnx_config.json': json({ query_prefix: '[Q] ' }) },
      'model-unsupported',
      /how long its token embeddings are/,
    ],
    [
      'another length than the graph has',
      { ...exported, 'onnx_config.json': json({ ...said, embedding_dim: 32 }) },
      'model-unsupported',
      /× 32/,
    ],
    [
      'a projection cut short',
      { ...stanford, 'model.safetensors': (stanford['model.safetensors'] as Uint8Array).slice(0, 3000) },
      'model-file-invalid',
      /does not hold all of linear.weight/,
    ],
    ['no config at all', { 'tokenizer.json': exported['tokenizer.json'] as Uint8Array }, 'model-not-found', /config\.json is missing/],
  ] as const)('%s', async (_, files, code, message) => {
    await expect(createReranker({ model: files, dtype: 'fp32' })).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })
})
