import { describe, expect, test } from 'vitest'
import { writeIndex } from '../../../src/core/late-interaction/index-file.js'
import type { IndexSource } from '../../../src/core/late-interaction/index-loading.js'
import { hashOfText } from '../../../src/core/text-hash.js'
import type { RerankResponse } from '../../../src/types.js'
import { type FakeOptions, fakeSession, lateInteraction } from '../../support/fake-late-interaction.js'

const DOCUMENTS = Array.from({ length: 60 }, (_, i) => `${10 + i} ${80 + i} ${150 + (i % 7)}`)
const LONG = Array.from({ length: 90 }, (_, i) => 100 + i).join(' ')
const QUERY = '23 93'
const ADDRESS = 'https://example.org/docs.index?v=2'

type ReadOptions = Parameters<IndexSource['read']>[1]

/** The file that building an index of documents makes. */
async function indexOf(texts: readonly string[], options: { maxLength?: number; longDocuments?: 'chunk' } = {}): Promise<Uint8Array> {
  const { engine } = lateInteraction(fakeSession())
  const documents = []
  for await (const { text, document } of engine.read({ texts, ...options })) documents.push({ hash: hashOfText(text), document })
  return Uint8Array.from(Buffer.concat(writeIndex(await engine.indexFacts(options), documents)))
}

/** A reranker that finds that index, and what it reads itself. */
function withIndex(index: Uint8Array | undefined, options: FakeOptions = {}) {
  const session = fakeSession()
  const evicted: string[] = []
  const evict = async (address: string) => void evicted.push(address)
  const indexes = { read: async () => index, evict, ...options.indexes }
  return { session, evicted, ...lateInteraction(session, { ...options, indexes }) }
}

/** Bytes that arrive when they are let: `index` in pieces, each of which waits. */
function slowly(index: Uint8Array, pieceBytes: number) {
  let arrive = () => {}
  const read = async (_: string, { onPiece, signal }: ReadOptions) => {
    for (let at = 0; at < index.length; at += pieceBytes) {
      await new Promise<void>((resolve, reject) => {
        arrive = resolve
        signal?.addEventListener('abort', () => reject(signal.reason))
      })
      await onPiece(index.subarray(at, at + pieceBytes), at)
    }
    return index
  }
  const next = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    arrive()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { read, next }
}

const logits = ({ results }: RerankResponse<string>) => new Map(results.flatMap((one) => (one.scored ? [[one.index, one.logit]] : [])))
const load = ({ reranker }: Pick<ReturnType<typeof withIndex>, 'reranker'>) => reranker.prepare({ index: ADDRESS })

describe('a built index', () => {
  test('everything is ranked before anything is read, with the logits that reading gives', async () => {
    const one = withIndex(await indexOf(DOCUMENTS))
    const progress: [number, number][] = []
    await one.reranker.prepare({ index: ADDRESS }, { onProgress: ({ scored, total }) => progress.push([scored, total]) })
    expect(progress.at(-1)).toEqual([60, 60])
    expect(one.reranker.info.kept).toMatchObject({ documents: 60 })
    const ranked = await one.reranker.rerank(QUERY, DOCUMENTS)
    expect(one.session.read).toEqual([QUERY])
    expect(ranked).not.toHaveProperty('coarse')
    expect(logits(ranked)).toEqual(logits(await lateInteraction(fakeSession()).reranker.rerank(QUERY, DOCUMENTS)))
    // Also of one that is asked for again, in another order, and of some of them.
    await one.reranker.rerank(QUERY, [...DOCUMENTS].reverse(), { topN: 3 })
    await one.reranker.prepare(DOCUMENTS.slice(7, 30))
    expect(one.session.read).toEqual([QUERY, QUERY])
    expect(one.reranker.info.kept).toMatchObject({ documents: 60 })
  })

  test('a changed document, and one that was not in it, are read', async () => {
    const one = withIndex(await indexOf(DOCUMENTS))
    await load(one)
    const changed = DOCUMENTS.with(5, '300 301').concat('302 303')
    const ranked = await one.reranker.rerank(QUERY, changed)
    expect(one.session.read).toEqual([QUERY, '300 301', '302 303'])
    expect(logits(ranked)).toEqual(logits(await lateInteraction(fakeSession()).reranker.rerank(QUERY, changed)))
  })

  test('of passages has them; documents that are read in another way are read', async () => {
    const one = withIndex(await indexOf([LONG], { longDocuments: 'chunk' }))
    await load(one)
    const [best] = (await one.reranker.rerank('180 181', [LONG], { longDocuments: 'chunk' })).results
    expect(best?.passage?.text).toContain('180 181')
    expect(one.session.read).toEqual(['180 181'])
    await one.reranker.rerank('180 181', [LONG])
    expect(one.session.read).toHaveLength(3)
    await one.reranker.rerank('180 181', [LONG], { maxLength: 16 })
    expect(one.session.read).toHaveLength(5)
  })

  test.each([
    ['behind the text’s end', 1000],
    ['one beyond it', 1],
  ])('passages %s are none of the text: it is read', async (_, shift) => {
    const { engine } = lateInteraction(fakeSession())
    const documents = []
    for await (const { text, document } of engine.read({ texts: [LONG, '23 93'], longDocuments: 'chunk' })) {
      const shifted = document.map(({ kept, range }) => ({
        kept,
        ...(range && { range: { start: range.start + (text === LONG ? shift : 0), end: range.end + (text === LONG ? shift : 0) } }),
      }))
      documents.push({ hash: hashOfText(text), document: shifted })
    }
    const one = withIndex(Uint8Array.from(Buffer.concat(writeIndex(await engine.indexFacts({ longDocuments: 'chunk' }), documents))))
    await load(one)
    const { results } = await one.reranker.rerank('180 181', [LONG, '23 93'], { longDocuments: 'chunk' })
    expect(results[0]?.passage?.text).toContain('180 181')
    expect(one.session.read.length).toBeGreaterThan(2)
    expect(one.session.read).not.toContain('23 93')
    expect(one.reranker.info.kept).toMatchObject({ documents: 2 })
  })

  test('stays when the session is replaced, unlike what was read here', async () => {
    const one = withIndex(await indexOf(DOCUMENTS))
    await load(one)
    await one.reranker.rerank(QUERY, [...DOCUMENTS, '300 301'])
    one.session.replace()
    one.session.read.length = 0
    await one.reranker.rerank(QUERY, [...DOCUMENTS, '300 301'])
    expect(new Set(one.session.read)).toEqual(new Set([QUERY, '300 301']))
  })

  test('is kept under the budget that everything is', async () => {
    const index = await indexOf(DOCUMENTS)
    const one = withIndex(index, { maxBytes: 100_000 })
    await load(one)
    const { bytes, maxBytes } = one.reranker.info.kept as { bytes: number; maxBytes: number }
    expect([bytes <= maxBytes, maxBytes]).toEqual([true, 100_000])
    const small = withIndex(index, { maxBytes: 10_000 })
    await expect(load(small)).rejects.toMatchObject({ name: 'IndexError', code: 'does-not-fit' })
    expect((await small.reranker.rerank(QUERY, DOCUMENTS)).unscored).toBe(0)
  })
})

describe('while it arrives', () => {
  test('the first plane orders, and says so; then all of it', async () => {
    const index = await indexOf(DOCUMENTS)
    // Three quarters: the table and the first plane are there, and some of the second.
    const { read, next } = slowly(index, Math.floor(index.length * 0.85))
    const one = withIndex(index, { indexes: { read } })
    const loading = load(one)
    await next()
    const coarse = await one.reranker.rerank(QUERY, DOCUMENTS, { topN: 10 })
    expect(one.session.read).toEqual([QUERY])
    expect(coarse.coarse).toBe(true)
    expect(coarse.results[0]?.index).toBe(13)
    // A document that is read meanwhile is looked at no more closely than the others.
    const mixed = await one.reranker.rerank(QUERY, [...DOCUMENTS, '23 93 300'])
    expect(mixed.coarse).toBe(true)
    expect(mixed.results.slice(0, 2).map(({ index }) => index)).toContain(60)
    await next()
    await loading
    const whole = await one.reranker.rerank(QUERY, DOCUMENTS, { topN: 10 })
    expect(whole).not.toHaveProperty('coarse')
    expect(logits(whole)).not.toEqual(logits(coarse))
    expect(logits(whole)).toEqual(logits(await lateInteraction(fakeSession()).reranker.rerank(QUERY, DOCUMENTS, { topN: 10 })))
  })

  test('computeScore, which cannot say so, reads', async () => {
    const index = await indexOf(DOCUMENTS)
    const { read, next } = slowly(index, Math.floor(index.length * 0.85))
    const one = withIndex(index, { indexes: { read } })
    const loading = load(one)
    await next()
    const [score] = await one.reranker.computeScore([[QUERY, DOCUMENTS[13] as string]])
    expect(one.session.read).toEqual([QUERY, DOCUMENTS[13]])
    const exact = await lateInteraction(fakeSession()).reranker.computeScore([[QUERY, DOCUMENTS[13] as string]])
    expect(score).toBe(exact[0])
    await next()
    await loading
  })

  test.each(['fails', 'is aborted', 'is disposed of'])('and then %s: nothing of it stays, and documents are read', async (how) => {
    const index = await indexOf(DOCUMENTS)
    const { read, next } = slowly(index, Math.floor(index.length * 0.85))
    const controller = new AbortController()
    const failure = new Error('the connection broke off')
    const aborted = { name: 'AbortError' }
    const one = withIndex(index, {
      indexes: {
        read: async (address, options) => {
          await read(address, options)
          throw failure
        },
      },
    })
    const loading = one.reranker.prepare({ index: ADDRESS }, { signal: controller.signal }).then(
      () => undefined,
      (error: Error) => error,
    )
    await next()
    expect((await one.reranker.rerank(QUERY, DOCUMENTS)).coarse).toBe(true)
    if (how === 'fails') await next()
    else if (how === 'is aborted') controller.abort()
    else await one.reranker.dispose()
    expect(await loading).toMatchObject(how === 'fails' ? { message: failure.message } : aborted)
    if (how === 'is disposed of') return
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(one.reranker.info.kept).toMatchObject({ documents: 0 })
    const ranked = await one.reranker.rerank(QUERY, DOCUMENTS)
    expect(ranked).not.toHaveProperty('coarse')
    expect(one.session.read.filter((text) => text !== QUERY)).toHaveLength(60)
  })

  test('from the middle on, or twice from its beginning: it is taken as a whole at the end', async () => {
    const index = await indexOf(DOCUMENTS)
    const half = Math.floor(index.length * 0.6)
    for (const places of [[half], [0, half, 0], [0, 0], [0, half, half]]) {
      const read = async (_: string, { onPiece }: ReadOptions) => {
        for (const at of places) await onPiece(index.subarray(at, at + half), at)
        return index
      }
      const one = withIndex(index, { indexes: { read } })
      await load(one)
      expect(await one.reranker.rerank(QUERY, DOCUMENTS)).not.toHaveProperty('coarse')
      expect(one.session.read).toEqual([QUERY])
      expect(one.reranker.info.kept).toMatchObject({ documents: 60 })
    }
  })
})

describe('one index loaded twice at a time', () => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20))

  test('and the first load given up: the second has all of it', async () => {
    const index = await indexOf(DOCUMENTS)
    const arriving = slowly(index, Math.ceil(index.length / 4))
    let loads = 0
    const read: IndexSource['read'] = async (...args) => (loads++ === 0 ? arriving.read(...args) : index)
    const one = withIndex(index, { indexes: { read } })
    const controller = new AbortController()
    const first = one.reranker.prepare({ index: ADDRESS }, { signal: controller.signal })
    for (let i = 0; i < 3; i++) await arriving.next()
    expect(one.reranker.info.kept?.documents).toBe(60)
    const second = load(one)
    await pause()
    controller.abort()
    await expect(first).rejects.toMatchObject({ name: 'AbortError' })
    await second
    expect(one.reranker.info.kept?.documents).toBe(60)
    expect(await one.reranker.rerank(QUERY, DOCUMENTS)).not.toHaveProperty('coarse')
    expect(one.session.read).toEqual([QUERY])
  })

  test('the second is done when all of it is there, and can be given up without the first', async () => {
    const index = await indexOf(DOCUMENTS)
    const arriving = slowly(index, Math.ceil(index.length / 4))
    let loads = 0
    const read: IndexSource['read'] = async (...args) => (loads++ === 0 ? arriving.read(...args) : index)
    const one = withIndex(index, { indexes: { read } })
    const first = load(one)
    for (let i = 0; i < 3; i++) await arriving.next()
    const controller = new AbortController()
    const given = one.reranker.prepare({ index: `${ADDRESS}&again` }, { signal: controller.signal })
    controller.abort()
    await expect(given).rejects.toMatchObject({ name: 'AbortError' })
    let isDone = false
    const second = load(one).then(() => {
      isDone = true
    })
    await pause()
    if (isDone) expect(await one.reranker.rerank(QUERY, DOCUMENTS)).not.toHaveProperty('coarse')
    await arriving.next()
    await Promise.all([first, second])
    expect(await one.reranker.rerank(QUERY, DOCUMENTS)).not.toHaveProperty('coarse')
  })
})

describe('an index that cannot be used', () => {
  const refused = async (one: ReturnType<typeof withIndex>) => {
    const error = await load(one).then(
      () => undefined,
      (reason: Error) => reason,
    )
    // Nothing is lost.
    expect((await one.reranker.rerank(QUERY, DOCUMENTS)).results[0]?.index).toBe(13)
    expect(one.session.read).toHaveLength(61)
    return error
  }

  test('where there is none', async () => {
    expect(await refused(withIndex(undefined))).toMatchObject({
      code: 'index-not-found',
      file: 'docs.index',
      message: expect.stringContaining('https://example.org/docs.index.'),
    })
  })

  test('cut short, or damaged: not kept on the device', async () => {
    const index = await indexOf(DOCUMENTS)
    const damaged = index.slice()
    damaged[index.length - 5] = (damaged[index.length - 5] as number) ^ 4
    for (const [bytes, message] of [
      [index.subarray(0, index.length - 1), /docs\.index is cut short/],
      [damaged, /docs\.index is damaged: its plane 2/],
    ] as const) {
      const one = withIndex(bytes)
      expect(await refused(one)).toMatchObject({ code: 'index-invalid', message: expect.stringMatching(message) })
      expect(one.evicted).toEqual([ADDRESS])
    }
  })

  test('of another model, or with other codes', async () => {
    const index = await indexOf(DOCUMENTS)
    const findMismatch = async () => 'onnx/model.onnx is another file'
    expect(await refused(withIndex(index, { indexes: { findMismatch } }))).toMatchObject({
      code: 'index-mismatch',
      message: expect.stringMatching(/made by fake \(revision 1\): onnx\/model\.onnx is another file/),
    })
  })

  test.each([[null], [{}], [{ index: '' }], [{ index: 5 }], [{ index: ADDRESS, maxLength: 5 }]])(
    'an argument that is none: %j',
    async (given) => {
      await expect(withIndex(undefined).reranker.prepare(given as never)).rejects.toMatchObject({ name: 'InvalidInputError' })
    },
  )

  test('options that are for documents', async () => {
    const options = { maxLength: 16 } as never
    await expect(withIndex(undefined).reranker.prepare({ index: ADDRESS }, options)).rejects.toMatchObject({ code: 'invalid-option' })
  })
})
