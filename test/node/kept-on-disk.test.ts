import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReranker, deleteCachedModel, listCachedModels } from 'page-rerank/node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

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
