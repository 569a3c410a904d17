import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type CascadeOptions, createCascade } from '../../src/cascade/index.js'
import { DocumentReranker } from '../../src/core/document-reranker.js'
import type { PrepareRequest, RerankRequest, Scores } from '../../src/core/engine.js'
import { DisposedError, InvalidInputError, isAbortError, RemoteError, SessionError } from '../../src/errors.js'
import { createRemoteReranker } from '../../src/remote/index.js'
import type { Mismatch, Reranker, RerankOptions, RerankResponse, ScoreProgress } from '../../src/types.js'
import { type Behaviour, fakeEngine, turn, turns, until } from '../support/fake-worker.js'

/** First stage's logits are the numbers before the dash, the second's those behind it. */
const DOCUMENTS = ['1-9', '5-1', '4-2', '3-3', '2-4']
const numbers = (text: string) => text.split('-').map(Number)

/** Scores of the texts at some places, NaN for the others. */
function scoresAt(place: 0 | 1, { texts }: RerankRequest, indices?: readonly number[]): Scores {
  const isScored = (i: number) => !indices || indices.includes(i)
  const logits = Float64Array.from(texts, (text, i) => (isScored(i) ? (numbers(text)[place] as number) : Number.NaN))
  return { logits, scored: indices?.length ?? texts.length }
}

/** A stage: the public reranker over an engine that does as it is told, and what it was asked. */
function stage(place: 0 | 1, behaviour?: Behaviour) {
  const prepared: (PrepareRequest | string)[] = []
  const asked: RerankRequest[] = []
  const options: RerankOptions<unknown>[] = []
  const engine = fakeEngine()
  const reranker = new DocumentReranker({
    ...engine,
    info: { ...engine.info, model: `stage ${place}`, maxPositions: 512 - place, activation: place ? 'identity' : 'sigmoid' },
    async rerank(request) {
      asked.push(request)
      await turn()
      return behaviour ? behaviour(request) : scoresAt(place, request)
    },
    async computeScore({ pairs }) {
      return pairs.map(([, document]) => numbers(document)[place] as number)
    },
    async prepare(request) {
      prepared.push(request)
      request.onProgress?.({ scored: place, total: 1 })
    },
    async prepareIndex({ index }) {
      prepared.push(index)
    },
  })
  const rerank = reranker.rerank.bind(reranker)
  reranker.rerank = (query, documents, given) => {
    options.push(given as RerankOptions<unknown>)
    return rerank(query, documents, given)
  }
  return { reranker: reranker as Reranker, asked, options, prepared }
}

function setUp({
  first,
  second,
  ...options
}: { first?: Behaviour; second?: Behaviour } & Partial<Omit<CascadeOptions, 'first' | 'second'>>) {
  const stages = { first: stage(0, first), second: stage(1, second) }
  const cascade = createCascade({ first: stages.first.reranker, second: stages.second.reranker, pool: 3, firstStageWeight: 0, ...options })
  return { ...stages, cascade }
}

/** Document, and who scored it. */
const order = ({ results }: RerankResponse<string>) => results.map(({ document, stage = 'none' }) => `${document} ${stage}`)

/** The first stage's order, of what it scored. */
const FIRST = ['5-1 first', '4-2 first', '3-3 first', '2-4 first', '1-9 first']

const failure = (call: Promise<unknown>): Promise<Error & { code?: string }> =>
  call.then(
    () => expect.fail('it was answered'),
    (error) => error,
  )

const loose = (value: unknown) => value as never

afterEach(() => {
  vi.useRealTimers()
})

describe('the order', () => {
  test('is the second’s of the first few of the first’s order, then the first’s', async () => {
    const { cascade, second } = setUp({})
    const answer = await cascade.rerank('query', DOCUMENTS)
    expect(order(answer)).toEqual(['3-3 second', '4-2 second', '5-1 second', '2-4 first', '1-9 first'])
    expect(answer.results.map(({ index, rank, logit }) => [index, rank, logit])).toEqual([
      [3, 1, 3],
      [2, 2, 2],
      [1, 3, 1],
      [4, 4, 2],
      [0, 5, 1],
    ])
    expect(answer).toEqual({ results: answer.results, unscored: 0 })
    expect(second.asked[0]?.texts).toEqual(['5-1', '4-2', '3-3'])
  })

  test('has the caller’s own documents, each of which is read once', async () => {
    const { cascade } = setUp({})
    const hits = DOCUMENTS.map((body) => ({ body }))
    const read: number[] = []
    const text = ({ body }: { body: string }, index: number) => {
      read.push(index)
      return body
    }
    const { results } = await cascade.rerank('query', hits, { text })
    expect(read).toEqual([0, 1, 2, 3, 4])
    for (const { document, index } of results) expect(document).toBe(hits[index])
  })

  test.each([
    [2, ['3-3 second', '4-2 second']],
    [4, ['3-3 second', '4-2 second', '5-1 second', '2-4 first']],
    [9, ['3-3 second', '4-2 second', '5-1 second', '2-4 first', '1-9 first']],
  ])('with topN %i', async (topN, expected) => {
    const { cascade, first } = setUp({})
    expect(order(await cascade.rerank('query', DOCUMENTS, { topN }))).toEqual(expected)
    // The second stage gets its whole pool all the same.
    expect(first.options[0]?.topN).toBe(Math.max(3, topN))
  })

  test('minScore is of the second’s scores: what it did not score is left out', async () => {
    const { cascade } = setUp({})
    const minScore = 1 / (1 + Math.exp(-2))
    expect(order(await cascade.rerank('query', DOCUMENTS, { minScore }))).toEqual(['3-3 second', '4-2 second'])
    expect(order(await cascade.rerank('query', DOCUMENTS, { minScore: 1 }))).toEqual([])
  })

  test('a weight of the cascade is for the first stage’s order, one of a call for the caller’s', async () => {
    const { cascade, first, second } = setUp({ firstStageWeight: 100 })
    expect(order(await cascade.rerank('query', DOCUMENTS)).slice(0, 3)).toEqual(['5-1 second', '4-2 second', '3-3 second'])
    expect(order(await cascade.rerank('query', DOCUMENTS, { firstStageWeight: 1000 }))[0]).toBe('1-9 second')
    expect(first.options.map(({ firstStageWeight }) => firstStageWeight)).toEqual([undefined, 1000])
    expect(second.options.map(({ firstStageWeight }) => firstStageWeight)).toEqual([100, 100])
  })

  test('has ten documents of the second stage, and a weight of 1, where nobody says otherwise', async () => {
    const first = stage(0)
    const second = stage(1)
    await createCascade({ first: first.reranker, second: second.reranker }).rerank('query', [...DOCUMENTS, ...DOCUMENTS, ...DOCUMENTS])
    expect([second.asked[0]?.texts.length, second.options[0]?.firstStageWeight]).toEqual([10, 1])
  })

  test('a pool larger than the list is the list; an empty list is no work', async () => {
    const { cascade, first } = setUp({ pool: 100 })
    expect(order(await cascade.rerank('query', DOCUMENTS))).toEqual(['1-9', '2-4', '3-3', '4-2', '5-1'].map((text) => `${text} second`))
    expect(await cascade.rerank('query', [])).toEqual({ results: [], unscored: 0 })
    expect(first.asked).toHaveLength(1)
  })

  test('the first stage says why of what the second has nothing to say of', async () => {
    const match = { start: 0, end: 1, weight: 1, query: { start: 0, end: 5 } }
    const explained: Behaviour = (request) => ({
      ...scoresAt(0, request),
      explanations: new Map(request.texts.map((_, i) => [i, { matches: [match], sentence: { start: 0, end: 3 } }])),
    })
    const { cascade, first, second } = setUp({ first: explained })
    const { results } = await cascade.rerank('query', DOCUMENTS, { explain: true })
    for (const { document, matches, sentence } of results)
      expect([matches, sentence]).toEqual([[match], { start: 0, end: 3, text: document }])
    expect(results.map(({ logit }) => logit)).toEqual([3, 2, 1, 2, 1])
    expect([first, second].map(({ options }) => options[0]?.explain)).toEqual([true, undefined])
  })
})

describe('where the second stage falls short', () => {
  /** Tells what it has by then, and does not come to an end. */
  const stuckAt =
    (...indices: number[]): Behaviour =>
    (request) => {
      request.onScored?.(scoresAt(1, request, indices))
      return new Promise(() => undefined)
    }

  /** What a call comes to whose time ends within the second stage. */
  async function outOfTime({ cascade, second }: ReturnType<typeof setUp>, options?: RerankOptions<string>) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const running = cascade.rerank('query', DOCUMENTS, { ...options, budgetMs: 30 })
    await until(() => second.asked.length === 1)
    await turns()
    vi.advanceTimersByTime(30)
    return running
  }

  test.each([
    ['nothing is scored', [], FIRST],
    ['the first is scored', [0], FIRST],
    ['the first two are', [0, 1], ['4-2 second', '5-1 second', '3-3 first', '2-4 first', '1-9 first']],
    ['only those before a gap count', [0, 2], FIRST],
    ['nothing counts behind a gap at the start', [1, 2], FIRST],
  ])('when the time is over, %s', async (_, indices, expected) => {
    const answer = await outOfTime(setUp({ second: stuckAt(...indices) }))
    const head = indices.findIndex((index, i) => index !== i)
    const scored = head < 0 ? indices.length : head
    expect(answer.results.map(({ document }) => document)).toEqual(expected.map((one) => one.split(' ')[0]))
    expect(answer.results.map(({ stage }) => stage)).toEqual(answer.results.map((_, i) => (i < scored ? 'second' : 'first')))
    expect(answer.shortfall).toMatchObject({ code: 'budget', scored })
    expect(answer.unscored).toBe(0)
  })

  test('the budget is one: the second stage has what the first left, and is not asked when that is nothing', async () => {
    const slow: Behaviour = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return scoresAt(0, request)
    }
    const { cascade, first, second } = setUp({ first: slow })
    await cascade.rerank('query', DOCUMENTS, { budgetMs: 10_000 })
    const [ofFirst, ofSecond] = [first, second].map(({ options }) => options[0]?.budgetMs as number)
    expect(ofFirst).toBeLessThanOrEqual(10_000)
    expect(ofSecond).toBeLessThanOrEqual((ofFirst as number) - 19)

    const { results, ...facts } = await cascade.rerank('query', DOCUMENTS, { budgetMs: 0 })
    expect(results.map(({ document, scored }) => [document, scored])).toEqual(DOCUMENTS.map((document) => [document, false]))
    expect(facts).toMatchObject({ unscored: 5, shortfall: { code: 'budget', scored: 0 } })
    expect(second.options).toHaveLength(1)
  })

  test('a failure leaves the first’s order and is told; a least score leaves nothing out then', async () => {
    const error = new SessionError('session-failed', 'The device is gone.')
    const failing: Behaviour = (request) => {
      request.onScored?.(scoresAt(1, request, [0, 1]))
      throw error
    }
    const { cascade } = setUp({ second: failing })
    const answer = await cascade.rerank('query', DOCUMENTS, { minScore: 0.999 })
    expect(order(answer)).toEqual(FIRST)
    expect(answer.shortfall).toEqual({ code: 'failed', reason: 'The second stage failed: The device is gone.', scored: 0, error })
  })

  test('so it is where somebody disposed of it', async () => {
    const { cascade, second } = setUp({ second: ({ signal }) => new Promise((_, no) => signal?.addEventListener('abort', no)) })
    const running = cascade.rerank('query', DOCUMENTS)
    await until(() => second.asked.length === 1)
    await second.reranker.dispose()
    expect((await running).shortfall?.code).toBe('failed')
    const later = await cascade.rerank('query', DOCUMENTS)
    expect(order(later)).toEqual(FIRST)
    expect(later.shortfall?.error).toBeInstanceOf(DisposedError)
  })

  test('a server behind a model that runs here: its order where it answers, the first’s where it does not', async () => {
    let status = 200
    const asked: string[][] = []
    const server = createServer(async (request, response) => {
      const { texts } = (await json(request)) as { texts: string[] }
      asked.push(texts)
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(texts.map((text, index) => ({ index, score: numbers(text)[1] }))))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const second = createRemoteReranker({ url: `http://127.0.0.1:${port}`, flavour: 'tei', maxRetries: 0 })
      const cascade = createCascade({ first: stage(0).reranker, second, pool: 3, firstStageWeight: 0 })
      expect(order(await cascade.rerank('query', DOCUMENTS)).slice(0, 3)).toEqual(['3-3 second', '4-2 second', '5-1 second'])
      expect(asked).toEqual([['5-1', '4-2', '3-3']])
      expect(cascade.info.stages?.second.server?.flavour).toBe('tei')
      status = 500
      const answer = await cascade.rerank('query', DOCUMENTS)
      expect(order(answer)).toEqual(FIRST)
      expect(answer.shortfall?.error).toBeInstanceOf(RemoteError)
    } finally {
      server.close()
    }
  })

  test('an option that it cannot take is refused, and what the first stage throws is thrown', async () => {
    const refusing = setUp({
      second: () => {
        throw new InvalidInputError('invalid-option', 'maxLength is too much', { option: 'maxLength' })
      },
    })
    expect((await failure(refusing.cascade.rerank('query', DOCUMENTS))).code).toBe('invalid-option')
    const failing = setUp({
      first: () => {
        throw new SessionError('session-failed', 'The device is gone.')
      },
    })
    expect((await failure(failing.cascade.rerank('query', DOCUMENTS))).code).toBe('session-failed')
    expect(failing.second.asked).toEqual([])
  })

  const mismatch: Mismatch = { part: 'query', code: 'language', reason: 'Spanish.' }
  const cannotRead: Behaviour = (request) => ({ ...scoresAt(0, request, []), mismatch })

  test('each stage judges for itself whether it can read the query', async () => {
    const none = setUp({ first: cannotRead, second: cannotRead })
    const kept = await none.cascade.rerank('query', DOCUMENTS, { minScore: 0.9 })
    expect(order(kept)).toEqual(DOCUMENTS.map((document) => `${document} none`))
    expect(kept).toMatchObject({ unscored: 5, mismatch, shortfall: { code: 'mismatch', scored: 0 } })

    const second = setUp({ second: cannotRead })
    const first = await second.cascade.rerank('query', DOCUMENTS, { minScore: 0.9 })
    expect(order(first)).toEqual(FIRST)
    expect(first.shortfall).toMatchObject({ code: 'mismatch', scored: 0 })
    // The order is a model's: only the second stage's model does not fit.
    expect(first.mismatch).toBeUndefined()

    const only = await setUp({ first: cannotRead }).cascade.rerank('query', DOCUMENTS)
    expect(order(only)).toEqual(['1-9 second', '4-2 second', '5-1 second', '3-3 none', '2-4 none'])
    expect(only).toMatchObject({ unscored: 2, mismatch })
    expect(only.shortfall).toBeUndefined()
  })

  test('a mismatch that the caller ignores is no shortfall', async () => {
    const warned = setUp({ second: (request) => ({ ...scoresAt(1, request), mismatch }) })
    const answer = await warned.cascade.rerank('query', DOCUMENTS, { onMismatch: 'warn' })
    expect([answer.mismatch, answer.shortfall]).toEqual([mismatch, undefined])
    // One that it was told of and a budget that ended are two things.
    const stuck: Behaviour = (request) => {
      request.onScored?.({ ...scoresAt(1, request, [0]), mismatch })
      return new Promise(() => undefined)
    }
    const late = await outOfTime(setUp({ second: stuck }), { onMismatch: 'warn' })
    expect([late.mismatch, late.shortfall?.code]).toEqual([mismatch, 'budget'])
    expect([warned.first, warned.second].map(({ options }) => options[0]?.onMismatch)).toEqual(['warn', 'warn'])
  })
})

describe('what is told on the way', () => {
  /** Tells of each document that it scored, as slowly as reports come. */
  const reporting =
    (place: 0 | 1, ...steps: number[][]): Behaviour =>
    async (request) => {
      for (const indices of steps) {
        await new Promise((resolve) => setTimeout(resolve, 110))
        request.onScored?.(scoresAt(place, request, indices))
      }
      request.onScored?.(scoresAt(place, request))
      return scoresAt(place, request)
    }

  test('orders of the first stage, its whole order, then orders that the second has begun', async () => {
    const { cascade } = setUp({ first: reporting(0, [0, 1]), second: reporting(1, [1], [0, 1]) })
    const told: string[] = []
    const progress: ScoreProgress[] = []
    const final = await cascade.rerank('query', DOCUMENTS, {
      onUpdate: (answer, { scored, total }) => told.push(`${scored}/${total} ${answer.unscored} ${order(answer).join(', ')}`),
      onProgress: (event) => progress.push(event),
    })
    expect(told).toEqual([
      '2/8 3 5-1 first, 1-9 first, 4-2 none, 3-3 none, 2-4 none',
      `5/8 0 ${FIRST.join(', ')}`,
      '7/8 0 4-2 second, 5-1 second, 3-3 first, 2-4 first, 1-9 first',
    ])
    expect(order(final)[0]).toBe('3-3 second')
    expect(progress.map(({ scored, total }) => `${scored}/${total}`)).toEqual(['2/8', '5/8', '6/8', '7/8', '8/8'])
  })

  test('stages that are cascades themselves count as one that is none', async () => {
    const { cascade, first, second } = setUp({ first: reporting(0), second: reporting(1) })
    for (const stages of [
      { first: cascade, second: second.reranker },
      { first: first.reranker, second: cascade },
    ]) {
      const progress: ScoreProgress[] = []
      const outer = createCascade({ ...stages, pool: 4 })
      await outer.rerank('query', DOCUMENTS, { onProgress: (event) => progress.push(event), onUpdate: (_, event) => progress.push(event) })
      const counts = progress.map(({ scored }) => scored)
      expect(counts).toEqual(counts.toSorted((a, b) => a - b))
      expect(progress.at(-1)).toEqual({ scored: 9, total: 9 })
      // The stage that is a cascade is not at its end with its own first stage.
      expect(counts.filter((count) => count === 9)).toHaveLength(1)
    }
  })

  test('progress never falls, where a stage has not got as far as it had said', async () => {
    // As a fallback whose first one failed, and whose second one had no time.
    const short = {
      info: {},
      async rerank(_: string, documents: readonly string[], { onProgress }: RerankOptions<string>): Promise<RerankResponse<string>> {
        onProgress?.({ scored: 4, total: 5 })
        return { results: documents.map((document, index) => ({ index, document, rank: index + 1, scored: false })), unscored: 5 }
      },
    } as unknown as Reranker
    const { second } = setUp({ second: reporting(1) })
    const progress: ScoreProgress[] = []
    const cascade = createCascade({ first: short, second: second.reranker, pool: 3 })
    await cascade.rerank('query', DOCUMENTS, { onProgress: (event) => progress.push(event), onUpdate: (_, event) => progress.push(event) })
    const counts = progress.map(({ scored }) => scored)
    expect(counts[0]).toBe(4)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  })

  test.each(['onUpdate', 'onProgress'] as const)('what %s throws ends the call', async (name) => {
    const { cascade } = setUp({ second: reporting(1, [0, 1]) })
    const own = new Error('rendering failed')
    const throwing = (...args: unknown[]) => {
      const { scored } = args.at(-1) as ScoreProgress
      if (scored > 5) throw own
    }
    expect(await failure(cascade.rerank('query', DOCUMENTS, { [name]: throwing }))).toBe(own)
  })

  test('nobody who does not listen makes the stages report', async () => {
    const { cascade, first, second } = setUp({})
    await cascade.rerank('query', DOCUMENTS)
    for (const { asked } of [first, second]) expect(asked[0]?.onScored).toBeUndefined()
  })
})

describe('calls', () => {
  const hanging: Behaviour = ({ signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))

  test.each(['first', 'second'] as const)('an abort in the %s stage ends it', async (name) => {
    const own = setUp({ [name]: hanging })
    const controller = new AbortController()
    const running = failure(own.cascade.rerank('query', DOCUMENTS, { signal: controller.signal }))
    await until(() => own[name].asked.length === 1)
    controller.abort()
    expect(isAbortError(await running)).toBe(true)
    expect(own[name].asked[0]?.signal?.aborted).toBe(true)
  })

  test('a newer one of a key supersedes an older one, whose second stage is not begun', async () => {
    const { cascade, second } = setUp({})
    const older = failure(cascade.rerank('older', DOCUMENTS, { key: 'box' }))
    const newer = cascade.rerank('newer', DOCUMENTS, { key: 'box' })
    expect(isAbortError(await older)).toBe(true)
    expect(order(await newer)[0]).toBe('3-3 second')
    expect(second.asked.map(({ query }) => query)).toEqual(['newer'])
    // A key is the cascade's own: stages may be used by others, who have theirs.
    expect(second.options[0]?.key).toBeUndefined()
  })

  test('dispose ends them, and leaves the stages to whom they belong', async () => {
    const { cascade, first } = setUp({ second: hanging })
    const running = failure(cascade.rerank('query', DOCUMENTS))
    await cascade.dispose()
    await cascade.dispose()
    const ended = await running
    expect([ended.name, ended.cause]).toEqual(['AbortError', expect.any(DisposedError)])
    for (const call of [cascade.rerank('query', DOCUMENTS), cascade.computeScore([]), cascade.prepare([])])
      expect((await failure(call)).code).toBe('disposed')
    expect((await first.reranker.rerank('query', DOCUMENTS)).unscored).toBe(0)
  })

  test('computeScore gives the second stage’s numbers', async () => {
    const { cascade } = setUp({})
    expect(await cascade.computeScore(DOCUMENTS.map((document) => ['query', document] as const))).toEqual([9, 1, 2, 3, 4])
    expect(isAbortError(await failure(cascade.computeScore([], { signal: AbortSignal.abort() })))).toBe(true)
    expect((await failure(cascade.computeScore([], loose({ normalise: true })))).code).toBe('invalid-option')
  })

  test('prepare is for both stages, an index for the first', async () => {
    const { cascade, first, second } = setUp({})
    const progress: ScoreProgress[] = []
    await cascade.prepare([{ body: 'a' }], { text: ({ body }) => body, maxLength: 64, onProgress: (event) => progress.push(event) })
    await cascade.prepare({ index: '/docs.index' })
    for (const { prepared } of [first, second]) expect(prepared[0]).toMatchObject({ texts: ['a'], maxLength: 64 })
    expect([first.prepared[1], second.prepared[1]]).toEqual(['/docs.index', undefined])
    expect(progress).toEqual([{ scored: 0, total: 1 }])
    expect((await failure(cascade.prepare(loose('text')))).code).toBe('invalid-input')
  })

  test('an index that is being loaded hears of the end', async () => {
    const ends: (AbortSignal | undefined)[] = []
    const { cascade, first } = setUp({})
    first.reranker.prepare = (_: unknown, { signal }: { signal?: AbortSignal } = {}) => {
      ends.push(signal)
      return new Promise<void>(() => undefined)
    }
    const controller = new AbortController()
    const aborted = failure(cascade.prepare({ index: '/docs.index' }, { signal: controller.signal }))
    const disposed = failure(cascade.prepare({ index: '/docs.index' }))
    controller.abort()
    await aborted
    expect(ends.map((signal) => signal?.aborted)).toEqual([true, false])
    await cascade.dispose()
    await disposed
    expect(ends[1]?.aborted).toBe(true)
  })

  test('bad input is refused before any stage is asked', async () => {
    const { cascade, first } = setUp({})
    for (const call of [
      cascade.rerank(' ', DOCUMENTS),
      cascade.rerank('query', loose('text')),
      cascade.rerank('query', [loose(7)]),
      cascade.rerank('query', DOCUMENTS, loose({ topn: 1 })),
      cascade.rerank('query', DOCUMENTS, { minScore: 2 }),
    ])
      expect(await failure(call)).toBeInstanceOf(InvalidInputError)
    expect(first.asked).toEqual([])
  })
})

test('info is the first stage’s, with what is the second’s, and both', () => {
  const { cascade, first, second } = setUp({})
  expect(cascade.info).toMatchObject({ model: 'stage 0', maxPositions: 511, activation: 'identity' })
  expect(cascade.info.stages).toEqual({ first: first.reranker.info, second: second.reranker.info })
})

test.each([
  [{ first: undefined }, 'first', /createCascade needs first/],
  [{ second: undefined }, 'second', /createCascade needs second/],
  [{ first: Promise.resolve() }, 'first', /await its promise/],
  [{ pool: 0 }, 'pool', /1 or more/],
  [{ firstStageWeight: -1 }, 'firstStageWeight', /0 or more/],
  [{ topN: 3 }, 'topN', /createCascade has no option topN/],
])('createCascade refuses %o', (options, option, message) => {
  const stages = { first: stage(0).reranker, second: stage(1).reranker }
  const attempt = () => createCascade({ ...stages, ...options } as never)
  expect(attempt).toThrow(message)
  expect(attempt).toThrow(expect.objectContaining({ code: 'invalid-option', option }))
})
