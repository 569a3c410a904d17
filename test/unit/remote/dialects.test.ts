import { expect, test } from 'vitest'
import { DIALECTS, type Flavour } from '../../../src/remote/dialects.js'
import { readScores } from '../../../src/remote/read-scores.js'

/** A request as the server's own documentation or code has it, and an answer of it. */
interface Recorded {
  flavour: Flavour
  /** What is sent for the query `q` and the documents `a` and `b`, with the model `m` and, where there is such a field, 64 tokens. */
  request: object
  answer: object
  /** What the answer comes to, document by document. */
  scores: [number, number]
}

const RECORDED: Recorded[] = [
  {
    // huggingface/text-embeddings-inference, router/src/http/types.rs at 0d124dc: RerankRequest, Rank.
    flavour: 'tei',
    request: { query: 'q', texts: ['a', 'b'], raw_scores: true, truncate: true },
    answer: [
      { index: 1, score: 3.25 },
      { index: 0, score: -7.5 },
    ],
    scores: [-7.5, 3.25],
  },
  {
    // docs.cohere.com/reference/rerank (v2), its example, of which two results are left.
    flavour: 'cohere',
    request: { model: 'm', query: 'q', documents: ['a', 'b'], max_tokens_per_doc: 64 },
    answer: {
      results: [
        { index: 1, relevance_score: 0.999071 },
        { index: 0, relevance_score: 0.32713068 },
      ],
      id: '07734bd2-2473-4f07-94e1-0d9f0e6843cf',
      meta: { api_version: { version: '2', is_experimental: false }, billed_units: { search_units: 1 } },
    },
    scores: [0.32713068, 0.999071],
  },
  {
    // Jina's own description of its API (docs.jina.ai): the answer of its example. `return_documents` is true unless it is said.
    flavour: 'jina',
    request: { model: 'm', query: 'q', documents: ['a', 'b'], return_documents: false },
    answer: {
      model: 'jina-reranker-m0',
      usage: { total_tokens: 2829 },
      results: [
        { index: 0, relevance_score: 0.9587112551898949 },
        { index: 1, relevance_score: 0.9337408271911014 },
      ],
    },
    scores: [0.9587112551898949, 0.9337408271911014],
  },
  {
    // An Infinity server's own answer (infinity-emb 0.0.77, a BERT of random weights).
    flavour: 'infinity',
    request: { model: 'm', query: 'q', documents: ['a', 'b'], raw_scores: true, return_documents: false },
    answer: {
      object: 'rerank',
      results: [
        { relevance_score: 4.075669288635254, index: 0, document: null },
        { relevance_score: 0.19360028207302094, index: 1, document: null },
      ],
      model: 'models/bert',
      usage: { prompt_tokens: 65, total_tokens: 65 },
      id: 'infinity-f8ac9c87-bfdb-43a3-8a9e-d52e42231d53',
      created: 1795852338,
    },
    scores: [4.075669288635254, 0.19360028207302094],
  },
  {
    // vllm-project/vllm, vllm/entrypoints/pooling/scoring/protocol.py at 004706d: RerankRequest, RerankResponse; documents always come back.
    flavour: 'vllm',
    request: { model: 'm', query: 'q', documents: ['a', 'b'], use_activation: false, truncate_prompt_tokens: 64 },
    answer: {
      id: 'rerank-fae51b2b664d4ed38f5969b612edff77',
      model: 'BAAI/bge-reranker-base',
      usage: { prompt_tokens: 56, total_tokens: 56 },
      results: [
        { index: 1, document: { text: 'b', multi_modal: null }, relevance_score: 6.53 },
        { index: 0, document: { text: 'a', multi_modal: null }, relevance_score: -7.44 },
      ],
    },
    scores: [-7.44, 6.53],
  },
  {
    // A llama.cpp server's own answer (xllamacpp 2026.10.11549, a BERT of random weights with rank pooling).
    flavour: 'llama.cpp',
    request: { model: 'm', query: 'q', documents: ['a', 'b'] },
    answer: {
      model: '/models/bert.gguf',
      object: 'list',
      usage: { prompt_tokens: 34, total_tokens: 34 },
      results: [
        { index: 0, relevance_score: 2.4224777221679688 },
        { index: 1, relevance_score: 0.5131120085716248 },
      ],
    },
    scores: [2.4224777221679688, 0.5131120085716248],
  },
  {
    // docs.voyageai.com/reference/reranker-api, its example, as elastic/elasticsearch's VoyageAIRerankResponseEntity quotes it.
    flavour: 'voyage',
    request: { model: 'm', query: 'q', documents: ['a', 'b'], truncation: true },
    answer: {
      object: 'list',
      data: [
        { relevance_score: 0.4375, index: 0 },
        { relevance_score: 0.421875, index: 1 },
      ],
      model: 'rerank-2',
      usage: { total_tokens: 26 },
    },
    scores: [0.4375, 0.421875],
  },
]

test('every flavour is recorded', () => {
  expect(RECORDED.map(({ flavour }) => flavour)).toEqual(Object.keys(DIALECTS))
})

test.each(RECORDED)('$flavour: what is asked, and what is read', ({ flavour, request, answer, scores }) => {
  const dialect = DIALECTS[flavour]
  const { hasMaxLength, tells } = dialect
  const body = dialect.body({
    query: 'q',
    documents: ['a', 'b'],
    model: 'm',
    maxLength: hasMaxLength && 64,
    raw: tells === 'logits',
  })
  expect(JSON.parse(JSON.stringify(body))).toEqual(request)
  const logits = readScores(answer as never, dialect, tells, 2, 'It')
  for (const [i, score] of scores.entries())
    expect(tells === 'logits' ? logits[i] : 1 / (1 + Math.exp(-(logits[i] as number)))).toBeCloseTo(score, 12)
})

test('nobody is told of a model, or of a length, that was not given', () => {
  for (const { body, hasMaxLength } of Object.values(DIALECTS)) {
    const sent = JSON.parse(JSON.stringify(body({ query: 'q', documents: ['a'], raw: false }))) as object
    expect(sent).not.toHaveProperty('model')
    expect(sent).not.toHaveProperty('max_tokens_per_doc')
    if (hasMaxLength && 'truncate_prompt_tokens' in sent) expect(sent.truncate_prompt_tokens).toBe(-1)
  }
})

test('scores instead of logits can be asked for where a server has both', () => {
  const asked = (['tei', 'infinity', 'vllm'] as const).map((flavour) =>
    DIALECTS[flavour].body({ query: 'q', documents: ['a'], raw: false }),
  )
  expect(asked).toMatchObject([{ raw_scores: false }, { raw_scores: false }, { use_activation: true }])
})
