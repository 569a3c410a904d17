import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReranker, deleteCachedModel, listCachedModels } from 'page-rerank/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CreateRerankerOptions } from '../../src/node/options.js'
import type { ProgressEvent } from '../../src/types.js'
import { enlarge, filesOf, TestHub } from '../support/hub.js'

/** A branch that moves: everything of one load comes from one commit, and the next visit sees the new one. */
const MODEL = 'owner/moving'
const WEIGHTS = 'onnx/model.onnx'
const original = filesOf('test/reference/bert')
/** Other bytes, the same scores: which commit a file is of shows in the requests. */
const changed = (files = original) => ({
  ...files,
  'config.json': Buffer.from(`${files['config.json']}\n`),
  'tokenizer.json': Buffer.from(`${files['tokenizer.json']}\n`),
  [WEIGHTS]: enlarge(files[WEIGHTS] as Uint8Array, 100),
})

let hub: TestHub
let folder: string
let first: string
beforeEach(async () => {
  hub = await TestHub.start([{ id: MODEL, files: original }])
  first = hub.commitOf(MODEL)
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-'))
  process.env.XDG_CACHE_HOME = folder
})
afterEach(async () => {
  delete process.env.XDG_CACHE_HOME
  await hub.close()
  await rm(folder, { recursive: true })
})

async function open(options: CreateRerankerOptions = {}) {
  const reranker = await createReranker({ model: MODEL, host: hub.host, dtype: 'fp32', ...options })
  const { info } = reranker
  await reranker.dispose()
  return info
}

const commitsAskedFor = () => [...new Set(hub.requests.map(({ revision }) => revision))]
const cachedCommits = async () => (await listCachedModels()).map(({ revision }) => revision).sort()

describe.each([
  ['a hub', {}],
  ['a mirror that tells the commit beside a file, and has no API', { hasApi: false }],
])('%s', (_, kind) => {
  beforeEach(() => {
    Object.assign(hub, kind)
  })

  test('info says the commit, and every file comes from it', async () => {
    const info = await open()
    expect(info.revision).toBe(first)
    expect(commitsAskedFor()).toEqual([first])
  })

  test.each(['config.json', 'tokenizer.json', WEIGHTS])(
    'main moves when %s is asked for: the load ends with the commit that it began with',
    async (file) => {
      let second = ''
      const onProgress = (event: ProgressEvent) => {
        if (event.status === 'initiate' && event.file === file) second = hub.push(MODEL, changed())
      }
      expect((await open({ onProgress })).revision).toBe(first)
      expect(commitsAskedFor()).toEqual([first])
      hub.requests.length = 0
      expect((await open()).revision).toBe(second)
      expect(commitsAskedFor()).toEqual([second])
    },
  )

  test('main moved between two visits: the new commit, whole, and what the old one left is gone', async () => {
    await open()
    const second = hub.push(MODEL, changed())
    hub.requests.length = 0
    const info = await open()
    expect(info).toMatchObject({ revision: second, selfTest: { result: 'unchecked' } })
    expect(info.bytes.network).toBeGreaterThan((original[WEIGHTS] as Uint8Array).length)
    expect(commitsAskedFor()).toEqual([second])
    expect(await cachedCommits()).toEqual([second])
  })

  test('offline, what is cached is used as it is', async () => {
    const online = await open()
    await hub.close()
    expect(await open()).toMatchObject({ revision: first, bytes: { network: 0, cache: online.bytes.network } })
    expect(await open({ localFilesOnly: true })).toMatchObject({ revision: first })
  })

  test('an update that was not finished leaves the old commit whole', async () => {
    await open()
    hub.push(MODEL, changed())
    hub.fail(WEIGHTS, { status: 403 })
    await expect(open()).rejects.toMatchObject({ code: 'access-denied' })
    await hub.close()
    expect((await open()).revision).toBe(first)
  })
})

test('a commit that changed a card, and no file of the model, brings no byte', async () => {
  const before = await open()
  const second = hub.push(MODEL, { ...original, 'README.md': Buffer.from('A better card.') })
  expect(await open()).toMatchObject({ revision: second, bytes: { network: 0, cache: before.bytes.network } })
  expect(await cachedCommits()).toEqual([second])
})

test('nothing is asked twice: one question to the API a visit, none for a commit that is cached', async () => {
  await open()
  await open()
  expect(hub.apiRequests).toBe(2)
  await open({ revision: first })
  await open({ revision: first, localFilesOnly: true })
  expect(hub.apiRequests).toBe(2)
})

test('an API that hangs holds up nobody who has the model', { timeout: 20_000 }, async () => {
  await open()
  hub.apiHangs = true
  expect((await open()).revision).toBe(first)
})

test('a revision that another page asks for stays', async () => {
  await open({ revision: first })
  const second = hub.push(MODEL, changed())
  await open()
  const third = hub.push(MODEL, changed(changed()))
  await open()
  expect(await cachedCommits()).toEqual([first, third].sort())
  expect(second).not.toBe(third)
  expect((await open({ revision: first })).bytes.network).toBe(0)
})

test('tags of one commit share its files; each can be deleted by name', async () => {
  hub.push(MODEL, original, 'v1')
  await open()
  expect((await open({ revision: 'v1' })).bytes.network).toBe(0)
  expect(await listCachedModels()).toMatchObject([{ revision: first, askedFor: ['main', 'v1'] }])
  expect(await deleteCachedModel(MODEL, { revision: 'v1' })).toBeGreaterThan(0)
  expect(await listCachedModels()).toEqual([])
  expect((await open()).bytes.cache).toBe(0)
  await deleteCachedModel(MODEL)
  expect(await readdir(folder, { recursive: true })).toEqual(['page-rerank'])
})

test('a mirror that tells no commits is asked whether a file is still the same', async () => {
  Object.assign(hub, { hasApi: false, tellsCommit: false })
  expect((await open()).revision).toBe('main')
  expect((await open()).bytes.network).toBe(0)
  hub.push(MODEL, changed())
  const { bytes } = await open()
  expect(bytes.network).toBeGreaterThan((original[WEIGHTS] as Uint8Array).length)
  await hub.close()
  expect((await open()).bytes.network).toBe(0)
})

test('a page-rerank.json in the repository is of the same commit: its canaries are checked against these weights', async () => {
  const canaries = ['an answer', 'nonsense'].map((document) => ({ query: 'a question', document, logit: 50 }))
  hub.push(MODEL, { ...original, 'page-rerank.json': Buffer.from(JSON.stringify({ canaries, tolerance: { fp32: 1 } })) })
  await expect(open()).rejects.toMatchObject({ code: 'session-failed', message: expect.stringContaining('self-test was off by') })
})
