import { describe, expect, test, vi } from 'vitest'
import { CrossEncoder } from '../../src/core/cross-encoder.js'
import { DocumentReranker } from '../../src/core/document-reranker.js'
import type { Scores } from '../../src/core/engine.js'
import type { EncodedInput, ReplaceableSession, Session } from '../../src/core/session.js'
import type { LocalRerankerInfo } from '../../src/types.js'
import { turns } from '../support/fake-worker.js'
import { wordTokenizer as tokenizer } from '../support/word-tokenizer.js'

const DOCUMENTS = Array.from({ length: 40 }, (_, i) => String(i + 1))

/** Sessions that differ in what they give: the document's number, and the session's own hundred. */
function sessionNamed(name: number): Session {
  return {
    policy: { maxInputs: 4, maxTokens: 100, padding: 'none' },
    run: async (pairs: readonly EncodedInput[]) => Float32Array.from(pairs, ({ inputIds }) => (inputIds[1] as number) + 100 * name),
    release: async () => undefined,
  }
}

interface FakeSession extends ReplaceableSession {
  runs: number
  released: boolean
}

/** Another session from each of these runs on (the first run is 0). */
function scorerReplacedAt(...replacements: number[]): FakeSession {
  let name = 0
  let session = sessionNamed(name)
  return {
    runs: 0,
    released: false,
    policy: session.policy,
    async run(pairs) {
      if (replacements.includes(this.runs++)) session = sessionNamed(++name)
      await new Promise((resolve) => setTimeout(resolve))
      return { outputs: Array.from(await session.run(pairs)), session }
    },
    async release() {
      this.released = true
    },
  }
}

function crossEncoder(session: ReplaceableSession): CrossEncoder {
  return new CrossEncoder({
    tokenizer,
    session,
    limits: { maxLength: 64, maxPositions: 64, languages: [] },
    info: () => ({}) as LocalRerankerInfo,
    life: new AbortController(),
  })
}

/** The session that gave each logit. */
const sessionsOf = ({ logits }: Scores) => [
  ...new Set([...logits].filter((logit) => !Number.isNaN(logit)).map((logit) => Math.floor(logit / 100))),
]

const REQUEST = { query: '7', texts: DOCUMENTS, onMismatch: 'ignore' as const }

describe('a session replaced in the middle of a call', () => {
  test.each([
    ['once', [5]],
    ['twice', [5, 9]],
    ['at the last batch', [9]],
  ])('%s: everything is scored again on the new one', async (_, replacements) => {
    const scores = await crossEncoder(scorerReplacedAt(...replacements)).rerank(REQUEST)
    expect(scores.scored).toBe(DOCUMENTS.length)
    expect(sessionsOf(scores)).toEqual([replacements.length])
    expect([...scores.logits]).toEqual(DOCUMENTS.map((text) => Number(text) + 100 * replacements.length))
  })

  test('computeScore too', async () => {
    const scores = await crossEncoder(scorerReplacedAt(3)).computeScore({ pairs: DOCUMENTS.map((text) => ['7', text]) })
    expect(scores).toEqual(DOCUMENTS.map((text) => Number(text) + 100))
  })

  test('what is told meanwhile never gets less, and never mixes the two', async () => {
    const scorer = scorerReplacedAt(8)
    const slow = { ...scorer, run: async (pairs: readonly EncodedInput[]) => sleepAnd(20, () => scorer.run(pairs)) }
    const reports: Scores[] = []
    await crossEncoder(slow).rerank({ ...REQUEST, parts: 'updates', onScored: (scores) => reports.push(scores) })
    const scored = reports.map((scores) => scores.scored)
    expect(scored).toEqual([...scored].sort((a, b) => a - b))
    expect(scored.at(-1)).toBe(DOCUMENTS.length)
    expect(reports.length).toBeGreaterThan(2)
    expect(reports.map(sessionsOf).every((sessions) => sessions.length === 1)).toBe(true)
    // A report is what was known then.
    expect(reports.every((scores) => scores.logits.filter((logit) => !Number.isNaN(logit)).length === scores.scored)).toBe(true)
  })

  test('a call that shares the session with another begins anew too', async () => {
    const engine = crossEncoder(scorerReplacedAt(9))
    const both = await Promise.all([engine.rerank(REQUEST), engine.rerank(REQUEST)])
    for (const scores of both) expect(sessionsOf(scores)).toEqual([1])
  })

  test('where the new one does not get as far in time, what the old one scored stands', async () => {
    const scorer = scorerReplacedAt(5)
    let runs = 0
    const slow = { ...scorer, run: async (pairs: readonly EncodedInput[]) => sleepAnd(++runs > 5 ? 400 : 15, () => scorer.run(pairs)) }
    const reranker = new DocumentReranker(crossEncoder(slow))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const reranked = reranker.rerank('7', DOCUMENTS, { onMismatch: 'ignore', budgetMs: 300 })
    for (let ms = 0; ms < 300; ms += 5) {
      await vi.advanceTimersByTimeAsync(5)
      await turns(4)
    }
    vi.useRealTimers()
    const { results, unscored } = await reranked
    expect(sessionsOf({ logits: Float64Array.from(results, ({ logit }) => logit ?? Number.NaN), scored: 0 })).toEqual([0])
    expect(unscored).toBe(DOCUMENTS.length - 20)
  })

  test('sessions that change all the time end the call with an error', async () => {
    const scorer = scorerReplacedAt(...Array.from({ length: 1000 }, (_, i) => i))
    await expect(crossEncoder(scorer).rerank(REQUEST)).rejects.toMatchObject({ code: 'session-failed' })
    expect(scorer.runs).toBeLessThan(30)
  })
})

describe('a run that hangs', () => {
  const hanging = () => {
    const scorer = scorerReplacedAt()
    return { ...scorer, run: () => new Promise<never>(() => undefined), released: false }
  }

  test('an abort rejects the call with the caller’s own reason', async () => {
    const controller = new AbortController()
    const call = crossEncoder(hanging()).rerank({ ...REQUEST, signal: controller.signal })
    const reason = { why: 'enough' }
    setTimeout(() => controller.abort(reason))
    await expect(call).rejects.toBe(reason)
  })

  test('dispose ends the call and returns', async () => {
    const engine = crossEncoder(hanging())
    const call = engine.rerank(REQUEST)
    await new Promise((resolve) => setTimeout(resolve, 20))
    vi.useFakeTimers()
    const settled = Promise.allSettled([call, engine.dispose()])
    await vi.advanceTimersByTimeAsync(10_000)
    vi.useRealTimers()
    expect(await settled).toMatchObject([{ status: 'rejected', reason: { code: 'disposed' } }, { status: 'fulfilled' }])
  })
})

function sleepAnd<T>(ms: number, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms)).then(work)
}
