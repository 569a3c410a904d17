import { describe, expect, test } from 'vitest'
import { SentTexts } from '../../src/client/sent-texts.js'
import { createWorkerApi } from '../../src/worker/api.js'
import { fakeEngine, never } from '../support/fake-worker.js'

const REQUEST = { query: 'query', texts: new SentTexts(0).refer(['a', 'bb']), reports: false }

async function openApi(engine = fakeEngine()) {
  const api = createWorkerApi(
    () => undefined,
    async () => engine,
  )
  await api.open({} as never)
  return { api, engine }
}

describe('cancel', () => {
  test('before the call it is for: the call is never begun', async () => {
    const { api, engine } = await openApi()
    await api.cancel(3)
    expect(await api.rerank(3, REQUEST)).toMatchObject({ ok: false, error: { name: 'AbortError' } })
    expect(engine.queries).toEqual([])
    expect(await api.rerank(4, REQUEST)).toMatchObject({ ok: true })
  })

  test('after the call it was for: nothing happens to others', async () => {
    const { api } = await openApi()
    await api.rerank(0, REQUEST)
    await api.cancel(0)
    expect(await api.rerank(1, REQUEST)).toMatchObject({ ok: true })
  })
})

test('calls before open and after dispose are refused', async () => {
  const { api, engine } = await openApi()
  await api.dispose()
  expect(engine.disposed).toBe(true)
  expect(await api.rerank(0, REQUEST)).toMatchObject({ ok: false, error: { code: 'disposed' } })
  const unopened = createWorkerApi(() => undefined, never)
  expect(await unopened.rerank(0, REQUEST)).toMatchObject({ ok: false, error: { code: 'disposed' } })
})
