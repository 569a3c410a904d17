import { describe, expect, test, vi } from 'vitest'
import type { DocumentStore } from '../../../src/core/late-interaction/stored-documents.js'
import { Mutex } from '../../../src/core/mutex.js'
import type { RerankResponse } from '../../../src/types.js'
import { type FakeOptions, fakeSession, lateInteraction } from '../../support/fake-late-interaction.js'

const DOCUMENTS = Array.from({ length: 40 }, (_, i) => `${10 + i} ${60 + i} ${110 + (i % 7)}`)
const QUERY = '23 73'
const logits = ({ results }: RerankResponse<string>) => new Map(results.map(({ index, logit }) => [index, logit]))

/** A device: what is on it, by name. */
function device() {
  const files = new Map<string, Uint8Array>()
  let written = 0
  const turns = new Mutex()
  const store: DocumentStore = {
    list: async () => [...files].map(([name, { length }]) => ({ name, bytes: length })),
    read: async (name) => files.get(name),
    exclusively: (work) => turns.run(work),
    async write(pieces) {
      expect(turns.isIdle).toBe(false)
      const name = `read-${String(written++).padStart(3, '0')}.index`
      files.set(name, Uint8Array.from(Buffer.concat(pieces)))
      return name
    },
    remove: async (name) => void files.delete(name),
  }
  const bytes = () => [...files.values()].reduce((sum, { length }) => sum + length, 0)
  return { files, store, bytes }
}

/** One visit: what is done, and the texts that were read for it. */
async function visit<T>(
  documentStore: DocumentStore,
  work: (one: ReturnType<typeof lateInteraction>) => Promise<T>,
  options: FakeOptions = {},
) {
  const session = fakeSession()
  const one = lateInteraction(session, { documentStore, ...options })
  const result = await work(one)
  await one.reranker.dispose()
  return { result, read: session.read, session }
}

const rank = (texts: readonly string[]) => (one: ReturnType<typeof lateInteraction>) => one.reranker.rerank(QUERY, texts)

describe('documents kept on the device', () => {
  test('need not be read at the next visit, and have the same logits', async () => {
    const { store, files } = device()
    const first = await visit(store, rank(DOCUMENTS))
    expect(first.read).toHaveLength(41)
    expect(files.size).toBe(1)
    const second = await visit(store, rank([...DOCUMENTS, '300 301']))
    expect(second.read).toEqual([QUERY, '300 301'])
    expect([...logits(second.result)].filter(([index]) => index < 40)).toEqual([...logits(first.result)])
    const third = await visit(store, async ({ reranker }) => {
      await reranker.prepare([...DOCUMENTS, '300 301'])
      return reranker.info.kept
    })
    expect(third.read).toEqual([])
    const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0)
    expect(third.result).toMatchObject({ documents: 41, bytesOnDevice: bytes })
  })

  test('in passages, and as a whole, side by side', async () => {
    const { store } = device()
    const long = Array.from({ length: 90 }, (_, i) => 100 + i).join(' ')
    const both = async ({ reranker }: ReturnType<typeof lateInteraction>) => [
      await reranker.rerank('180 181', [long]),
      await reranker.rerank('180 181', [long], { longDocuments: 'chunk' }),
    ]
    const first = await visit(store, both)
    const second = await visit(store, both)
    expect(second.read).toEqual(['180 181', '180 181'])
    expect(second.result).toEqual(first.result)
  })

  test('are written while many are read, not only at the end', async () => {
    const { store, files } = device()
    const many = Array.from({ length: 600 }, (_, i) => `${3 + (i % 390)} ${3 + Math.floor(i / 390)}`)
    await visit(store, async ({ reranker }) => {
      await reranker.prepare(many)
      await vi.waitFor(() => expect(files.size).toBe(1))
    })
    expect((await visit(store, ({ reranker }) => reranker.prepare(many))).read).toEqual([])
  })

  test('that an index brought are not written once more', async () => {
    const { store, files } = device()
    await visit(store, rank(DOCUMENTS))
    const [index] = files.values()
    files.clear()
    const indexes = { read: async () => index }
    const { read } = await visit(
      store,
      async ({ reranker }) => {
        await reranker.prepare({ index: 'https://example.org/docs.index' })
        return reranker.rerank(QUERY, DOCUMENTS)
      },
      { indexes },
    )
    expect([read, files.size]).toEqual([[QUERY], 0])
  })

  test('of a session that was replaced are not written', async () => {
    const { store } = device()
    const session = fakeSession()
    const one = lateInteraction(session, { documentStore: store })
    await one.reranker.prepare(DOCUMENTS.slice(0, 5))
    session.replace()
    await one.reranker.rerank(QUERY, ['300 301'])
    await one.reranker.dispose()
    const { read } = await visit(store, rank([...DOCUMENTS.slice(0, 5), '300 301']))
    expect(read).toEqual([QUERY, ...DOCUMENTS.slice(0, 5)])
  })

  test('come to one file when there are many, under the budget', async () => {
    const { store, files } = device()
    for (let i = 0; i < 40; i++) {
      await visit(store, rank(DOCUMENTS.slice(0, i + 1)))
      expect(files.size).toBeLessThanOrEqual(17)
    }
    expect((await visit(store, rank(DOCUMENTS))).read).toEqual([QUERY])
    const small = device()
    for (let i = 0; i < 40; i++) await visit(small.store, rank([DOCUMENTS[i] as string]), { maxBytes: 5000 })
    expect(small.bytes()).toBeLessThanOrEqual(5000)
    expect(small.bytes()).toBeGreaterThan(1000)
  })

  test('of several that write side by side are bounded together, and none loses the others’ while there is room', async () => {
    const maxBytes = 20_000
    const bounded = device()
    const tabs = Array.from({ length: 12 }, () => lateInteraction(fakeSession(), { documentStore: bounded.store, maxBytes }))
    // Each has less than the budget in memory, all of them more.
    const words = Array.from({ length: 60 }, (_, i) => 100 + i).join(' ')
    const textsOf = (tab: number) => Array.from({ length: 10 }, (_, i) => `${3 + tab} ${10 + i} ${words}`)
    await Promise.all(tabs.map(({ reranker }, tab) => reranker.prepare(textsOf(tab))))
    for (const { reranker } of tabs) await reranker.dispose()
    expect(bounded.bytes()).toBeLessThanOrEqual(maxBytes)
    expect(bounded.bytes()).toBeGreaterThan(maxBytes / 10)

    const roomy = device()
    const others = Array.from({ length: 20 }, () => lateInteraction(fakeSession(), { documentStore: roomy.store }))
    for (const { reranker } of others) await reranker.prepare([])
    await Promise.all(others.map(({ reranker }, tab) => reranker.prepare([`${3 + tab} 60`])))
    for (const { reranker } of others) await reranker.dispose()
    // More files than there may be came to one on the way.
    expect(roomy.files.size).toBeLessThanOrEqual(16)
    const { read } = await visit(roomy.store, ({ reranker }) => reranker.prepare(others.map((_, tab) => `${3 + tab} 60`)))
    expect(read).toEqual([])
  })
})

describe('a device that fails', () => {
  const wanted = async () => logits((await visit(device().store, rank(DOCUMENTS))).result)
  const full = new DOMException('full', 'QuotaExceededError')
  const never = () => new Promise<never>(() => undefined)

  test.each<[string, Partial<DocumentStore>]>([
    ['is full', { write: () => Promise.reject(full) }],
    ['is blocked', { list: () => Promise.reject(new Error('There is no storage here.')) }],
    ['gives nothing back', { list: async () => [{ name: 'read-0.index', bytes: 5 }], read: () => Promise.reject(new Error('gone')) }],
    ['has lost a file', { list: async () => [{ name: 'read-0.index', bytes: 5 }], read: async () => undefined }],
    ['never ends a write', { write: never }],
  ])('because it %s loses no answer', async (_, broken) => {
    const { store } = device()
    const { result, read } = await visit({ ...store, ...broken }, rank(DOCUMENTS))
    expect(logits(result)).toEqual(await wanted())
    expect(read).toHaveLength(41)
  })

  test('because it never answers is not waited for, and a call that is aborted ends at once', async () => {
    const { store } = device()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const one = lateInteraction({ ...fakeSession(), run: never }, { documentStore: { ...store, list: never } })
    const aborted = one.reranker.rerank(QUERY, DOCUMENTS, { signal: AbortSignal.abort() })
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    const controller = new AbortController()
    const waiting = one.reranker.prepare(DOCUMENTS, { signal: controller.signal })
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    vi.useRealTimers()
    const answered = lateInteraction(fakeSession(), { documentStore: { ...store, list: never } })
    expect(logits(await answered.reranker.rerank(QUERY, DOCUMENTS))).toEqual(await wanted())
  }, 15_000)

  test('damaged files, and those of another model, go; documents are read', async () => {
    const { store, files } = device()
    await visit(store, rank(DOCUMENTS))
    const [[name, bytes] = ['', new Uint8Array()]] = files
    files.set(name, bytes.with(bytes.length - 9, 255 - (bytes.at(-9) as number)))
    const second = await visit(store, rank(DOCUMENTS))
    expect(second.read).toHaveLength(41)
    expect(files.has(name)).toBe(false)
    const indexes = { findMismatch: async () => 'another file' }
    const third = await visit(store, rank(DOCUMENTS), { indexes })
    expect(third.read).toHaveLength(41)
    expect(files.size).toBe(1)
  })
})
