import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReranker, deleteCachedModel, listCachedModels } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPickedFiles } from '../../src/model/picked-files.js'
import type { CreateRerankerOptions } from '../../src/node/options.js'
import type { Pair } from '../../src/types.js'
import { moveWeightsOut } from '../support/external-data.js'
import { filesOf, TestHub } from '../support/hub.js'
import { run } from './run.js'

/** Files with names of their own, in several parts, from folders, hubs and memory. */
const PAIRS: Pair[] = [
  ['how long does bread keep', 'A loaf keeps for three to five days.'],
  ['how long does bread keep', 'Bread is made from flour and water.'],
]
const PARTS = ['model.onnx_data', 'model.onnx_data_1', 'model.onnx_data_2']
const whole = filesOf('test/reference/bert')
const { graph, parts } = moveWeightsOut(whole['onnx/model.onnx'] as Uint8Array, PARTS)
const split = {
  ...whole,
  'onnx/model.onnx': graph,
  ...Object.fromEntries(PARTS.map((name) => [`onnx/${name}`, parts[name] as Uint8Array])),
}
const renamed = { ...whole, 'onnx/model_quint8_avx2.onnx': whole['onnx/model.onnx'] as Uint8Array }
delete (renamed as Record<string, unknown>)['onnx/model.onnx']

let hub: TestHub
let folder: string
let expected: number[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-'))
  process.env.XDG_CACHE_HOME = folder
  hub = await TestHub.start([
    { id: 'owner/split', files: split },
    { id: 'owner/renamed', files: renamed },
  ])
  await mkdir(join(folder, 'split/onnx'), { recursive: true })
  for (const [path, bytes] of Object.entries(split)) await writeFile(join(folder, 'split', path), bytes)
  expected = await score({ model: 'test/reference/bert', dtype: 'fp32' })
})
afterAll(async () => {
  delete process.env.XDG_CACHE_HOME
  await hub?.close()
  await rm(folder, { recursive: true })
})

async function score(options: CreateRerankerOptions): Promise<number[]> {
  const reranker = await createReranker(options)
  const scores = await reranker.computeScore(PAIRS)
  await reranker.dispose()
  return scores
}

describe.each(['ort-node', 'ort-web'] as const)('a graph with its weights in three files, %s', (runtime) => {
  test.each([
    ['a folder', () => ({ model: join(folder, 'split') })],
    ['a hub', () => ({ model: 'owner/split', host: hub.host })],
    ['a hub, uncached', () => ({ model: 'owner/split', host: hub.host, cache: false })],
    ['files in hand', () => ({ model: split })],
  ])('from %s', async (_, options) => {
    const scores = await score({ ...options(), dtype: 'fp32', runtime })
    for (const [i, logit] of scores.entries()) expect(Math.abs(logit - (expected[i] as number))).toBeLessThan(1e-5)
  })
})

test('a part that is missing is named', async () => {
  const files: Record<string, Uint8Array> = { ...split }
  delete files['onnx/model.onnx_data_1']
  await expect(createReranker({ model: files, dtype: 'fp32' })).rejects.toMatchObject({
    code: 'model-not-found',
    file: 'onnx/model.onnx_data_1',
  })
})

test('pull brings every part, and the folder loads', async () => {
  const out = join(folder, 'pulled')
  const { code, stdout } = await run(['pull', 'owner/split', '--host', hub.host, '--dtype', 'fp32', '--out', out])
  expect(code).toBe(0)
  expect(stdout).toContain('7 files')
  expect(await readdir(join(out, 'onnx'))).toEqual(['model.onnx', ...PARTS])
  expect(await score({ model: out })).toEqual(expected)
})

test('a file with a name of its own: found by modelFile, dtype told by the name', async () => {
  const options = { model: 'owner/renamed', host: hub.host, modelFile: 'onnx/model_quint8_avx2.onnx' }
  const reranker = await createReranker(options)
  expect(reranker.info.dtype).toBe('uint8')
  expect(await reranker.computeScore(PAIRS)).toEqual(expected)
  await reranker.dispose()
  await expect(createReranker({ ...options, modelFile: undefined, dtype: 'fp32' })).rejects.toMatchObject({ code: 'model-not-found' })
  await expect(createReranker({ ...options, modelFile: '../model.onnx' })).rejects.toMatchObject({ option: 'modelFile' })
})

test('a list of files as a picker gives it, with the folder’s name in front or without folders', async () => {
  const picked = Object.entries(whole).map(([path, bytes]) =>
    Object.defineProperty(new File([bytes], path.split('/').at(-1) as string), 'webkitRelativePath', { value: `my-model/${path}` }),
  )
  expect(await score({ model: await readPickedFiles(picked), dtype: 'fp32' })).toEqual(expected)
  const flat = Object.entries(whole).map(([path, bytes]) => new File([bytes], path.split('/').at(-1) as string))
  expect(await score({ model: await readPickedFiles(flat), dtype: 'fp32' })).toEqual(expected)
})

test('what is cached is listed and deleted, by the API and the command line', async () => {
  await score({ model: 'owner/split', host: hub.host, dtype: 'fp32' })
  await score({ model: 'owner/renamed', host: hub.host, modelFile: 'onnx/model_quint8_avx2.onnx' })
  const host = hub.host.slice('http://'.length)
  const models = await listCachedModels()
  expect(models.map(({ model }) => model).sort()).toEqual(['owner/renamed', 'owner/split'])
  for (const one of models) {
    expect(one).toMatchObject({ host, revision: hub.commitOf(one.model), askedFor: ['main'], partialBytes: 0 })
  }
  const { stdout } = await run(['cache'])
  expect(stdout).toMatch(/^ +\d+\.\d MB {2}owner\/\w+ {2}main \([0-9a-f]{7}\) {2}127\.0\.0\.1:\d+\n/)
  expect(await deleteCachedModel('owner/split', { revision: 'v2' })).toBe(0)
  expect(await deleteCachedModel('owner/split')).toBe(models.find(({ model }) => model === 'owner/split')?.bytes)
  expect(await run(['cache', 'delete', 'owner/renamed'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^owner\/renamed: \d+\.\d MB deleted\n$/),
  })
  expect(await listCachedModels()).toEqual([])
  expect(await run(['cache'])).toMatchObject({ code: 0, stdout: '', stderr: 'Nothing is cached.\n' })
  expect(await run(['cache', '--json'])).toMatchObject({ code: 0, stdout: '[]\n', stderr: '' })
  expect(await run(['cache', 'delete', 'owner/renamed'])).toMatchObject({ code: 1, stderr: expect.stringContaining('is not in the cache') })
})

test('what may not be fetched and was never stored: the message says what can be done', async () => {
  await expect(score({ model: 'owner/renamed', host: hub.host, localFilesOnly: true })).rejects.toMatchObject({
    code: 'model-not-found',
    message: expect.stringMatching(/localFilesOnly forbids fetching .*\. Load it once without, or load a folder that/),
  })
})
