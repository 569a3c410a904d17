import { Document } from '@langchain/core/documents'
import { rerank as rerankTanStack } from '@tanstack/ai'
import { rerank as rerank6 } from 'ai'
import { rerank as rerank7 } from 'ai-v7'
import { type RerankerSource, rerankingModel } from 'page-rerank/ai-sdk'
import { documentCompressor } from 'page-rerank/langchain'
import { relevanceScoreProvider } from 'page-rerank/mastra'
import { rerankAdapter } from 'page-rerank/tanstack-ai'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createCascade } from '../../src/cascade/index.js'
import { sigmoid } from '../../src/core/ordering.js'
import { RemoteError } from '../../src/errors.js'
import type { Reranker } from '../../src/types.js'
import { createOverlapReranker } from '../node/overlap-reranker.js'
import { FRAMEWORKS, type Rank, rankWithMastra } from './frameworks.js'

/** The adapters as they are built, in the frameworks' own functions, with a reranker that can be worked out by hand. */
const QUERY = 'red fox'
const DOCUMENTS = ['a blue fox', 'nothing', 'a red fox']
const RANKED = [
  { index: 2, score: sigmoid(2) },
  { index: 0, score: sigmoid(1) },
  { index: 1, score: sigmoid(0) },
]
const ALL: [string, (reranker: RerankerSource) => Rank][] = [...Object.entries(FRAMEWORKS), ['Mastra', rankWithMastra]]

/** Both versions: what differs in their types, FRAMEWORKS checks. */
const VERSIONS = [rerank6, rerank7 as unknown as typeof rerank6]
/** Their warnings. */
const warned: unknown[] = []
beforeEach(() => {
  warned.length = 0
  globalThis.AI_SDK_LOG_WARNINGS = ({ warnings }: { warnings: unknown[] }) => void warned.push(...warnings)
})
afterEach(() => {
  globalThis.AI_SDK_LOG_WARNINGS = undefined
})

/** A reranker that answers when it is told to, and ends with its signal. */
function hanging(): { reranker: Reranker; asked: AbortSignal[] } {
  const asked: AbortSignal[] = []
  const reranker = createOverlapReranker()
  reranker.rerank = (_query, _documents, { signal } = {}) =>
    new Promise((_, reject) => {
      if (signal) asked.push(signal)
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
  return { reranker, asked }
}

/** A reranker with another answer. */
function answering(change: (response: Awaited<ReturnType<Reranker['rerank']>>) => object): Reranker {
  const reranker = createOverlapReranker()
  const rerank = reranker.rerank.bind(reranker)
  reranker.rerank = async (query, documents, options) => change(await rerank(query, documents, options)) as never
  return reranker
}

/** One that cannot read the query leaves all unscored. */
const unreadable = () =>
  answering(({ results }) => ({
    results: results.map(({ document }, index) => ({ index, document, rank: index + 1, scored: false })),
    mismatch: { part: 'query', code: 'language', reason: 'It is Spanish.' },
    unscored: results.length,
  }))

describe.each(ALL)('%s', (name, using) => {
  test('ranks by score, and keeps topN', async () => {
    const rank = using(createOverlapReranker())
    expect(await rank(QUERY, DOCUMENTS)).toMatchObject(RANKED)
    expect(await rank(QUERY, DOCUMENTS, { topN: 2 })).toMatchObject(RANKED.slice(0, 2))
    expect(await rank(QUERY, DOCUMENTS, { topN: 1000 })).toHaveLength(3)
    expect(await rank(QUERY, ['a red fox'])).toEqual([
      { index: 0, score: sigmoid(2), ...(name === 'TanStack AI' && { document: 'a red fox' }) },
    ])
  })

  test('makes the reranker when it is needed, once', async () => {
    const make = vi.fn(async () => createOverlapReranker())
    const rank = using(make)
    await rank(QUERY, []).catch((error) => expect(error.message).toBe('rerank() requires at least one document'))
    expect(make).not.toHaveBeenCalled()
    const orders = await Promise.all([rank(QUERY, DOCUMENTS), rank(QUERY, DOCUMENTS)])
    for (const order of orders) expect(order).toMatchObject(RANKED)
    expect(make).toHaveBeenCalledOnce()
  })

  test('takes a promise', async () => {
    expect(await using(Promise.resolve(createOverlapReranker()))(QUERY, DOCUMENTS)).toMatchObject(RANKED)
  })

  test('takes two rerankers that are one', async () => {
    const cascade = createCascade({ first: createOverlapReranker(), second: createOverlapReranker(), firstStageWeight: 0 })
    const { results } = await cascade.rerank(QUERY, DOCUMENTS)
    expect((await using(cascade)(QUERY, DOCUMENTS)).map(({ index }) => index)).toEqual(results.map(({ index }) => index))
  })

  test('one that could not be made fails the call, as it failed, and is made anew for the next', async () => {
    const failed = new Error('no network')
    const make = vi.fn(async () => createOverlapReranker()).mockRejectedValueOnce(failed)
    const rank = using(make)
    await expect(rank(QUERY, DOCUMENTS)).rejects.toBe(failed)
    expect(await rank(QUERY, DOCUMENTS)).toMatchObject(RANKED)
    expect(make).toHaveBeenCalledTimes(2)
  })

  test('a promise that fails before anything is ranked is told to each call', async () => {
    const failed = new Error('no network')
    const rank = using(Promise.reject(failed))
    // An unhandled rejection would end the test run.
    await new Promise((resolve) => setTimeout(resolve))
    await expect(rank(QUERY, DOCUMENTS)).rejects.toBe(failed)
    await expect(rank(QUERY, DOCUMENTS)).rejects.toBe(failed)
  })

  test('an error of the reranker comes as it is, and is not tried again', async () => {
    const failed = Object.assign(new Error('the device was lost'), { code: 'session-failed' })
    const reranker = createOverlapReranker()
    const fail = vi.fn(() => Promise.reject(failed))
    Object.assign(reranker, { rerank: fail, computeScore: fail })
    await expect(using(reranker)(QUERY, DOCUMENTS)).rejects.toBe(failed)
    expect(fail).toHaveBeenCalledOnce()
  })

  test('a reranker that was disposed of says so', async () => {
    const reranker = createOverlapReranker()
    await reranker.dispose()
    await expect(using(reranker)(QUERY, DOCUMENTS)).rejects.toMatchObject({ code: 'disposed' })
  })

  test('what is no reranker is refused at once', async () => {
    for (const wrong of [undefined, null, 'page-rerank-small-en', {}]) {
      const message = /needs a Reranker, its promise, or a function that makes one/
      await expect((async () => using(wrong as never)(QUERY, DOCUMENTS))()).rejects.toThrow(message)
    }
  })
})

test.each(ALL)('%s: what is made and is no reranker is refused', async (_, using) => {
  for (const wrong of [() => undefined, () => ({}), Promise.resolve(7)]) {
    const ranked = (async () => using(wrong as never)(QUERY, DOCUMENTS))()
    await expect(ranked).rejects.toMatchObject({ code: 'invalid-option', message: expect.stringMatching(/must come to a Reranker/) })
  }
})

describe.each(Object.entries(FRAMEWORKS))('%s', (name, using) => {
  test.each([0, -1, 1.5])('topN %d is refused', async (topN) => {
    const ranked = (async () => using(createOverlapReranker())(QUERY, DOCUMENTS, { topN }))()
    await expect(ranked).rejects.toMatchObject({ code: 'invalid-option', option: 'topN' })
  })

  test('aborted before: nothing is made', async () => {
    const make = vi.fn(async () => createOverlapReranker())
    const reason = new DOMException('enough', 'AbortError')
    await expect(using(make)(QUERY, DOCUMENTS, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(make).not.toHaveBeenCalled()
  })

  test('aborted while the reranker loads: it goes on loading, for others', async () => {
    let finish = (_: Reranker) => {}
    const make = vi.fn(() => new Promise<Reranker>((resolve) => (finish = resolve)))
    const rank = using(make)
    const abort = new AbortController()
    const ended = rank(QUERY, DOCUMENTS, { signal: abort.signal })
    const other = rank(QUERY, DOCUMENTS)
    await vi.waitFor(() => expect(make).toHaveBeenCalledOnce())
    abort.abort()
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' })
    finish(createOverlapReranker())
    expect(await other).toMatchObject(RANKED)
    expect(make).toHaveBeenCalledOnce()
  })

  test('aborted while it ranks: the signal is the reranker’s', async () => {
    const { reranker, asked } = hanging()
    const abort = new AbortController()
    const ended = using(reranker)(QUERY, DOCUMENTS, { signal: abort.signal })
    await vi.waitFor(() => expect(asked).toHaveLength(1))
    abort.abort()
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('documents that were not scored keep their order', async () => {
    const ranked = await using(unreadable())(QUERY, DOCUMENTS)
    const score = name === 'LangChain' ? undefined : 0
    expect(ranked).toMatchObject([0, 1, 2].map((index) => ({ index, score })))
  })
})

test('reads what is passed at once, though the reranker takes its time', async () => {
  const reranker = createOverlapReranker()
  const asked = vi.spyOn(reranker, 'rerank')
  const later = () => new Promise<Reranker>((resolve) => setTimeout(resolve, 5, reranker))
  const values = [...DOCUMENTS]
  const objects = DOCUMENTS.map((body) => ({ body }))
  const documents = [...DOCUMENTS]
  const text = ({ body }: Record<string, unknown>) => String(body)
  const logger = { request() {}, errors() {} }
  const calls = [
    rerankingModel(later).doRerank({ query: QUERY, documents: { type: 'text', values } }),
    rerankingModel(later, { text }).doRerank({ query: QUERY, documents: { type: 'object', values: objects } }),
    rerankAdapter(later).rerank({ query: QUERY, documents, logger }),
  ]
  for (const list of [values, objects, documents]) list.length = 0
  await Promise.all(calls)
  expect(asked.mock.calls.map(([, given]) => given.length)).toEqual([3, 3, 3])
})

describe('rerankingModel', () => {
  // @ts-expect-error: `ai` 6 knows no v4
  const v4: Parameters<typeof rerank6>[0]['model'] = rerankingModel(createOverlapReranker(), { specificationVersion: 'v4' })
  const model = rerankingModel(createOverlapReranker({ model: 'overlap' }))
  const objects = [
    { title: 'Fox', text: 'a red fox' },
    { title: 'red fox', text: 'none' },
  ] as const

  test('v3 is known to both versions, v4 to 7', async () => {
    for (const rerank of VERSIONS) {
      const { response, ranking } = await rerank({ model, query: QUERY, documents: DOCUMENTS })
      expect(ranking.map(({ originalIndex }) => originalIndex)).toEqual([2, 0, 1])
      expect(response).toMatchObject({ modelId: 'overlap', timestamp: expect.any(Date) })
    }
    await expect(rerank6({ model: v4, query: QUERY, documents: DOCUMENTS })).rejects.toThrow(/version.*v4/)
    expect(warned).toEqual([])
  })

  test('what is called how', async () => {
    expect(model).toMatchObject({ specificationVersion: 'v3', provider: 'page-rerank', modelId: 'page-rerank' })
    const named = rerankingModel(createOverlapReranker(), { modelId: 'docs' })
    expect((await rerank6({ model: named, query: QUERY, documents: [] as string[] })).response.modelId).toBe('docs')
  })

  test.each([
    ['their text, without a word', [...objects], {}, [0, 1], []],
    ['what text says', [...objects], { text: ({ title }: { title?: unknown }) => String(title) }, [1, 0], []],
    [
      'as JSON, with a warning',
      [{ title: 'fox' }, { title: 'red fox' }],
      {},
      [1, 0],
      [{ type: 'compatibility', feature: 'object documents', details: expect.stringContaining('rerankingModel(reranker, { text') }],
    ],
  ])('objects are read by %s', async (_, documents, options, order, warnings) => {
    for (const rerank of VERSIONS) {
      warned.length = 0
      const { ranking } = await rerank({ model: rerankingModel(createOverlapReranker(), options), query: QUERY, documents })
      expect(ranking.map(({ originalIndex }) => originalIndex)).toEqual(order)
      // The caller's own objects come back.
      for (const { originalIndex, document } of ranking) expect(document).toBe(documents[originalIndex])
      expect(warned).toEqual(warnings)
    }
  })

  test('a document without text is named', async () => {
    const documents = [{ text: 'a red fox' }, undefined] as never[]
    await expect(rerank6({ model, query: QUERY, documents })).rejects.toMatchObject({ code: 'invalid-input', index: 1 })
  })

  test('says what was not scored, and why', async () => {
    await rerank6({ model: rerankingModel(unreadable()), query: QUERY, documents: DOCUMENTS })
    expect(warned).toEqual([{ type: 'other', message: '3 of 3 documents were not scored and keep their order. It is Spanish.' }])
  })

  test('options of the model, and of one call', async () => {
    const strict = rerankingModel(createOverlapReranker(), { firstStageWeight: 5, minScore: 0.6 })
    const order = async (pageRerank?: Record<string, number>) => {
      const providerOptions = pageRerank && { pageRerank }
      const { ranking } = await rerank6({ model: strict, query: QUERY, documents: DOCUMENTS, providerOptions })
      return ranking.map(({ originalIndex }) => originalIndex)
    }
    expect(await order()).toEqual([0, 2])
    expect(await order({ firstStageWeight: 0 })).toEqual([2, 0])
    await expect(order({ firstStage: 0 })).rejects.toMatchObject({ code: 'invalid-option', option: 'firstStage' })
  })

  test('an option that there is not is refused at once', () => {
    expect(() => rerankingModel(createOverlapReranker(), { specificationVersion: 'v5' as never })).toThrow('one of: v3, v4')
    expect(() => rerankingModel(createOverlapReranker(), { topK: 3 } as never)).toThrow(/has no option topK/)
  })
})

describe('documentCompressor', () => {
  const found = () =>
    DOCUMENTS.map((pageContent, i) => new Document({ id: String(i), pageContent, metadata: { from: 'test', relevanceScore: 0.1 } }))

  test('keeps three, as CohereRerank does', async () => {
    const many = Array.from({ length: 9 }, (_, i) => ({ pageContent: `fox ${i}`, metadata: {} }))
    expect(await documentCompressor(createOverlapReranker()).compressDocuments(many, QUERY)).toHaveLength(3)
    expect(await documentCompressor(createOverlapReranker()).rerank(many, QUERY)).toHaveLength(3)
    expect(await documentCompressor(createOverlapReranker()).rerank(many, QUERY, { topN: 5 })).toHaveLength(5)
  })

  test('gives copies, of the same class, and leaves the documents as they are', async () => {
    const documents = found()
    const before = structuredClone(documents.map((document) => ({ ...document })))
    const ranked = await documentCompressor(createOverlapReranker()).compressDocuments(documents, QUERY)
    expect(ranked.map(({ id }) => id)).toEqual(['2', '0', '1'])
    for (const one of ranked) expect(one).toBeInstanceOf(Document)
    expect(ranked[0]?.metadata).toEqual({ from: 'test', relevanceScore: sigmoid(2) })
    expect(documents.map((document) => ({ ...document }))).toEqual(before)
    // A score of another query is not left on what was not scored.
    const [first] = await documentCompressor(unreadable()).compressDocuments(documents, QUERY)
    expect(first?.metadata).toEqual({ from: 'test' })
  })

  test('an array that its owner changes meanwhile', async () => {
    const documents = found()
    const ranked = documentCompressor(createOverlapReranker()).compressDocuments(documents, QUERY)
    documents.length = 0
    documents.push(new Document({ id: 'new', pageContent: 'another', metadata: { from: 'test', relevanceScore: 1 } }))
    expect((await ranked).map(({ id }) => id)).toEqual(['2', '0', '1'])
  })

  test('rerank gives places, of strings too', async () => {
    const compressor = documentCompressor(createOverlapReranker())
    const expected = RANKED.map(({ index, score }) => ({ index, relevanceScore: score }))
    expect(await compressor.rerank(DOCUMENTS, QUERY)).toEqual(expected)
    expect(await compressor.rerank(found(), QUERY)).toEqual(expected)
    expect(await compressor.rerank([], QUERY)).toEqual([])
  })

  test('takes callbacks, and no documents at all', async () => {
    const compressor = documentCompressor(createOverlapReranker())
    expect(await compressor.compressDocuments(found(), QUERY, [{ handleLLMStart() {} }])).toHaveLength(3)
    expect(await compressor.compressDocuments(undefined as never, QUERY)).toEqual([])
    // As other code passes what it does not have.
    expect(await compressor.compressDocuments(found(), QUERY, { signal: null })).toHaveLength(3)
    expect(await compressor.rerank(found(), QUERY, null as never)).toHaveLength(3)
  })

  test('a document without text is named', async () => {
    const documents = [...found(), { metadata: {} }] as never[]
    const ranked = documentCompressor(createOverlapReranker()).compressDocuments(documents, QUERY)
    await expect(ranked).rejects.toMatchObject({
      code: 'invalid-input',
      index: 3,
      message: expect.stringContaining('pageContent of document 3'),
    })
  })
})

describe('rerankAdapter', () => {
  test('objects come as JSON, and text reads them', async () => {
    const documents = [
      { title: 'red fox', body: '' },
      { title: 'Fox', body: 'red red red' },
    ]
    const adapter = rerankAdapter(createOverlapReranker(), { text: (json) => JSON.parse(json).title })
    const { ranking } = await rerankTanStack({ adapter, query: QUERY, documents, debug: false })
    expect(ranking.map(({ document, score }) => [document, score])).toEqual([
      [documents[0], sigmoid(2)],
      [documents[1], sigmoid(1)],
    ])
  })

  test('tells the logger what it asks, and what failed', async () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const lines = (of: keyof typeof logger) => logger[of].mock.calls.map(([line]) => line).filter((line) => line.includes('page-rerank'))
    const adapter = rerankAdapter(createOverlapReranker(), { model: 'overlap' })
    const debug = { logger }
    const { id, model, usage } = await rerankTanStack({ adapter, query: QUERY, documents: DOCUMENTS, debug })
    expect([id, model, usage]).toEqual([
      expect.stringMatching(/^page-rerank-\d+-1$/),
      'overlap',
      { promptTokens: 0, completionTokens: 0, totalTokens: 0 },
    ])
    expect(lines('debug')).toContainEqual(expect.stringContaining('model=overlap documents=3'))
    expect(lines('error')).toEqual([])
    await expect(rerankTanStack({ adapter, query: '', documents: DOCUMENTS, debug })).rejects.toMatchObject({ code: 'invalid-input' })
    expect(lines('error')).toEqual([expect.stringContaining('page-rerank.rerank failed')])
  })

  test('options of one call', async () => {
    const adapter = rerankAdapter(createOverlapReranker())
    const modelOptions = { firstStageWeight: 5 }
    const { ranking } = await rerankTanStack({ adapter, query: QUERY, documents: DOCUMENTS, modelOptions, debug: false })
    expect(ranking.map(({ index }) => index)).toEqual([0, 2, 1])
  })
})

describe('relevanceScoreProvider', () => {
  /** A provider, and the pairs of each call that it makes. */
  function provider() {
    const reranker = createOverlapReranker()
    const computeScore = vi.spyOn(reranker, 'computeScore')
    return { scorer: relevanceScoreProvider(reranker), asked: () => computeScore.mock.calls.map(([pairs]) => pairs) }
  }

  test('calls of one tick are one, whatever their queries', async () => {
    const { scorer, asked } = provider()
    const calls = [...DOCUMENTS.map((text) => scorer.getRelevanceScore(QUERY, text)), scorer.getRelevanceScore('nothing', 'nothing')]
    expect(await Promise.all(calls)).toEqual([sigmoid(1), sigmoid(0), sigmoid(2), sigmoid(1)])
    expect(await scorer.getRelevanceScore(QUERY, 'red')).toBe(sigmoid(1))
    // Whatever else was to come in these ticks.
    await new Promise((resolve) => setTimeout(resolve))
    expect(asked()).toEqual([[...DOCUMENTS.map((text) => [QUERY, text]), ['nothing', 'nothing']], [[QUERY, 'red']]])
  })

  test('one that cannot be used, or is aborted, does not disturb the others', async () => {
    const { scorer, asked } = provider()
    const abort = new AbortController()
    const ended = scorer.getRelevanceScore(QUERY, 'fox', { signal: abort.signal })
    const wrong = scorer.getRelevanceScore(QUERY, undefined as never)
    const empty = scorer.getRelevanceScore(' ', 'fox', null as never)
    const early = scorer.getRelevanceScore(QUERY, 'fox', { signal: AbortSignal.abort() })
    const right = scorer.getRelevanceScore(QUERY, 'a red fox')
    abort.abort()
    await expect(wrong).rejects.toMatchObject({ code: 'invalid-input', message: 'The text is undefined; it must be a string.' })
    await expect(empty).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringMatching(/query is empty/) })
    await expect(early).rejects.toMatchObject({ name: 'AbortError' })
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' })
    expect(await right).toBe(sigmoid(2))
    expect(asked()).toEqual([[[QUERY, 'a red fox']]])
  })

  test('aborted before: nothing is made', async () => {
    const make = vi.fn(async () => createOverlapReranker())
    const ended = relevanceScoreProvider(make).getRelevanceScore(QUERY, 'fox', { signal: AbortSignal.abort() })
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' })
    await new Promise((resolve) => setTimeout(resolve))
    expect(make).not.toHaveBeenCalled()
  })

  test('a text that a server refuses does not disturb the others', async () => {
    const reranker = createOverlapReranker()
    const computeScore = reranker.computeScore.bind(reranker)
    const refused = new RemoteError('remote-refused', 'too large', { status: 413 })
    const asked = vi.spyOn(reranker, 'computeScore').mockImplementation(async (pairs, options) => {
      if (String(pairs).includes('huge')) throw refused
      return computeScore(pairs, options)
    })
    const scorer = relevanceScoreProvider(reranker)
    const ended = await Promise.allSettled([...DOCUMENTS, 'huge'].map((text) => scorer.getRelevanceScore(QUERY, text)))
    expect(ended).toEqual([
      ...[1, 0, 2].map((logit) => ({ status: 'fulfilled', value: sigmoid(logit) })),
      { status: 'rejected', reason: refused },
    ])
    // Who has the wrong key has it for each of them.
    asked.mockClear()
    asked.mockRejectedValue(new RemoteError('remote-refused', 'the key', { status: 401 }))
    await Promise.allSettled(DOCUMENTS.map((text) => scorer.getRelevanceScore(QUERY, text)))
    expect(asked).toHaveBeenCalledOnce()
  })

  test('an error is told to each of its tick, and to no other', async () => {
    const reranker = createOverlapReranker()
    const failed = new Error('the device was lost')
    vi.spyOn(reranker, 'computeScore').mockRejectedValueOnce(failed)
    const scorer = relevanceScoreProvider(reranker)
    const ended = await Promise.allSettled(DOCUMENTS.map((text) => scorer.getRelevanceScore(QUERY, text)))
    expect(ended).toEqual(DOCUMENTS.map(() => ({ status: 'rejected', reason: failed })))
    expect(await scorer.getRelevanceScore(QUERY, 'red')).toBe(sigmoid(1))
  })
})
