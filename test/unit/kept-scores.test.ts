import { describe, expect, test } from 'vitest'
import { CrossEncoder } from '../../src/core/cross-encoder.js'
import type { Scores } from '../../src/core/engine.js'
import { keyOfPair } from '../../src/core/kept-scores.js'
import type { EncodedInput, ReplaceableSession, Session } from '../../src/core/session.js'
import type { Tokenizer } from '../../src/core/tokenizer.js'
import type { LocalRerankerInfo } from '../../src/types.js'
import { turns } from '../support/fake-worker.js'
import { encodeWords as encode, wordTokenizer } from '../support/word-tokenizer.js'

/** A text of which encoding takes so long that others have their turn. */
const SLOW = '99'
const encodeSlowly = (text: string) => {
  const end = performance.now() + (text === SLOW ? 30 : 0)
  while (performance.now() < end);
  return encode(text)
}
const tokenizer: Tokenizer = { ...wordTokenizer, encodeDocument: encodeSlowly }

/** The logit of a pair: its ids in a row, and the session's name before them. */
const logitOf = (ids: Iterable<number>, name = 0) => [...ids].reduce((sum, id) => 100 * sum + id, name)

/** A session that notes what it runs; it is replaced by another one when that is asked, or before a run by its number from 0. */
function counting({ logit = logitOf as (ids: Int32Array, name: number) => number, replacedBefore = -1 } = {}) {
  const rows: string[] = []
  let runs = 0
  let name = 0
  let session = {} as Session
  const replace = () => {
    name++
    session = {} as Session
  }
  const scorer: ReplaceableSession = {
    policy: { maxInputs: 4, maxTokens: 1000, padding: 'none' },
    async run(pairs: readonly EncodedInput[]) {
      if (runs++ === replacedBefore) replace()
      const now = { name, session }
      rows.push(...pairs.map(({ inputIds }) => [...inputIds].join(' ')))
      await new Promise((resolve) => setTimeout(resolve, 5))
      return { outputs: pairs.map(({ inputIds }) => logit(inputIds, now.name)), session: now.session }
    },
    release: async () => undefined,
  }
  return {
    scorer,
    /** What was run since it was asked the last time. */
    ran: () => rows.splice(0).sort(),
    replace,
  }
}

function setUp({ maxBytes, ...options }: { maxBytes?: number } & Parameters<typeof counting>[0] = {}) {
  const session = counting(options)
  let told = 0
  const engine = new CrossEncoder({
    tokenizer,
    session: session.scorer,
    limits: { maxLength: 64, maxPositions: 64, languages: [] },
    info: () => ({}) as LocalRerankerInfo,
    life: new AbortController(),
    maxBytes,
    onKept: () => told++,
  })
  const rerank = async (query: string, texts: readonly string[], more: object = {}) =>
    [...(await engine.rerank({ query, texts, onMismatch: 'ignore', ...more })).logits].map(Number)
  return { ...session, engine, rerank, told: () => told, pairs: () => engine.info.keptScores?.pairs }
}

const texts = (count: number, from = 1) => Array.from({ length: count }, (_, i) => String(from + i))

describe('what was scored', () => {
  test('is not run again; of a longer list only what is new is', async () => {
    const { rerank, ran, told, pairs } = setUp()
    const first = await rerank('7', texts(10))
    expect(ran()).toHaveLength(10)
    expect(await rerank('7', texts(10))).toEqual(first)
    expect(ran()).toEqual([])
    // In any order, with what is new in between.
    expect(await rerank('7', ['20', ...texts(10).reverse(), '21'])).toEqual([720, ...first.toReversed(), 721])
    expect(ran()).toEqual(['7 20', '7 21'])
    expect(pairs()).toBe(12)
    expect(told()).toBe(2)
  })

  test('counts for computeScore, and the other way round', async () => {
    const { engine, rerank, ran } = setUp()
    await rerank('7', texts(3))
    ran()
    expect(await engine.computeScore({ pairs: texts(4).map((text) => ['7', text]) })).toEqual([701, 702, 703, 704])
    expect(ran()).toEqual(['7 4'])
    expect(await engine.computeScore({ pairs: [['7', '4']], normalize: true })).toEqual([1])
    expect(await rerank('7', ['4'])).toEqual([704])
    expect(ran()).toEqual([])
  })

  test('is what the model read: another query or another cut is another pair, the same tokens are not', async () => {
    const { rerank, ran } = setUp()
    await rerank('7', ['1 2 3 4'], { maxLength: 4 })
    expect(ran()).toEqual(['7 1 2 3'])
    await rerank('7', ['1 2 3 9'], { maxLength: 4 })
    await rerank('7', ['1 2 3'])
    expect(ran()).toEqual([])
    await rerank('7', ['1 2 3 4'])
    await rerank('8', ['1 2 3'])
    expect(ran()).toEqual(['7 1 2 3 4', '8 1 2 3'])
  })

  test('counts for each passage of a long document', async () => {
    const { engine, ran } = setUp()
    const request = { query: '7', texts: [texts(40).join(' ')], maxLength: 20, longDocuments: 'chunk', onMismatch: 'ignore' } as const
    const first = await engine.rerank(request)
    expect(ran().length).toBeGreaterThan(1)
    expect(await engine.rerank(request)).toEqual(first)
    expect(ran()).toEqual([])
  })

  test('is told at once, and no less than without it', async () => {
    const { engine, rerank } = setUp()
    await rerank('7', texts(10))
    const reports: number[] = []
    await engine.rerank({ query: '7', texts: texts(10), onMismatch: 'ignore', onScored: ({ scored }) => reports.push(scored) })
    expect(reports).toEqual([10])
  })
})

describe('equal pairs are run once', () => {
  test('in one call', async () => {
    const { rerank, ran } = setUp()
    expect(await rerank('7', ['1', '2', '1', '1'])).toEqual([701, 702, 701, 701])
    expect(ran()).toEqual(['7 1', '7 2'])
  })

  test('in calls at the same time', async () => {
    const { rerank, ran } = setUp()
    const [one, other] = await Promise.all([rerank('7', texts(10)), rerank('7', texts(10).reverse())])
    expect(other).toEqual(one?.toReversed())
    expect(ran()).toHaveLength(10)
  })
})

describe('a session that is replaced', () => {
  test('takes all of its scores with it', async () => {
    const { rerank, ran, replace, pairs } = setUp()
    await rerank('7', texts(6))
    replace()
    expect(await rerank('7', ['9'])).toEqual([10709])
    expect(pairs()).toBe(1)
    ran()
    expect(await rerank('7', texts(6))).toEqual(texts(6).map((text) => logitOf([7, Number(text)], 1)))
    expect(ran()).toHaveLength(6)
  })

  test('never has its scores in one order with another’s', async () => {
    const { rerank, replace } = setUp()
    await rerank('7', texts(6))
    replace()
    expect(await rerank('7', texts(9))).toEqual(texts(9).map((text) => logitOf([7, Number(text)], 1)))
  })

  test('nor where another call has run a part of the batch', async () => {
    const { engine } = setUp({ replacedBefore: 1 })
    const score = (all: string[]) => engine.computeScore({ pairs: all.map((text) => ['7', text]) })
    const [one, other] = await Promise.all([score(texts(4)), score(texts(4, 3))])
    expect(one).toEqual([701, 702, 703, 704])
    expect(other).toEqual([10703, 10704, 10705, 10706])
  })

  test('nor where another call has it replaced while this one is still looking', async () => {
    const { rerank, replace } = setUp()
    await rerank('7', ['1', SLOW])
    replace()
    const other = rerank('7', ['3', '4'])
    // It is in its run.
    await turns(3)
    const one = rerank('7', ['1', SLOW, '3', '4'])
    expect(await other).toEqual([10703, 10704])
    expect(await one).toEqual([10701, 10799, 10703, 10704])
  })

  test('is not kept alive after dispose', async () => {
    const { engine, rerank, pairs } = setUp()
    await rerank('7', texts(6))
    await engine.dispose()
    expect(pairs()).toBe(0)
  })
})

test('a logit that is no number is not kept', async () => {
  let broken = true
  const { rerank, ran } = setUp({ logit: (ids) => (broken && ids[1] === 2 ? Number.NaN : logitOf(ids)) })
  expect(await rerank('7', texts(3))).toEqual([701, Number.NaN, 703])
  broken = false
  ran()
  expect(await rerank('7', texts(3))).toEqual([701, 702, 703])
  expect(ran()).toEqual(['7 2'])
})

test('what ran for a call that was aborted meanwhile is kept', async () => {
  const { engine, rerank, ran } = setUp()
  const controller = new AbortController()
  const call = engine.rerank({ query: '7', texts: texts(4), onMismatch: 'ignore', signal: controller.signal })
  await new Promise((resolve) => setImmediate(resolve))
  controller.abort()
  await expect(call).rejects.toThrow()
  await rerank('7', texts(4))
  expect(ran()).toHaveLength(4)
})

test('before a deadline what is known never gets ahead of a document before it', async () => {
  const { engine, rerank } = setUp()
  await rerank('7', texts(20, 11))
  const reports: Scores[] = []
  // Ten unknown documents between known ones.
  const mixed = texts(20, 11).flatMap((text, i) => (i % 2 ? [text] : [text, String(60 + i)]))
  await engine.rerank({ query: '7', texts: mixed, onMismatch: 'ignore', parts: 'deadline', onScored: (scores) => reports.push(scores) })
  expect(reports.at(-1)?.scored).toBe(mixed.length)
  for (const { logits, scored } of reports) expect([...logits].findIndex(Number.isNaN)).toBe(scored === mixed.length ? -1 : scored)
  expect(reports[0]?.scored).toBeGreaterThan(0)
})

describe('memory', () => {
  test('is bounded: what was not used for the longest time goes, never what the call uses', async () => {
    const { engine, rerank, ran } = setUp({ maxBytes: 3200 })
    await rerank('7', texts(10))
    await rerank('7', texts(5))
    await rerank('7', texts(5, 20))
    expect(engine.info.keptScores).toEqual({ pairs: 10, bytes: 3200, maxBytes: 3200 })
    ran()
    await rerank('7', texts(5))
    expect(ran()).toEqual([])
    // Of a list that is larger than the memory the first ones stay.
    await rerank('8', texts(30))
    ran()
    await rerank('8', texts(10))
    expect(ran()).toEqual([])
  })

  test('stays flat over many calls, and none is used where none is wanted', async () => {
    const bounded = setUp({ maxBytes: 32_000 })
    for (let query = 1; query <= 12; query++) await bounded.rerank(String(query), texts(20))
    expect(bounded.pairs()).toBe(100)
    const none = setUp({ maxBytes: 0 })
    await none.rerank('7', texts(5))
    await none.rerank('7', texts(5))
    expect(none.ran()).toHaveLength(10)
    expect([none.pairs(), none.told()]).toEqual([0, 0])
  })
})

describe('keyOfPair', () => {
  const pair = (inputIds: number[], tokenTypeIds = inputIds.map(() => 0), attended?: number): EncodedInput => ({
    inputIds: Int32Array.from(inputIds),
    tokenTypeIds: Int32Array.from(tokenTypeIds),
    ...(attended !== undefined && { attended }),
  })

  test('tells apart whatever the model reads', () => {
    const pairs = [
      pair([1, 2]),
      pair([2, 1]),
      pair([1, 2], [0, 1]),
      pair([1, 2, 0]),
      pair([1, 2], [0, 0], 1),
      pair([1, 2], [0, 0], 2),
      pair([257, 2]),
      pair([1, 65538]),
    ]
    expect(new Set(pairs.map(keyOfPair)).size).toBe(pairs.length)
  })

  test('is of 128 bits, and of what a view shows alone', () => {
    const ids = Int32Array.of(9, 1, 2, 9)
    expect(keyOfPair({ inputIds: ids.subarray(1, 3), tokenTypeIds: ids.subarray(0, 2).map(() => 0) })).toBe(keyOfPair(pair([1, 2])))
    expect(keyOfPair(pair([1, 2]))).toMatch(/^[0-9a-f]{32}$/)
  })
})
