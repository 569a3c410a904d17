export const FLAVOURS = ['tei', 'cohere', 'jina', 'infinity', 'vllm', 'llama.cpp', 'voyage'] as const
/** Whose requests and answers a server speaks. Several others speak one of these: see docs/remote.md. */
export type Flavour = (typeof FLAVOURS)[number]

/** What a server's numbers are. */
export type Tells = 'logits' | 'scores'

/** One request's worth of documents. */
export interface DialectRequest {
  query: string
  documents: readonly string[]
  model?: string
  maxLength?: number
  /** Whether the model's own numbers are wanted. */
  raw: boolean
}

/** How a flavour is spoken. Nobody is asked for a number of results or for the documents back: places and scores are all that is needed. */
export interface Dialect {
  /** Where the endpoint is on a server whose address has no path. */
  path: string
  /** Documents that a request has by default: what the server takes by default, or less where it computes for itself and may be slow. */
  batchSize: number
  tells: Tells
  /** Whether a request can say how many tokens are read. */
  hasMaxLength?: true
  body: (request: DialectRequest) => object
  /** The list of results in an answer, wherever it should be. */
  results: (answer: Answer) => unknown
  /** What a result calls its score. */
  score: 'score' | 'relevance_score'
}

/** An answer, none of which is known yet. */
export type Answer = { readonly [name: string]: unknown } | readonly unknown[]

const field = (name: string) => (answer: Answer) => (answer as { [name: string]: unknown })[name]

/** What most have taken over from Cohere. */
const COHERE_LIKE = { results: field('results'), score: 'relevance_score' } as const

/** The sources are named beside the recorded shapes in test/unit/remote/dialects.test.ts. */
export const DIALECTS: Record<Flavour, Dialect> = {
  tei: {
    path: '/rerank',
    // --max-client-batch-size is 32 unless the server is told otherwise.
    batchSize: 32,
    tells: 'logits',
    // Without `truncate` one text that is too long fails the whole request.
    body: ({ query, documents, raw }) => ({ query, texts: documents, raw_scores: raw, truncate: true }),
    results: (answer) => answer,
    score: 'score',
  },
  cohere: {
    ...COHERE_LIKE,
    path: '/v2/rerank',
    batchSize: 1000,
    tells: 'scores',
    hasMaxLength: true,
    body: ({ query, documents, model, maxLength }) => ({ model, query, documents, max_tokens_per_doc: maxLength }),
  },
  jina: {
    ...COHERE_LIKE,
    path: '/v1/rerank',
    batchSize: 1000,
    tells: 'scores',
    body: ({ query, documents, model }) => ({ model, query, documents, return_documents: false }),
  },
  infinity: {
    ...COHERE_LIKE,
    path: '/rerank',
    batchSize: 256,
    tells: 'logits',
    body: ({ query, documents, model, raw }) => ({ model, query, documents, raw_scores: raw, return_documents: false }),
  },
  vllm: {
    ...COHERE_LIKE,
    path: '/v1/rerank',
    batchSize: 256,
    tells: 'logits',
    hasMaxLength: true,
    // -1: what is longer than the model takes is cut; without it the request fails.
    body: ({ query, documents, model, raw, maxLength = -1 }) => ({
      model,
      query,
      documents,
      use_activation: !raw,
      truncate_prompt_tokens: maxLength,
    }),
  },
  'llama.cpp': {
    ...COHERE_LIKE,
    path: '/v1/rerank',
    batchSize: 64,
    // The classification head's own output: of all architectures but Qwen3, whose two logits go through a softmax.
    tells: 'logits',
    body: ({ query, documents, model }) => ({ model, query, documents }),
  },
  voyage: {
    path: '/v1/rerank',
    batchSize: 1000,
    tells: 'scores',
    body: ({ query, documents, model }) => ({ model, query, documents, truncation: true }),
    results: field('data'),
    score: 'relevance_score',
  },
}
