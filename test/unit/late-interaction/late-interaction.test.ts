import { describe, expect, test, vi } from 'vitest'
import { KeptDocuments } from '../../../src/core/late-interaction/kept-documents.js'
import type { LocalRerankerInfo, RerankOptions, RerankResponse, RerankResult, ScoredResult } from '../../../src/types.js'
import { fakeSession, lateInteraction } from '../../support/fake-late-interaction.js'

const DOCUMENTS = Array.from({ length: 40 }, (_, i) => `${10 + i} ${60 + i} ${110 + (i % 7)}`)
const QUERY = '23 73'
const indices = ({ results }: RerankResponse<string>) => results.map(({ index }) => index)
const logits = ({ results }: RerankResponse<string>) => results.flatMap((one) => (one.scored ? [[one.index, one.logit]] : []))

describe('documents are read once', () => {
  test('the one with the query’s words comes first, and a second query reads nothing but itself', async () => {
    const session = fakeSession()
    const { reranker } = lateInteraction(session)
    const first = await reranker.rerank(QUERY, DOCUMENTS)
    expect(indices(first)[0]).toBe(13)
    expect(session.read).toHaveLength(41)
    await reranker.rerank('30 80', [...DOCUMENTS].reverse())
    expect(session.read.slice(41)).toEqual(['30 80'])
  })

  test('identical texts are read once, and have the same logit', async () => {
    const session = fakeSession()
    const { reranker } = lateInteraction(session)
    const same = await reranker.rerank(QUERY, ['23 5', '9 9', '23 5', '23 5'])
    expect(session.read).toHaveLength(3)
    expect(indices(same)).toEqual([0, 2, 3, 1])
  })

  test('a logit is the same alone, in any order, with kept neighbours and without', async () => {
    const { reranker } = lateInteraction(fakeSession())
    const all = new Map(logits(await reranker.rerank(QUERY, DOCUMENTS)) as [number, number][])
    const reversed = await reranker.rerank(QUERY, [...DOCUMENTS].reverse())
    for (const [index, logit] of logits(reversed) as [number, number][]) expect(logit).toBe(all.get(39 - index))
    const alone = await lateInteraction(fakeSession({ maxInputs: 1 })).reranker.computeScore([[QUERY, DOCUMENTS[7] as string]])
    expect(alone[0]).toBe(all.get(7))
  })

  test('prepare reads ahead, and then rerank finds everything read', async () => {
    const session = fakeSession()
    const { reranker } = lateInteraction(session)
    const progress: number[] = []
    await reranker.prepare(DOCUMENTS, { onProgress: ({ scored }) => progress.push(scored) })
    expect(progress.at(-1)).toBe(40)
    expect(reranker.info.kept).toMatchObject({ documents: 40 })
    await reranker.rerank(QUERY, DOCUMENTS)
    await reranker.prepare(DOCUMENTS)
    expect(session.read.slice(40)).toEqual([QUERY])
  })

  test('prepare waits while a query is answered', async () => {
    const session = fakeSession({ maxInputs: 1, ms: 2 })
    const { reranker } = lateInteraction(session)
    const preparing = reranker.prepare(DOCUMENTS)
    await vi.waitFor(() => expect(session.read.length).toBeGreaterThan(2))
    const other = ['300 301', '302 303', '304 305', '306 307']
    const before = session.read.length
    await reranker.rerank(QUERY, other)
    // What was under way when the query came may end, no more.
    const after = session.read.slice(before)
    expect(after.indexOf(QUERY)).toBeLessThanOrEqual(1)
    expect(after.slice(after.indexOf(QUERY))).toEqual([QUERY, ...other])
    await preparing
  })

  test('an aborted prepare stops reading; what was read stays', async () => {
    const session = fakeSession({ maxInputs: 1, ms: 2 })
    const { reranker } = lateInteraction(session)
    const controller = new AbortController()
    const preparing = reranker.prepare(DOCUMENTS, { signal: controller.signal })
    await vi.waitFor(() => expect(session.read.length).toBeGreaterThan(3))
    controller.abort()
    await expect(preparing).rejects.toMatchObject({ name: 'AbortError' })
    const { length } = session.read
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(session.read.length).toBeLessThanOrEqual(length + 1)
    expect(reranker.info.kept?.documents).toBeGreaterThan(2)
  })
})

describe('prepare', () => {
  test('two of the same documents, or one beside a query, read each of them once', async () => {
    const session = fakeSession()
    const { reranker } = lateInteraction(session)
    await Promise.all([reranker.prepare(DOCUMENTS), reranker.prepare(DOCUMENTS), reranker.prepare([...DOCUMENTS].reverse())])
    expect(session.read.filter((text) => text !== QUERY)).toHaveLength(40)
    const other = lateInteraction(session)
    session.read.length = 0
    await Promise.all([other.reranker.rerank(QUERY, DOCUMENTS), other.reranker.prepare(DOCUMENTS)])
    expect(session.read).toHaveLength(41)
  })

  test('is whole though its session was replaced', async () => {
    const session = fakeSession()
    const { reranker } = lateInteraction(session)
    session.replaceAt = 24
    await reranker.prepare(DOCUMENTS)
    expect(reranker.info.kept?.documents).toBe(40)
    session.read.length = 0
    await reranker.rerank(QUERY, DOCUMENTS)
    expect(session.read).toEqual([QUERY])
  })

  test('stops where there is no more room, and keeps what it has read', async () => {
    const session = fakeSession({ maxInputs: 1 })
    const { reranker } = lateInteraction(session, { maxBytes: 8000 })
    await reranker.prepare(DOCUMENTS)
    const documents = reranker.info.kept?.documents as number
    expect(documents).toBeGreaterThan(5)
    expect(session.read.length).toBeLessThanOrEqual(documents + 1)
  })

  test('tells how far it is a few times a second, and the end', async () => {
    const { reranker } = lateInteraction(fakeSession())
    const many = Array.from({ length: 3000 }, (_, i) => `${10 + (i % 40)} 60`)
    await reranker.prepare(many)
    const start = performance.now()
    const told: number[] = []
    await reranker.prepare(many, { onProgress: ({ scored }) => told.push(scored) })
    expect(told.length).toBeLessThanOrEqual(2 + (performance.now() - start) / 100)
    expect(told.at(-1)).toBe(3000)
  })

  test('lets the thread take its messages while it cuts long documents', async () => {
    const { reranker } = lateInteraction(fakeSession({ maxInputs: 1 }))
    const long = Array.from({ length: 20 }, (_, i) => Array.from({ length: 2000 }, (_, j) => 3 + ((i + j) % 300)).join(' '))
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 5)
    const start = process.cpuUsage()
    await expect(reranker.prepare(long, { longDocuments: 'chunk', signal: controller.signal })).rejects.toThrow()
    // All of it takes seconds.
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1000).toBeLessThan(500)
  })
})

test('an abort is heard while a call looks for the documents that it knows', async () => {
  const { reranker } = lateInteraction(fakeSession())
  const documents = Array.from({ length: 2000 }, (_, i) => `${10 + (i % 300)} ${60 + (i % 7)}`)
  await reranker.prepare(documents)
  let clock = performance.now()
  let looked = 0
  const controller = new AbortController()
  const { get } = KeptDocuments.prototype
  vi.spyOn(performance, 'now').mockImplementation(() => clock)
  vi.spyOn(KeptDocuments.prototype, 'get').mockImplementation(function (this: KeptDocuments, ...args) {
    clock++
    if (looked++ === 0) setImmediate(() => controller.abort())
    return get.apply(this, args)
  })
  try {
    await expect(reranker.rerank(QUERY, documents, { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(looked).toBeLessThanOrEqual(512)
  } finally {
    vi.restoreAllMocks()
  }
})

describe('memory', () => {
  test('a document larger than all of it pushes nothing out', () => {
    const kept = new KeptDocuments(10_000)
    const document = (bytes: number) => [{ kept: { tokens: 1, norm: 1, codes: new Uint8Array(bytes), planes: 1 } }]
    const reading = { maxLength: 32, inPassages: false }
    for (let i = 0; i < 10; i++) kept.add(`small ${i}`, reading, document(100), kept.beginCall())
    expect(kept.add('huge', reading, document(20_000), kept.beginCall())).toBe(false)
    expect(kept.size).toBe(10)
  })

  test('stays under its budget; what was used last stays, and a corpus that does not fit is still ranked', async () => {
    const session = fakeSession()
    const { reranker } = lateInteraction(session, { maxBytes: 8000 })
    const { results, unscored } = await reranker.rerank(QUERY, DOCUMENTS)
    expect([results.length, unscored]).toEqual([40, 0])
    const { documents, bytes } = reranker.info.kept as NonNullable<LocalRerankerInfo['kept']>
    expect(bytes).toBeLessThanOrEqual(8000)
    expect(documents).toBeGreaterThan(5)
    // The first documents stay from call to call instead of pushing each other out.
    session.read.length = 0
    await reranker.rerank('30 80', DOCUMENTS)
    expect(session.read).toHaveLength(1 + 40 - documents)
    await reranker.rerank('30 80', ['200 201'])
    session.read.length = 0
    await reranker.rerank('30 80', ['200 201'])
    expect(session.read).toEqual(['30 80'])
  })
})

describe.each([
  ['in this thread', false],
  ['elsewhere', true],
])('a session that runs %s', (_, elsewhere) => {
  test('is asked for a next run while what came out of one is looked at, where that costs nobody time', async () => {
    const session = fakeSession({ elsewhere })
    const { engine } = lateInteraction(session)
    let asked = 0
    const onScored = () => {
      asked ||= session.runs
    }
    await engine.rerank({ query: QUERY, texts: DOCUMENTS, onScored })
    // The query's run, and that of the documents that are told.
    expect(asked).toBe(elsewhere ? 3 : 2)
    expect(session.read).toEqual([QUERY, ...DOCUMENTS])
    expect(session.runs).toBe(11)
  })

  test('and is asked for no more once a call has ended', async () => {
    const session = fakeSession({ maxInputs: 1, ms: 2, elsewhere })
    const { engine } = lateInteraction(session)
    const controller = new AbortController()
    const call = engine.rerank({ query: QUERY, texts: DOCUMENTS, onScored: () => controller.abort(), signal: controller.signal })
    await expect(call).rejects.toMatchObject({ name: 'AbortError' })
    const { runs } = session
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(session.runs).toBeLessThanOrEqual(runs + 1)
  })

  test('replaced in the middle of a call: everything is read again by the new one', async () => {
    const session = fakeSession({ maxInputs: 1, elsewhere })
    const { reranker } = lateInteraction(session)
    const before = logits(await reranker.rerank(QUERY, DOCUMENTS.slice(0, 5)))
    // The fifth document of the next call.
    session.replaceAt = session.read.length + 6
    const mixed = new Map(logits(await reranker.rerank(QUERY, DOCUMENTS)) as [number, number][])
    const fresh = fakeSession({ maxInputs: 1 })
    fresh.replace()
    const pure = new Map(logits(await lateInteraction(fresh).reranker.rerank(QUERY, DOCUMENTS)) as [number, number][])
    expect(mixed).toEqual(pure)
    expect(mixed.get(0)).not.toBe(before.find(([index]) => index === 0)?.[1])
  })
})

describe('two calls and a session replaced between them', () => {
  test('what the old session read late is not kept beside the new one’s', async () => {
    const session = fakeSession({ maxInputs: 8 })
    const { reranker } = lateInteraction(session)
    const some = DOCUMENTS.slice(0, 8)
    // Slow enough to give way between two documents of a batch.
    const spin = vi.spyOn(performance, 'now')
    let now = 0
    spin.mockImplementation(() => {
      now += 5
      return now
    })
    session.replaceAt = 9
    const first = reranker.rerank(QUERY, some)
    const second = vi.waitFor(() => expect(session.read.length).toBeGreaterThanOrEqual(9)).then(() => reranker.rerank('1 2', ['300 301']))
    await Promise.all([first, second])
    spin.mockRestore()
    const got = logits(await reranker.rerank(QUERY, some))
    const fresh = fakeSession({ maxInputs: 8 })
    fresh.replace()
    expect(new Map(got as [number, number][])).toEqual(
      new Map(logits(await lateInteraction(fresh).reranker.rerank(QUERY, some)) as [number, number][]),
    )
  })
})

describe('first places', () => {
  test('a coarse look at all chooses, all bits decide: the same first ones and the same logits', async () => {
    const many = Array.from({ length: 300 }, (_, i) => `${3 + (i % 97)} ${100 + ((i * 31) % 290)}`)
    const all = lateInteraction(fakeSession())
    const some = lateInteraction(fakeSession(), { shortlist: 40 })
    await Promise.all([all.reranker.prepare(many), some.reranker.prepare(many)])
    const wanted = await all.reranker.rerank(QUERY, many, { topN: 5 })
    const found = await some.reranker.rerank(QUERY, many, { topN: 5 })
    expect(logits(found)).toEqual(logits(wanted))
    expect(found.unscored).toBe(0)
  })
})

describe('long documents', () => {
  const long = Array.from({ length: 90 }, (_, i) => 100 + i).join(' ')
  test('truncate reads the beginning, chunk finds the passage', async () => {
    const { reranker } = lateInteraction(fakeSession())
    const query = '180 181'
    const [cut] = (await reranker.rerank(query, [long])).results
    const [chunked] = (await reranker.rerank(query, [long], { longDocuments: 'chunk' })).results
    if (!cut?.scored || !chunked?.scored) throw new Error('both have a logit')
    expect(chunked.logit).toBeGreaterThan(cut.logit)
    expect(chunked.passage?.text).toContain('180 181')
    expect(long.slice(chunked.passage?.start, chunked.passage?.end)).toBe(chunked.passage?.text)
  })
})

describe('why a result', () => {
  const explained = async (document: string, options: RerankOptions<string> = {}, query = QUERY) => {
    const { results } = await lateInteraction(fakeSession()).reranker.rerank(query, [document], { explain: true, ...options })
    return results[0] as RerankResult<string>
  }
  const texts = (document: string, { matches }: RerankResult<string>) =>
    matches?.map(({ start, end, query }) => [document.slice(start, end), QUERY.slice(query.start, query.end)])

  test('the words that answer a word of the query, where they stand, and what they answer', async () => {
    const document = '140 23 151 162 73'
    const result = await explained(document)
    expect(texts(document, result)).toEqual([
      ['23', '23'],
      ['73', '73'],
    ])
    for (const { weight } of result.matches ?? []) {
      expect(weight).toBeGreaterThan(0.5)
      expect(weight).toBeLessThanOrEqual(1)
    }
  })

  test('the sentence that answers most of the query', async () => {
    const document = '140 23 151. 162 23 155 73. 181 73 190'
    const { sentence } = await explained(document)
    expect(sentence).toEqual({ start: 12, end: 26, text: '162 23 155 73.' })
  })

  test('in the best passage of a long document, at its place in the whole', async () => {
    const long = Array.from({ length: 90 }, (_, i) => 100 + i).join(' ')
    const { results } = await lateInteraction(fakeSession()).reranker.rerank('180 181', [long], { longDocuments: 'chunk', explain: true })
    const { matches, sentence, passage } = results[0] as ScoredResult<string>
    // Other numbers are a little alike.
    const strong = matches?.filter(({ weight }) => weight > 0.7)
    expect(strong?.map(({ start, end }) => long.slice(start, end))).toEqual(['180', '181'])
    expect(sentence?.start).toBe(passage?.start)
  })

  test('not of what was cut off', async () => {
    const document = `${Array.from({ length: 40 }, (_, i) => 100 + i).join(' ')} 23 73`
    // The token that stands behind the text is none of its words.
    const { reranker } = lateInteraction(fakeSession(), { after: [73] })
    const { matches } = (await reranker.rerank(QUERY, [document], { explain: true })).results[0] as ScoredResult<string>
    expect(matches).toBeDefined()
    for (const { end, weight } of matches ?? []) {
      // As the words do that are the query's own.
      expect(weight).toBeLessThan(0.7)
      expect(end).toBeLessThan(document.indexOf('23 73'))
    }
  })

  test('of the results alone, and nothing unasked', async () => {
    const { engine, reranker } = lateInteraction(fakeSession())
    const { explanations } = await engine.rerank({ query: QUERY, texts: DOCUMENTS, explain: { topN: 2 } })
    expect(explanations && [...explanations.keys()].sort((a, b) => a - b)).toEqual(
      indices(await reranker.rerank(QUERY, DOCUMENTS, { topN: 2 })).sort((a, b) => a - b),
    )
    for (const result of (await reranker.rerank(QUERY, DOCUMENTS)).results) expect(result).not.toHaveProperty('matches')
  })

  test('of documents for which memory has no room', async () => {
    const { reranker } = lateInteraction(fakeSession(), { maxBytes: 100 })
    const { results } = await reranker.rerank(QUERY, DOCUMENTS, { topN: 3, explain: true })
    expect(reranker.info.kept?.documents).toBe(0)
    expect(results.map(({ matches }) => matches?.length)).toEqual([2, expect.any(Number), expect.any(Number)])
  })

  test('all of one session’s numbers, though it was replaced while it was worked out', async () => {
    const session = fakeSession()
    const { reranker } = lateInteraction(session, { maxBytes: 100 })
    // Behind the query and the documents, when the first of them is read again.
    session.replaceAt = 1 + DOCUMENTS.length + 1
    const { results } = await reranker.rerank(QUERY, DOCUMENTS, { topN: 3, explain: true })
    const fresh = fakeSession()
    fresh.replace()
    expect(results).toEqual((await lateInteraction(fresh).reranker.rerank(QUERY, DOCUMENTS, { topN: 3, explain: true })).results)
  })
})
