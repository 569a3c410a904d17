import { expect, test } from 'vitest'
import { errorBody, RequestError } from '../../../src/serve/request-error.js'
import { readRequest } from '../../../src/serve/shapes.js'
import type { RerankResult } from '../../../src/types.js'

const results: RerankResult<string>[] = [
  { index: 1, document: 'b', rank: 1, scored: true, score: 0.75, logit: 1.1 },
  { index: 0, document: 'a', rank: 2, scored: true, score: 0.25, logit: -1.1 },
]
const tei = { query: 'q', texts: ['a', 'b'] }
const cohere = { query: 'q', documents: ['a', 'b'] }

function refusal(body: unknown): [status: number, sentence: string] {
  try {
    readRequest(body, 3)
  } catch (error) {
    if (error instanceof RequestError) return [error.status, error.message]
    throw error
  }
  return expect.fail('it was taken')
}

test.each([
  [
    tei,
    [
      { index: 1, score: 0.75 },
      { index: 0, score: 0.25 },
    ],
  ],
  [
    { ...tei, raw_scores: true },
    [
      { index: 1, score: 1.1 },
      { index: 0, score: -1.1 },
    ],
  ],
  [
    { ...tei, return_text: true, truncate: false, truncation_direction: 'Right' },
    [
      { index: 1, score: 0.75, text: 'b' },
      { index: 0, score: 0.25, text: 'a' },
    ],
  ],
])('text-embeddings-inference: %j', (body, answer) => {
  const asked = readRequest(body, 3)
  expect(asked).toMatchObject({ shape: 'tei', query: 'q', texts: ['a', 'b'] })
  expect(asked.topN).toBeUndefined()
  expect(asked.answer(results, 'm')).toEqual(answer)
})

test.each([
  [
    cohere,
    [
      { index: 1, relevance_score: 0.75 },
      { index: 0, relevance_score: 0.25 },
    ],
  ],
  [
    { ...cohere, raw_scores: true, model: 'rerank-v3.5', max_tokens_per_doc: 4096 },
    [
      { index: 1, relevance_score: 1.1 },
      { index: 0, relevance_score: -1.1 },
    ],
  ],
  [
    { query: 'q', documents: [{ text: 'a', id: 7 }, 'b'], return_documents: true, texts: null },
    [
      { index: 1, relevance_score: 0.75, document: { text: 'b' } },
      { index: 0, relevance_score: 0.25, document: { text: 'a' } },
    ],
  ],
])('Cohere and Jina: %j', (body, answer) => {
  const asked = readRequest(body, 3)
  expect(asked).toMatchObject({ shape: 'cohere', query: 'q', texts: ['a', 'b'] })
  expect(asked.answer(results, 'm')).toEqual({
    id: expect.stringMatching(/^[\da-f-]{36}$/),
    object: 'list',
    model: 'm',
    results: answer,
    usage: {},
    meta: {},
  })
})

test('top_n is how many', () => {
  expect(readRequest({ ...cohere, top_n: 1 }, 3).topN).toBe(1)
  expect(readRequest({ ...cohere, top_n: null }, 3).topN).toBeUndefined()
})

test.each<[body: unknown, sentence: string, status?: number]>([
  [null, 'The body is null; it must be an object with a query and either texts or documents.'],
  [[tei], 'The body is an array of 1; it must be an object with a query and either texts or documents.'],
  ['text', 'The body is a string; it must be an object with a query and either texts or documents.'],
  [{ query: 'q' }, 'The body has neither texts nor documents; it must have one of the two.'],
  [{ ...tei, ...cohere }, 'The body has both texts and documents; it must have one of the two.'],
  [{ texts: ['a'] }, 'query is missing; it must be a string.'],
  [{ ...tei, query: 3 }, 'query is a number; it must be a string.'],
  [{ ...tei, query: ' \n' }, 'query is empty; it must have a word.'],
  [{ query: 'q', texts: 'a' }, 'texts is a string; it must be an array.'],
  [{ query: 'q', texts: ['a', 3] }, 'texts[1] is a number; it must be a string.'],
  [{ query: 'q', texts: ['a', null] }, 'texts[1] is missing; it must be a string.'],
  [{ query: 'q', texts: [] }, 'texts is empty; there is nothing to rank.', 400],
  [{ query: 'q', documents: [] }, 'documents is empty; there is nothing to rank.', 400],
  [{ query: 'q', texts: ['a', 'b', 'c', 'd'] }, 'texts has 4 entries; this server takes 3 at the most (--max-documents).'],
  [{ ...tei, raw_scores: 'yes' }, 'raw_scores is a string; it must be true or false.'],
  [{ ...tei, return_text: 1 }, 'return_text is a number; it must be true or false.'],
  [{ ...tei, truncate: {} }, 'truncate is an object; it must be true or false.'],
  [{ ...tei, truncation_direction: 'left' }, 'truncation_direction is left; it must be right.'],
  [{ query: 'q', documents: {} }, 'documents is an object; it must be an array.'],
  [{ query: 'q', documents: [{ title: 'a' }] }, 'documents[0] is an object; it must be a string, or an object with a text.'],
  [{ query: 'q', documents: [{ text: 4 }] }, 'documents[0].text is a number; it must be a string.'],
  [{ ...cohere, top_n: 0 }, 'top_n is 0; it must be a whole number, 1 or more.'],
  [{ ...cohere, top_n: 1.5 }, 'top_n is 1.5; it must be a whole number, 1 or more.'],
  [{ ...cohere, top_n: '2' }, 'top_n is a string; it must be a whole number, 1 or more.'],
  [{ ...cohere, return_documents: 'no' }, 'return_documents is a string; it must be true or false.'],
  [{ ...cohere, model: 7 }, 'model is a number; it must be a string.'],
])('%j is refused', (body, sentence, status = 422) => {
  expect(refusal(body)).toEqual([status, sentence])
})

test('an error is a body with its kind and its sentence, as text-embeddings-inference and Cohere have it', async () => {
  const response = new RequestError(429, 'Overloaded', 'Too many.', 3).toResponse()
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('3')
  expect(await response.json()).toEqual({ error: 'Too many.', error_type: 'Overloaded', message: 'Too many.' })
  expect(errorBody('Empty', 'x')).toEqual({ error: 'x', error_type: 'Empty', message: 'x' })
})

test.each([tei, cohere])('use_activation: false asks for logits, as vLLM calls it', (shape) => {
  const results = [{ index: 0, id: 0, score: 0.5, logit: -3, document: 'x' }] as unknown as RerankResult<string>[]
  const text = (fields: object) => JSON.stringify(readRequest({ ...shape, ...fields }, 10).answer(results, 'm'))
  expect(text({ use_activation: false })).toContain(':-3')
  expect(text({ use_activation: true })).toContain(':0.5')
  expect(text({ use_activation: null })).toContain(':0.5')
})
