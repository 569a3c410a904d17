import { createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plantedDocuments } from '../../bench/planted-documents.js'
import type { Reranker } from '../../src/types.js'

/** The bundled model on documents of 5,000 words; `bench/long-documents.js` does the same on more of them. */
let reranker: Reranker

beforeAll(async () => {
  reranker = await createReranker({ threads: 1 })
})
afterAll(() => reranker.dispose())

test('a sentence deep in a long document is out of reach for truncate; chunk finds it and points at it', { timeout: 300_000 }, async () => {
  const planted = plantedDocuments(2, 5000)
  // The right one comes last: where the model sees no difference, it stays there.
  const documents = planted.map(({ text }) => text)
  const { question, answer, text } = planted[1] as (typeof planted)[number]
  const truncated = await reranker.rerank(question, documents, { longDocuments: 'truncate' })
  expect(truncated.results.map(({ index }) => index)).toEqual([0, 1])
  const {
    results: [best],
  } = await reranker.rerank(question, documents, { longDocuments: 'chunk' })
  expect(best?.index).toBe(1)
  expect(best?.passage?.text).toContain(answer)
  expect(text.slice(best?.passage?.start, best?.passage?.end)).toBe(best?.passage?.text)
})
