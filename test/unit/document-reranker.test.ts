import { describe, expect, test, vi } from 'vitest'
import { DocumentReranker } from '../../src/core/document-reranker.js'
import type { PrepareRequest, RerankRequest, ScoreRequest } from '../../src/core/engine.js'
import { DisposedError, isAbortError } from '../../src/errors.js'
import type { RerankOptions } from '../../src/types.js'
import { fakeEngine, scoresOf, turn, turns } from '../support/fake-worker.js'

/** A reranker in front of an engine that scores by length and reports halfway, and what the engine was asked. */
function setUp() {
  const asked: { rerank: RerankRequest[]; computeScore: ScoreRequest[]; prepare: PrepareRequest[] } = {
    rerank: [],
    computeScore: [],
    prepare: [],
  }
  const engine = fakeEngine()
  const reranker = new DocumentReranker({
    ...engine,
    async rerank(request) {
      asked.rerank.push(request)
      await turn()
      for (let count = 1; count <= request.texts.length; count++) request.onScored?.(scoresOf(request, count))
      return scoresOf(request)
    },
    async computeScore(request) {
      asked.computeScore.push(request)
      await turn()
      request.onProgress?.({ scored: request.pairs.length, total: request.pairs.length })
      return request.pairs.map(([, document]) => document.length)
    },
    async prepare(request) {
      asked.prepare.push(request)
      await turn()
      request.onProgress?.({ scored: request.texts.length, total: request.texts.length })
    },
  })
  return { reranker, asked }
}

const failure = (call: Promise<unknown>): Promise<Error & { code?: string }> =>
  call.then(
    () => expect.fail('it was answered'),
    (error) => error,
  )

const loose = (value: unknown) => value as never

describe('what the caller changes after the call does not count', () => {
  test('documents', async () => {
    const { reranker } = setUp()
    const hits = ['a', 'bbb', 'cc']
    const call = reranker.rerank('query', hits)
    hits.splice(0, 3, 'of', 'the', 'next')
    expect((await call).results.map(({ document }) => document)).toEqual(['bbb', 'cc', 'a'])
  })

  test('documents, changed by the text option', async () => {
    const { reranker } = setUp()
    const hits = ['a', 'bbb', 'cc']
    const text = (hit: string) => {
      hits.length = 0
      return hit
    }
    expect((await reranker.rerank('query', hits, { text })).results.map(({ document }) => document)).toEqual(['bbb', 'cc', 'a'])
  })

  test('options', async () => {
    const { reranker } = setUp()
    const options: RerankOptions<string> = {}
    const call = reranker.rerank('query', ['a', 'bbb', 'cc'], options)
    Object.assign(options, { topN: 1, minScore: 1, firstStageWeight: 100 })
    expect((await call).results.map(({ document }) => document)).toEqual(['bbb', 'cc', 'a'])
  })

  test('pairs', async () => {
    const { reranker, asked } = setUp()
    const pairs: [string, string][] = [
      ['query', 'a'],
      ['query', 'bbb'],
    ]
    const call = reranker.computeScore(pairs)
    pairs[0] = ['other', 'other']
    ;(pairs[1] as [string, string])[1] = 'other'
    expect(await call).toEqual([1, 3])
    expect(asked.computeScore[0]?.pairs).toEqual([
      ['query', 'a'],
      ['query', 'bbb'],
    ])
  })
})

describe('a call stopped inside its text option', () => {
  test.each(['rerank', 'prepare'] as const)('%s: by its signal', async (method) => {
    const { reranker, asked } = setUp()
    const controller = new AbortController()
    const reason = new Error('closed')
    const options = {
      signal: controller.signal,
      text: (document: string) => {
        controller.abort(reason)
        return document
      },
    }
    const call = method === 'rerank' ? reranker.rerank('query', ['a'], options) : reranker.prepare(['a'], options)
    expect(await failure(call)).toBe(reason)
    expect(asked[method]).toHaveLength(0)
  })

  test('by dispose()', async () => {
    const { reranker } = setUp()
    const text = (document: string) => {
      void reranker.dispose()
      return document
    }
    expect((await failure(reranker.rerank('query', ['a'], { text }))).cause).toBeInstanceOf(DisposedError)
  })

  test('by a newer call of its key, which is answered', async () => {
    const { reranker, asked } = setUp()
    let newer: Promise<unknown> | undefined
    const text = (document: string) => {
      newer ??= reranker.rerank('newer', ['a'], { key: 'box' })
      return document
    }
    const older = failure(reranker.rerank('older', ['a', 'b'], { key: 'box', text }))
    expect(await newer).toMatchObject({ results: [{ document: 'a' }] })
    expect(isAbortError(await older)).toBe(true)
    expect(asked.rerank.map(({ query }) => query)).toEqual(['newer'])
  })
})

describe('a callback that fails ends its call with that error, is called no more, and the engine hears an abort', () => {
  const error = new Error('of the page')

  test.each([
    ['onUpdate', 'throws'],
    ['onUpdate', 'rejects'],
    ['onProgress', 'throws'],
    ['onProgress', 'rejects'],
  ] as const)('rerank, %s that %s', async (option, how) => {
    const { reranker, asked } = setUp()
    let calls = 0
    let clock = 0
    const now = performance.now
    // Every report comes late enough to be told.
    performance.now = () => {
      clock += 1000
      return clock
    }
    try {
      const callback = () => {
        calls++
        if (how === 'rejects') return Promise.reject(error)
        throw error
      }
      expect(await failure(reranker.rerank('query', ['a', 'bbb', 'cc'], { [option]: callback }))).toBe(error)
      await turns()
    } finally {
      performance.now = now
    }
    // A rejection is heard of only when the engine has told all three.
    expect(calls).toBe(how === 'throws' ? 1 : option === 'onUpdate' ? 2 : 3)
    expect(asked.rerank[0]?.signal?.reason).toBe(error)
  })

  test.each(['computeScore', 'prepare'] as const)('%s, onProgress', async (method) => {
    const { reranker, asked } = setUp()
    const onProgress = () => {
      throw error
    }
    const call = method === 'prepare' ? reranker.prepare(['a'], { onProgress }) : reranker.computeScore(['q', 'd'], { onProgress })
    expect(await failure(call)).toBe(error)
    expect(asked[method][0]?.signal?.reason).toBe(error)
    // An engine must be able to call it safely.
    expect(() => asked[method][0]?.onProgress?.({ scored: 1, total: 1 })).not.toThrow()
  })

  test.each(['throws', 'rejects'])('undefined, which it %s: an error that says so', async (how) => {
    const { reranker } = setUp()
    const onProgress = () => {
      if (how === 'rejects') return Promise.reject(undefined)
      throw undefined
    }
    const ended = await failure(reranker.prepare(['a'], { onProgress: onProgress as () => void }))
    expect(ended).toMatchObject({ name: 'InvalidInputError', message: expect.stringContaining('threw undefined') })
  })

  test('one that fails after its call was answered: the console says it', async () => {
    const said = vi.spyOn(console, 'error').mockReturnValue()
    const { reranker } = setUp()
    const onProgress = async () => {
      await turns()
      throw error
    }
    await reranker.computeScore(['q', 'd'], { onProgress })
    await turns(30)
    expect(said).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('page-rerank'), error)
    said.mockRestore()
  })
})

describe('reports', () => {
  test.each(['onUpdate', 'onProgress'] as const)('%s that takes long has half of the time at the most', async (option) => {
    let clock = 0
    const now = vi.spyOn(performance, 'now').mockImplementation(() => clock)
    try {
      const reranker = new DocumentReranker({
        ...fakeEngine(),
        async rerank(request) {
          for (let count = 1; count <= request.texts.length; count++) {
            clock += 10
            request.onScored?.(scoresOf(request, count))
          }
          return scoresOf(request)
        },
      })
      let told = 0
      await reranker.rerank('query', Array(1000).fill('a'), {
        [option]() {
          told += 300
          clock += 300
        },
      })
      expect(clock).toBe(10_000 + told)
      expect(told).toBeLessThanOrEqual(10_000 + 300)
      expect(told).toBeGreaterThan(5000)
    } finally {
      now.mockRestore()
    }
  })
})

describe('arrays of every kind', () => {
  /** Array's methods make another of its kind, which fails. */
  class Hits extends Array<unknown> {
    static override get [Symbol.species](): never {
      throw new Error('a method made another array of the caller’s class')
    }
  }

  const hitsOf = (...items: unknown[]): Hits => Object.setPrototypeOf(items, Hits.prototype)

  test('of a class of the caller’s', async () => {
    const { reranker, asked } = setUp()
    const response = await reranker.rerank('query', loose(hitsOf('a', 'bbb')))
    expect(response.results.map(({ document }) => document)).toEqual(['bbb', 'a'])
    expect(await reranker.computeScore(loose(hitsOf(hitsOf('query', 'bbb'))))).toEqual([3])
    expect(await reranker.computeScore(loose(hitsOf('query', 'cc')))).toEqual([2])
    const given = [asked.rerank[0]?.texts, asked.computeScore[0]?.pairs, asked.computeScore[0]?.pairs[0], response.results]
    expect(given.map((array) => Object.getPrototypeOf(array) === Array.prototype)).toEqual([true, true, true, true])
  })

  const hole = <T>(...items: T[]): T[] => {
    const array = [...items]
    delete array[1]
    return array
  }

  test.each([undefined, (document: string) => document.trim()])(
    'documents with a hole are refused by its index, text: %s',
    async (text) => {
      const { reranker } = setUp()
      const expected = { name: 'InvalidInputError', code: 'invalid-input', index: 1 }
      expect(await failure(reranker.rerank('query', hole('a', 'b', 'c'), { text }))).toMatchObject(expected)
      expect(await failure(reranker.prepare(hole('a', 'b', 'c'), { text }))).toMatchObject(expected)
    },
  )

  test.each([
    ['among the pairs', hole(['q', 'a'], ['q', 'b'], ['q', 'c']), 1],
    ['in a pair', [['q', 'a'], hole('q', 'b')], 1],
    ['in the only pair', hole('q', 'd'), 0],
  ])('pairs with a hole are refused by their index: %s', async (_, pairs, index) => {
    const { reranker } = setUp()
    const error = await failure(reranker.computeScore(loose(pairs)))
    expect(error).toMatchObject({ name: 'InvalidInputError', code: 'invalid-input', index })
  })
})

describe('options of every kind', () => {
  test('properties of a class and getters count, and are read once', async () => {
    const { reranker } = setUp()
    let reads = 0
    class Settings {
      get topN(): number {
        return ++reads
      }
      text(hit: { title: string }): string {
        return hit.title
      }
    }
    const { results } = await reranker.rerank('query', [{ title: 'a' }, { title: 'bbb' }, { title: 'cc' }], new Settings())
    expect(results.map(({ index }) => index)).toEqual([1])
    expect(reads).toBe(1)
  })

  test('a value of a class that cannot be is refused', async () => {
    const { reranker } = setUp()
    const options = Object.create({ topN: 0 })
    expect(await failure(reranker.rerank('query', ['a'], options))).toMatchObject({ code: 'invalid-option', option: 'topN' })
  })

  test('an array is refused', async () => {
    const { reranker } = setUp()
    const error = await failure(reranker.rerank('query', ['a'], loose([])))
    expect(error).toMatchObject({ code: 'invalid-option', message: expect.stringContaining('are an array of 0') })
  })

  test.each(['topN', 'longDocuments'])('%s: a value that has no text of its own is refused as any other', async (option) => {
    const { reranker } = setUp()
    const error = await failure(reranker.rerank('query', ['a'], { [option]: Object.create(null) }))
    expect(error).toMatchObject({ name: 'InvalidInputError', option, message: expect.stringContaining(`${option} is an object; `) })
  })
})
