import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildIndex, createReranker, deleteCachedModel, listCachedModels } from 'page-rerank/node'
import { smallZh } from 'page-rerank-small-zh'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CreateRerankerOptions } from '../../src/node/options.js'
import { filesOf, TestHub } from '../support/hub.js'
import { serve, type TestServer } from '../support/server.js'

const TEXTS = Array.from({ length: 20 }, (_, i) => `Entry ${i}: the ${['cat', 'dog', 'horse', 'screen'][i % 4]} sleeps in box ${i * 7}.`)
const QUERY = 'which horse sleeps in box 98'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-kept-'))
  vi.stubEnv('XDG_CACHE_HOME', folder)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

test.each([
  ['a folder', 'test/reference/late-bert'],
  ['the default model', undefined],
  ['a model with an entry of its own', 'page-rerank-small-zh'],
])('what %s has read is on the disk for the next process, listed and deleted with the cached models', async (_, model) => {
  const open = () => createReranker({ model, states: { keep: true } })
  const first = await open()
  const ranked = await first.rerank(QUERY, TEXTS, { onMismatch: 'ignore' })
  await first.dispose()
  {
    await using second = await open()
    await second.prepare(TEXTS.slice(0, 1))
    expect(second.info.kept).toMatchObject({ documents: 20 })
    expect(await second.rerank(QUERY, TEXTS, { onMismatch: 'ignore' })).toEqual(ranked)
  }
  const [cached, ...others] = await listCachedModels()
  expect(others).toEqual([])
  expect(cached?.files).toEqual([{ file: expect.stringMatching(/read-(fp32|q8)-.*\.index$/), bytes: cached?.bytes }])
  expect(await deleteCachedModel(cached?.model as string)).toBe(cached?.bytes)
  {
    await using third = await open()
    await third.prepare(TEXTS.slice(0, 1))
    expect(third.info.kept).toMatchObject({ documents: 1, bytesOnDevice: 0 })
  }
  for (const { model } of await listCachedModels()) await deleteCachedModel(model)
})

describe('all that is kept of a model', () => {
  let built: string
  let server: TestServer
  let hub: TestHub
  beforeAll(async () => {
    built = await mkdtemp(join(tmpdir(), 'page-rerank-built-'))
    server = await serve({ folders: { '/reference/': 'test/reference', '/models/': 'models', '/sub/': built } })
    hub = await TestHub.start([{ id: 'owner/late', files: filesOf('test/reference/late-bert') }])
  })
  afterAll(async () => {
    await Promise.all([server.close(), hub.close()])
    await rm(built, { recursive: true })
  })

  test.each<[string, () => CreateRerankerOptions['model']]>([
    ['a folder', () => 'test/reference/late-bert'],
    ['a folder of a server', () => `${server.origin}/reference/late-bert/`],
    ['the hub', () => 'owner/late'],
    ['the package', () => undefined],
    ['an entry of its own', () => 'page-rerank-small-zh'],
    [
      'files by their addresses',
      () => Object.fromEntries(Object.keys(smallZh).map((file) => [file, new URL(`/models/page-rerank-small-zh/${file}`, server.origin)])),
    ],
  ])('from %s has one name, and goes by that and by info.model', async (_, modelOf) => {
    const model = modelOf()
    const out = join(built, 'site.index')
    await rm(out, { force: true })
    await buildIndex(['An entry', '一个条目'], { model, host: hub.host, out, cache: false })
    for (const by of ['name', 'info.model'] as const) {
      const reranker = await createReranker({ model, host: hub.host, states: { keep: true } })
      await reranker.prepare({ index: `${server.origin}/sub/site.index` })
      await reranker.prepare(TEXTS.slice(0, 2))
      await reranker.dispose()
      const models = await listCachedModels()
      expect([...new Set(models.map((one) => one.model))]).toHaveLength(1)
      const files = models.flatMap((one) => one.files.map(({ file }) => file))
      expect(files).toEqual(expect.arrayContaining(['site.index', expect.stringMatching(/^read-.*\.index$/)]))
      const name = by === 'name' ? (models[0]?.model as string) : reranker.info.model
      expect(await deleteCachedModel(name)).toBe(models.reduce((sum, { bytes }) => sum + bytes, 0))
      // Nothing is left of it, notes included.
      expect(await readdir(join(folder, 'page-rerank'))).toEqual([])
    }
  })
})
