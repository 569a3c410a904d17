import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRenderer, effectScope, nextTick, reactive, ref, shallowRef } from 'vue'
import type { Reranker } from '../../src/types.js'
import { useReranker, useSearch } from '../../src/vue/index.js'

/** Outside of components, where they work until their scope ends: what may be a ref, and what becomes of a proxy. */
class FakeReranker {
  readonly info = { kind: 'late-interaction' }
  // A proxy has none.
  readonly #calls: string[] = []
  get calls() {
    return this.#calls
  }
  async rerank(query: string, documents: readonly { text: string }[]) {
    this.#calls.push(query)
    return { results: documents.map((document, index) => ({ document, index, rank: 1, scored: true })).reverse(), unscored: 0 }
  }
}

const fake = () => new FakeReranker() as unknown as Reranker & FakeReranker
const settle = async () => {
  await nextTick()
  await new Promise((resolve) => setTimeout(resolve, 5))
}
beforeEach(() => vi.stubGlobal('document', {}))
afterEach(() => vi.unstubAllGlobals())

test('query, hits and options may be refs; a reranker in one is not its proxy', async () => {
  const scope = effectScope()
  const query = ref('a')
  const hits = ref([{ text: 'one' }, { text: 'two' }])
  const reranker = fake()
  const topN = ref(2)
  const { results, pending } = scope.run(() => useSearch(query, { hits, topN, reranker: ref(reranker) as never })) ?? expect.fail()
  const texts = () => results.value.map(({ document }) => document.text)
  expect(texts()).toEqual(['one', 'two'])
  await settle()
  expect([texts(), pending.value]).toEqual([['two', 'one'], false])
  hits.value = [{ text: 'three' }, { text: 'four' }]
  await settle()
  expect(texts()).toEqual(['four', 'three'])
  query.value = 'b'
  await settle()
  expect(reranker.calls).toEqual(['a', 'a', 'b'])
  scope.stop()
  query.value = 'c'
  await settle()
  expect(reranker.calls).toEqual(['a', 'a', 'b'])
})

test('hits that change in place are ranked; a copy with the same texts is not, and is what is shown', async () => {
  const scope = effectScope()
  const hits = ref([{ text: 'one', note: 'old' }])
  const reranker = fake()
  const { results } = scope.run(() => useSearch('a', { hits, reranker })) ?? expect.fail()
  const shown = () => results.value.map(({ document: { text, note } }) => `${text} ${note}`)
  await settle()
  hits.value.push({ text: 'two', note: 'old' })
  await settle()
  expect(shown()).toEqual(['two old', 'one old'])
  hits.value = hits.value.map(({ text }) => ({ text, note: 'new' }))
  await settle()
  expect(shown()).toEqual(['two new', 'one new'])
  expect(reranker.calls).toEqual(['a', 'a'])
  hits.value.splice(0, 1)
  await settle()
  expect(shown()).toEqual(['two new'])
  scope.stop()
})

test('the whole options may be a getter', async () => {
  const scope = effectScope()
  const state = reactive({ found: ['one', 'two'], query: 'a' })
  const reranker = fake()
  const { results } =
    scope.run(() =>
      useSearch(
        () => state.query,
        () => ({ hits: state.found.map((text) => ({ text })), reranker }),
      ),
    ) ?? expect.fail()
  await settle()
  expect(results.value.map(({ document }) => document.text)).toEqual(['two', 'one'])
  state.found = ['three']
  await settle()
  expect(results.value.map(({ document }) => document.text)).toEqual(['three'])
  scope.stop()
})

test('a source that is null for now', async () => {
  const scope = effectScope()
  const source = shallowRef<Reranker | null>(null)
  const { status, reranker } = scope.run(() => useReranker(source)) ?? expect.fail()
  expect([status.value, reranker.value]).toEqual(['idle', undefined])
  const one = fake()
  source.value = one
  await settle()
  expect([status.value, reranker.value]).toEqual(['ready', one])
  source.value = null
  await settle()
  expect(status.value).toBe('idle')
  scope.stop()
})

test('what ends before its component is mounted never begins', async () => {
  const nodes = {
    createComment: () => ({}),
    createText: () => ({}),
    createElement: () => ({}),
    insert: () => undefined,
    remove: () => undefined,
  }
  const firstStage = vi.fn(() => [])
  const { createApp } = createRenderer({ ...nodes } as never)
  const app = createApp({
    setup() {
      for (const ends of [true, false]) {
        const scope = effectScope()
        scope.run(() => useSearch(String(ends), { firstStage, reranker: fake() }))
        if (ends) scope.stop()
      }
      return () => null
    },
  })
  app.mount({} as never)
  await settle()
  expect(firstStage.mock.calls).toEqual([['false', expect.anything()]])
  app.unmount()
})
