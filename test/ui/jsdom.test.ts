// @vitest-environment jsdom
import { expect, test, vi } from 'vitest'
import type { PageRerankSearch } from '../../src/component/element.js'

/** What people test their pages with: jsdom in the place of a browser, in Node. */
test('the element shows what it finds', async () => {
  await import('../../src/component/index.js')
  const box = document.createElement('page-rerank-search') as PageRerankSearch<string>
  Object.assign(box, { search: (query: string) => [`${query} one`, `${query} two`], reranker: null })
  document.body.append(box)
  const input = box.shadowRoot?.querySelector('input') as HTMLInputElement
  input.focus()
  box.value = 'the'
  const titles = () => [...(box.shadowRoot?.querySelectorAll('.title') ?? [])].map(({ textContent }) => textContent)
  await vi.waitFor(() => expect(titles()).toEqual(['the one', 'the two']))
  input.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))
  expect(input.getAttribute('aria-activedescendant')).toBeTruthy()
  box.remove()
})

test.each(['ort-node', 'ort-web'] as const)('a reranker by %s, though its bytes are of another realm', async (runtime) => {
  // Node reads files into arrays that are none to this Uint8Array.
  expect(Buffer.from('a')).not.toBeInstanceOf(Uint8Array)
  const { createReranker } = await import('page-rerank/node')
  const reranker = await createReranker({ model: 'test/reference/late-bert', dtype: 'fp32', runtime })
  expect(reranker.info.runtime).toBe(runtime)
  const { results } = await reranker.rerank('a river', ['a cup of tea', 'the river bank'])
  expect(results.map(({ scored }) => scored)).toEqual([true, true])
  await reranker.dispose()
})
