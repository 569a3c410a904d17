import type {
  LocalReranker,
  ModelFiles,
  ModelKind,
  ModelOptions,
  ProgressEvent,
  Reranker,
  RerankResponse,
  RerankResult,
  ScoredResult,
  ScoreProgress,
} from '../../src/types.js'
import { close, equal, ok, rejection } from './assert.js'

/** What a place (Node, a page's thread, a worker, a server's client) has to bring to run the suite. */
export interface Place {
  kind: ModelKind
  /** True where a server has the model: how texts are read is its matter. */
  isServed?: boolean
  /** The reranker of all cases that need none of their own: made by the first, it serves them all, as in a page. */
  shared?: Promise<Reranker>
  create: (options?: ModelOptions) => Promise<Reranker>
  /** Scores that a call of so many documents takes, where that is not one each. */
  total?: (documents: number) => number
}

/** A place where the model runs. */
export interface LocalPlace extends Place {
  create: (options?: ModelOptions) => Promise<LocalReranker>
  /** The same where no kernel in WebAssembly can be had; throws where one was not even tried. */
  createWithoutKernels: () => Promise<Reranker>
  /** The small fp32 model's files, to be spoilt. */
  modelFiles: () => Promise<ModelFiles>
}

const FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx']

/** Two layers with random weights, in test/reference: every road is the real one, only the numbers mean nothing. */
export const MODELS: Record<ModelKind, { folder: string; files: string[] }> = {
  'cross-encoder': { folder: 'bert', files: FILES },
  'late-interaction': { folder: 'late-bert', files: [...FILES, 'page-rerank.json', 'rarity.bin'] },
}
export const KINDS = Object.keys(MODELS) as ModelKind[]

export type Case = (place: Place) => Promise<void>
export type LocalCase = (place: LocalPlace) => Promise<void>

const QUERY = 'how do I keep the screen on'
const DOCUMENTS = [
  'Screen orientation lock',
  'Prevents the screen from dimming while an application needs it',
  'The battery interface tells the charge level',
  'bake bread with salt',
  'A request that can be released',
  'keep the screen on',
]

const many = (count: number) =>
  Array.from({ length: count }, (_, i) => `${DOCUMENTS[i % DOCUMENTS.length]} number ${i} ${'word '.repeat(i % 23)}`)

/** The reranker that cases share; with options one of its own, disposed of whatever happens. */
async function withReranker<P extends Place>(
  place: P,
  work: (reranker: Awaited<ReturnType<P['create']>>) => Promise<void>,
  options?: ModelOptions,
): Promise<void> {
  type Own = Awaited<ReturnType<P['create']>>
  if (!options) {
    place.shared ??= place.create()
    return work((await place.shared) as Own)
  }
  const reranker = (await place.create(options)) as Own
  try {
    await work(reranker)
  } finally {
    await reranker.dispose()
  }
}

/** Every way a call can be refused, checked with the same call working afterwards. */
async function refuses(reranker: Reranker, attempt: () => Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const error = await rejection(attempt(), `call that should be refused with ${code}`)
  equal(error.code, code, 'code')
  equal(error.name, 'InvalidInputError', 'name')
  ok(message.test(error.message), `message "${error.message}" does not match ${message}`)
  equal((await reranker.rerank(QUERY, DOCUMENTS)).results.length, DOCUMENTS.length, 'the next call')
}

/** The model's files, its manifest saying something else in places. */
async function filesWith({ modelFiles }: LocalPlace, other: object): Promise<ModelFiles> {
  const files = await modelFiles()
  const own = files['page-rerank.json']
  const manifest = own ? JSON.parse(new TextDecoder().decode(own as Uint8Array)) : {}
  return { ...files, 'page-rerank.json': new TextEncoder().encode(JSON.stringify({ ...manifest, ...other })) }
}

/**
 * Make a reranker while nothing can compile a kernel, as where there is no SIMD. ONNX Runtime is compiled by other functions.
 *
 * @throws Error where nobody tried to
 */
export async function withoutKernels(create: () => Promise<LocalReranker>): Promise<LocalReranker> {
  const { Module } = WebAssembly
  let tries = 0
  WebAssembly.Module = function refuse() {
    tries++
    throw new WebAssembly.CompileError('there is no SIMD')
  } as unknown as typeof Module
  try {
    const reranker = await create()
    ok(tries > 0, 'a kernel is tried')
    return reranker
  } finally {
    WebAssembly.Module = Module
  }
}

/** The results of a call that scores everything. */
function allScored<T>(results: RerankResult<T>[]): ScoredResult<T>[] {
  return results.map((one) => {
    ok(one.scored, `document ${one.index} is scored`)
    return one
  })
}

/** What progress ends with. */
function totalOf({ total = (documents) => documents }: Place, documents: readonly unknown[]): number {
  return total(documents.length)
}

const loose = (value: unknown) => value as never

/** Rank with the first stage counting for so much, and check the order. @returns the order without it */
async function compareWeighted(reranker: Reranker, firstStageWeight: number): Promise<ScoredResult<string>[]> {
  const plain = allScored((await reranker.rerank(QUERY, DOCUMENTS, { firstStageWeight: 0 })).results)
  const results = allScored((await reranker.rerank(QUERY, DOCUMENTS, { firstStageWeight })).results)
  const byIndex = (from: typeof results) => from.toSorted((a, b) => a.index - b.index).map(({ logit, score }) => [logit, score])
  equal(byIndex(results), byIndex(plain), 'logits and scores')
  const value = ({ index, logit }: { index: number; logit: number }) => logit + firstStageWeight * (1 - index / DOCUMENTS.length)
  equal(
    results.map(({ index }) => index),
    plain.toSorted((a, b) => value(b) - value(a) || a.index - b.index).map(({ index }) => index),
    `order with ${firstStageWeight}`,
  )
  return plain
}

/** What holds for every reranker, wherever its model is. */
const cases: Record<string, Case> = {
  'orders by logit, keeps every document once and hands back the caller’s own objects': (place) =>
    withReranker(place, async (reranker) => {
      const hits = DOCUMENTS.map((text, id) => ({ id, text }))
      const response = await reranker.rerank(QUERY, hits)
      equal([response.unscored, 'mismatch' in response], [0, false], 'facts of the call')
      const results = allScored(response.results)
      equal(
        results.map((one) => one.rank),
        hits.map((_, i) => i + 1),
        'ranks',
      )
      equal(
        results.map((one) => one.index).sort((a, b) => a - b),
        hits.map((hit) => hit.id),
        'indices',
      )
      results.forEach((one, i) => {
        ok(one.document === hits[one.index], 'document is the caller’s own object')
        close(one.score, 1 / (1 + Math.exp(-one.logit)), 1e-9, 'score is the sigmoid of the logit')
        ok(i === 0 || one.logit <= (results[i - 1] as ScoredResult<unknown>).logit, 'logits fall')
      })
      ok(new Set(results.map((one) => one.logit)).size > 1, 'logits differ')
    }),

  'an empty list gives an empty list': (place) =>
    withReranker(place, async (reranker) => {
      equal(await reranker.rerank(QUERY, []), { results: [], unscored: 0 }, 'rerank')
      equal(await reranker.computeScore([]), [], 'computeScore')
    }),

  'topN and minScore cut the end': (place) =>
    withReranker(place, async (reranker) => {
      const all = allScored((await reranker.rerank(QUERY, DOCUMENTS)).results)
      equal((await reranker.rerank(QUERY, DOCUMENTS, { topN: 2 })).results, all.slice(0, 2), 'topN')
      equal((await reranker.rerank(QUERY, DOCUMENTS, { topN: 999 })).results, all, 'topN over the number of documents')
      const minScore = (all[2] as ScoredResult<string>).score
      equal((await reranker.rerank(QUERY, DOCUMENTS, { minScore })).results, all.slice(0, 3), 'minScore')
    }),

  'text takes the text out of any document': (place) =>
    withReranker(place, async (reranker) => {
      const { results: plain } = await reranker.rerank(QUERY, DOCUMENTS)
      const { results: nested } = await reranker.rerank(
        QUERY,
        DOCUMENTS.map((body) => ({ hit: { body } })),
        { text: ({ hit }) => hit.body },
      )
      equal(
        nested.map((one) => [one.index, one.logit]),
        plain.map((one) => [one.index, one.logit]),
        'same order and logits',
      )
    }),

  'equal documents keep their first-stage order': (place) =>
    withReranker(place, async (reranker) => {
      const { results } = await reranker.rerank(QUERY, ['same text', 'same text', DOCUMENTS[5] as string, 'same text'])
      equal(
        results.filter((one) => one.document === 'same text').map((one) => one.index),
        [0, 1, 3],
        'order of the equal ones',
      )
    }),

  'a score is the same alone, in a batch of 50 and in any order': (place) =>
    withReranker(place, async (reranker) => {
      const documents = many(50)
      const together = await reranker.computeScore(documents.map((document) => [QUERY, document] as const))
      const reversed = (await reranker.computeScore(documents.map((document) => [QUERY, document] as const).reverse())).reverse()
      for (const i of [0, 7, 23, 49]) {
        const [alone] = await reranker.computeScore([[QUERY, documents[i] as string]])
        close(alone as number, together[i] as number, 1e-5, `logit of document ${i} alone and together`)
      }
      together.forEach((logit, i) => {
        close(reversed[i] as number, logit, 1e-5, `logit of document ${i} in reversed order`)
      })
    }),

  'prepare reads ahead: the call that follows has the same answer': async (place) => {
    const documents = many(60)
    let expected: number[] = []
    await withReranker(place, async (reranker) => {
      expected = await reranker.computeScore(documents.map((document) => [QUERY, document] as const))
    })
    await withReranker(
      place,
      async (reranker) => {
        const progress: ScoreProgress[] = []
        await reranker.prepare(
          documents.map((body) => ({ body })),
          { text: ({ body }) => body, onProgress: (event) => progress.push(event) },
        )
        const isRead = place.kind === 'late-interaction'
        equal(reranker.info.kept?.documents, isRead ? documents.length : undefined, 'documents kept')
        equal(progress.at(-1), isRead ? { scored: documents.length, total: documents.length } : undefined, 'progress ends full')
        const results = allScored((await reranker.rerank(QUERY, documents, { firstStageWeight: 0 })).results)
        for (const { index, logit, stage } of results)
          if (stage !== 'first') close(logit, expected[index] as number, isRead && !stage ? 0 : 1e-5, `logit of document ${index}`)
        equal(reranker.info.kept?.documents, isRead ? documents.length : undefined, 'nothing was read twice')
        equal((await rejection(reranker.prepare(documents, { signal: AbortSignal.abort() }), 'aborted')).name, 'AbortError', 'abort')
        equal((await rejection(reranker.prepare(loose('text')), 'not an array')).code, 'invalid-input', 'bad input')
      },
      {},
    )
  },

  'firstStageWeight: the order is by logit and place, scores stay the model’s': (place) =>
    withReranker(place, async (reranker) => {
      equal(reranker.info.firstStageWeight ?? 0, 0, 'default of a model that says nothing')
      const plain = await compareWeighted(reranker, 1e6)
      const spread = (plain[0] as ScoredResult<string>).logit - (plain.at(-1) as ScoredResult<string>).logit
      await compareWeighted(reranker, spread)
      await compareWeighted(reranker, spread / 4)
      equal((await reranker.rerank(QUERY, DOCUMENTS)).results, plain, 'without the option')
      await refuses(
        reranker,
        () => reranker.rerank(QUERY, DOCUMENTS, { firstStageWeight: -1 }),
        'invalid-option',
        /firstStageWeight.*0 or more/,
      )
    }),

  'computeScore keeps input order, takes one pair or many, and agrees with rerank': (place) =>
    withReranker(place, async (reranker) => {
      const ranked = allScored((await reranker.rerank(QUERY, DOCUMENTS)).results)
      const scores = await reranker.computeScore(DOCUMENTS.map((document) => [QUERY, document] as const))
      for (const { index, logit } of ranked) close(scores[index] as number, logit, 1e-5, `document ${index}`)
      const single = await reranker.computeScore([QUERY, DOCUMENTS[0] as string])
      equal(single.length, 1, 'one score for one pair')
      close(single[0] as number, scores[0] as number, 1e-5, 'single pair')
      const [normalized] = await reranker.computeScore([QUERY, DOCUMENTS[0] as string], { normalize: true })
      close(normalized as number, 1 / (1 + Math.exp(-(scores[0] as number))), 1e-6, 'normalized')
      const small = await reranker.computeScore(
        DOCUMENTS.map((document) => [QUERY, document] as const),
        { batchSize: 1 },
      )
      small.forEach((logit, i) => {
        close(logit, scores[i] as number, 1e-5, `batchSize 1, pair ${i}`)
      })
    }),

  'explain names words of the documents’ own text that answer words of the query; a cross-encoder leaves them out': (place) =>
    withReranker(place, async (reranker) => {
      const isWord = (text: string) => /^[\p{L}\p{N}]+$/u.test(text)
      const documents = [...DOCUMENTS, 'Ｋｅｅｐ\u00a0the “scréen” on… 😀']
      const { results } = await reranker.rerank(QUERY, documents, { explain: true })
      for (const { document, matches, sentence } of results) {
        equal(matches !== undefined, place.kind === 'late-interaction', 'matches')
        for (const { start, end, weight, query } of matches ?? []) {
          ok(isWord(document.slice(start, end)), `a word: ${document.slice(start, end)}`)
          ok(isWord(QUERY.slice(query.start, query.end)), 'a word of the query')
          ok(weight > 0 && weight <= 1, 'a weight')
        }
        if (sentence) equal(document.slice(sentence.start, sentence.end), sentence.text, 'a sentence, at its place')
      }
      const found = results.flatMap(({ matches }) => matches ?? [])
      equal(found.length > 0, place.kind === 'late-interaction', 'words that answer')
      const [unasked] = (await reranker.rerank(QUERY, documents)).results
      ok(!('matches' in (unasked as object)), 'nothing unasked')
    }),

  'awkward texts are scored: empty, emoji, lone surrogates, right-to-left, very long': (place) =>
    withReranker(place, async (reranker) => {
      const documents = ['', ' ', '👩‍👩‍👧', '\ud83d', 'مرحبا', '漢字かな', 'x'.repeat(5000), 'word '.repeat(5000)]
      const results = allScored((await reranker.rerank(QUERY, documents)).results)
      ok(
        results.every((one) => Number.isFinite(one.logit)),
        'every logit is a number',
      )
      const [long] = await reranker.computeScore([['query '.repeat(3000), 'document '.repeat(3000)]])
      ok(Number.isFinite(long), 'a query longer than the limit')
    }),

  'bad input is refused with the index': (place) =>
    withReranker(place, async (reranker) => {
      await refuses(reranker, () => reranker.rerank('', DOCUMENTS), 'invalid-input', /query is empty/)
      await refuses(reranker, () => reranker.rerank('  ', DOCUMENTS), 'invalid-input', /query is empty/)
      await refuses(reranker, () => reranker.rerank(loose(7), DOCUMENTS), 'invalid-input', /must be a string/)
      await refuses(reranker, () => reranker.rerank(QUERY, loose('text')), 'invalid-input', /pass an array/)
      await refuses(reranker, () => reranker.rerank(QUERY, ['a', loose(undefined)]), 'invalid-input', /document 1 /)
      await refuses(reranker, () => reranker.rerank(QUERY, [{ title: 'x' }]), 'invalid-input', /document 0 .*text option/)
      await refuses(reranker, () => reranker.rerank(QUERY, ['a'], { text: () => loose(3) }), 'invalid-input', /document 0 /)
      await refuses(reranker, () => reranker.computeScore(loose([['q', 'd'], ['q']])), 'invalid-input', /Pair 1 /)
      const error = await rejection(reranker.rerank(QUERY, ['a', loose(null)]), 'null document')
      equal(error.index, 1, 'index')
    }),

  'options out of range are refused with the range': (place) =>
    withReranker(place, async (reranker) => {
      const { rerank } = { rerank: (options: object) => reranker.rerank(QUERY, DOCUMENTS, options) }
      await refuses(reranker, () => rerank({ topN: 0 }), 'invalid-option', /topN.*1 or more/)
      await refuses(reranker, () => rerank({ topN: 1.5 }), 'invalid-option', /topN.*whole/)
      await refuses(reranker, () => rerank({ topN: Number.NaN }), 'invalid-option', /topN/)
      await refuses(reranker, () => rerank({ minScore: 2 }), 'invalid-option', /minScore.*from 0 to 1/)
      await refuses(reranker, () => rerank({ budgetMs: -1 }), 'invalid-option', /budgetMs/)
      await refuses(
        reranker,
        () => rerank({ maxLength: 100_000 }),
        'invalid-option',
        place.isServed ? /^maxLength/ : /maxLength.*from \d+ to \d+/,
      )
      await refuses(reranker, () => rerank({ maxLength: 2 }), 'invalid-option', /maxLength/)
      await refuses(reranker, () => rerank({ text: 'title' }), 'invalid-option', /text is a string; it must be a function/)
      await refuses(reranker, () => reranker.computeScore(['q', 'd'], { batchSize: 0 }), 'invalid-option', /batchSize/)
      await refuses(
        reranker,
        () => reranker.computeScore(['q', 'd'], { truncation: loose('left') }),
        'invalid-option',
        /only_second, longest_first/,
      )
      const error = await rejection(rerank({ maxLength: Number.POSITIVE_INFINITY }), 'infinite maxLength')
      equal(error.option, 'maxLength', 'option')
    }),

  'an option that does not exist is refused, naming the one that was meant': async (place) => {
    await withReranker(place, async (reranker) => {
      const rerank = (options: object) => reranker.rerank(QUERY, DOCUMENTS, options)
      const computeScore = (options: object) => reranker.computeScore(['q', 'd'], options)
      await refuses(reranker, () => rerank({ topn: 3 }), 'invalid-option', /^rerank has no option topn\. Did you mean topN\?$/)
      await refuses(reranker, () => rerank({ max_length: 3 }), 'invalid-option', /Did you mean maxLength\?/)
      await refuses(reranker, () => rerank({ concurrent: true }), 'invalid-option', /no option concurrent\. Its options are: topN, text, /)
      await refuses(reranker, () => rerank({ topK: undefined }), 'invalid-option', /no option topK/)
      await refuses(reranker, () => computeScore({ normalise: true }), 'invalid-option', /^computeScore .*Did you mean normalize\?/)
      await refuses(reranker, () => rerank({ key: 7 }), 'invalid-option', /key is a number; it must be a string/)
      await refuses(reranker, () => rerank({ signal: new AbortController() }), 'invalid-option', /signal is an object; .*an AbortSignal/)
      equal((await rejection(rerank({ topn: 3 }), 'topn')).option, 'topn', 'option')
      equal((await reranker.rerank(QUERY, DOCUMENTS, { topN: undefined, text: undefined })).results.length, DOCUMENTS.length, 'undefined')
    })
  },

  'documents whose fields are missing are refused': (place) =>
    withReranker(place, async (reranker) => {
      const hits = DOCUMENTS.map((name) => ({ name, title: undefined, body: null }))
      const missing = /^The text of every document .*document 0: "undefined\\nnull"/
      await refuses(
        reranker,
        () => reranker.rerank(QUERY, hits, { text: ({ title, body }) => `${title}\n${body}` }),
        'invalid-input',
        missing,
      )
      await refuses(reranker, () => reranker.rerank(QUERY, hits, { text: (hit) => `${{ ...hit }}` }), 'invalid-input', /\[object Object\]/)
      const some = await reranker.rerank(QUERY, hits, { text: ({ name, title }, index) => (index === 2 ? name : `${title}`) })
      equal(some.unscored, 0, 'one document with a text is enough')
      equal((await reranker.rerank(QUERY, ['', ' '])).unscored, 0, 'empty texts')
    }),

  'a text function that throws rejects with that error and harms no other call': (place) =>
    withReranker(place, async (reranker) => {
      const own = new TypeError('title is missing')
      const other = reranker.rerank(QUERY, DOCUMENTS)
      const text = () => {
        throw own
      }
      ok((await rejection(reranker.rerank(QUERY, DOCUMENTS, { text }), 'throwing text')) === own, 'the very same error')
      equal((await other).results.length, DOCUMENTS.length, 'the other call')
    }),

  'a newer call supersedes an older one of its key, and nothing else': (place) =>
    withReranker(place, async (reranker) => {
      const key = 'search box'
      const older = rejection(reranker.rerank('older', many(200), { key }), 'older')
      const elsewhere = reranker.rerank('elsewhere', many(20), { key: 'sidebar' })
      const beside = reranker.rerank('beside', many(20))
      const newer = reranker.rerank('newer', DOCUMENTS, { key })
      equal((await older).name, 'AbortError', 'older call')
      equal((await newer).results.length, DOCUMENTS.length, 'newer call')
      equal((await elsewhere).results.length, 20, 'call of another key')
      equal((await beside).results.length, 20, 'call without a key')
      const unfinished = rejection(reranker.rerank('unfinished', many(200), { key }), 'unfinished')
      equal((await reranker.rerank('nothing found', [], { key })).results, [], 'newer call without documents')
      equal((await unfinished).name, 'AbortError', 'older call, the newer found nothing')
    }),

  'an abort rejects with AbortError, before, during and with the caller’s reason; the next call works': (place) =>
    withReranker(place, async (reranker) => {
      equal((await rejection(reranker.rerank(QUERY, DOCUMENTS, { signal: AbortSignal.abort() }), 'before')).name, 'AbortError', 'before')
      const unread = many(400).map((text) => `abort ${text}`)
      const controller = new AbortController()
      const running = rejection(reranker.rerank(QUERY, unread, { signal: controller.signal }), 'during')
      setTimeout(() => controller.abort(), 5)
      equal((await running).name, 'AbortError', 'during')
      const own = new Error('left the page')
      const reasoned = new AbortController()
      const scoring = rejection(
        reranker.computeScore(
          unread.toReversed().map((document) => [QUERY, document] as const),
          { signal: reasoned.signal },
        ),
        'with reason',
      )
      setTimeout(() => reasoned.abort(own), 5)
      ok((await scoring) === own, 'the caller’s own reason')
      equal((await reranker.rerank(QUERY, DOCUMENTS)).results.length, DOCUMENTS.length, 'the next call')
    }),

  'budgetMs returns in time with the unscored below in their order': (place) =>
    withReranker(place, async (reranker) => {
      const nothing = await reranker.rerank(QUERY, DOCUMENTS, { budgetMs: 0 })
      equal(
        [nothing.results, nothing.unscored],
        [DOCUMENTS.map((document, index) => ({ index, document, rank: index + 1, scored: false })), DOCUMENTS.length],
        'nothing scored, nothing made up',
      )
      const documents = many(10_000)
      // A busy machine gets more time, until it has scored one.
      let budgetMs = 75
      let answer: RerankResponse<string>
      do {
        budgetMs *= 2
        answer = await reranker.rerank(QUERY, documents, { budgetMs })
      } while (answer.unscored === documents.length && budgetMs < 5000)
      const { results, unscored: left } = answer
      equal(results.length, documents.length, 'all are returned')
      const scored = results.filter((one) => one.scored)
      const unscored = results.filter((one) => !one.scored)
      ok(scored.length > 0 && unscored.length > 0, `some are scored and some are not (${scored.length} of ${results.length})`)
      equal(
        results.map((one) => one.scored),
        [...scored.map(() => true), ...unscored.map(() => false)],
        'scored ones first',
      )
      equal(left, unscored.length, 'unscored')
      equal(
        Math.max(...scored.map((one) => one.index)) < Math.min(...unscored.map((one) => one.index)),
        true,
        'scored in first-stage order',
      )
      ok(
        unscored.every((one, i) => i === 0 || one.index > (unscored[i - 1] as RerankResult<string>).index),
        'the rest in first-stage order',
      )
    }),

  'onUpdate delivers provisional orders and onProgress rises to the end': (place) =>
    withReranker(place, async (reranker) => {
      const progress: ScoreProgress[] = []
      const updates: number[] = []
      const documents = many(1500)
      const final = await reranker.rerank(QUERY, documents, {
        onProgress: (event) => progress.push(event),
        onUpdate: ({ results, unscored }, { scored, total }) => {
          const withScore = Math.min(scored, documents.length)
          equal([results.length, unscored], [documents.length, documents.length - withScore], 'a provisional order holds every document')
          equal(total, totalOf(place, documents), 'total')
          equal(results.filter((one) => one.scored).length, withScore, 'as many scored as it says')
          updates.push(scored)
        },
      })
      ok(updates.length > 0, 'at least one update')
      equal(allScored(final.results).length, documents.length, 'all scored at the end')
      ok(
        progress.every((event, i) => i === 0 || event.scored >= (progress[i - 1] as ScoreProgress).scored),
        'progress never falls',
      )
      const total = totalOf(place, documents)
      equal(progress.at(-1), { scored: total, total }, 'progress ends full')
    }),

  'ten thousand documents work, with progress': (place) =>
    withReranker(place, async (reranker) => {
      let reports = 0
      const documents = Array.from({ length: 10_000 }, (_, i) => `document ${i % 1000}`)
      const { results } = await reranker.rerank(QUERY, documents, {
        topN: 10,
        maxLength: place.isServed ? undefined : 32,
        onProgress: () => reports++,
      })
      equal(results.length, 10, 'topN')
      ok(reports > 0, `${reports} reports`)
    }),

  'calls run side by side, each with its own answer': (place) =>
    withReranker(place, async (reranker) => {
      const queries = ['screen', 'bread', 'battery', 'release']
      const alone = []
      for (const query of queries) alone.push((await reranker.rerank(query, DOCUMENTS)).results)
      const together = await Promise.all(queries.map((query) => reranker.rerank(query, DOCUMENTS)))
      equal(
        together.map(({ results }) => results.map((one) => one.index)),
        alone.map((results) => results.map((one) => one.index)),
        'orders',
      )
    }),

  'dispose ends calls in flight and refuses later ones': async (place) => {
    const reranker = await place.create()
    const running = rejection(reranker.rerank(QUERY, many(400)), 'in flight')
    await reranker.dispose()
    await reranker.dispose()
    const ended = await running
    equal([ended.name, (ended.cause as Error).name], ['AbortError', 'DisposedError'], 'in flight')
    const later = await rejection(reranker.rerank(QUERY, DOCUMENTS), 'later')
    equal([later.name, later.code], ['DisposedError', 'disposed'], 'later')
    ok(reranker.info.dtype === 'fp32' || reranker.info.server, 'info still tells what it was')
  },
}

/** What holds where the model runs here, and is known. */
const localCases: Record<string, LocalCase> = {
  'firstStageWeight: a model may bring a default': async (place) => {
    await withReranker(
      place,
      async (reranker) => {
        equal(reranker.info.firstStageWeight, 1e6, 'the model’s own')
        equal(
          (await reranker.rerank(QUERY, DOCUMENTS)).results.map(({ index }) => index),
          DOCUMENTS.map((_, index) => index),
          'first-stage order by default',
        )
        await compareWeighted(reranker, 0)
      },
      { model: await filesWith(place, { firstStageWeight: 1e6 }), dtype: 'fp32' },
    )
  },

  'info tells how much of a pair is read by default, and how much at most': async (place) => {
    await withReranker(
      place,
      async (reranker) => {
        equal([reranker.info.maxLength, reranker.info.maxPositions], [64, 512], 'of a model trained for 64 tokens')
        const document = many(40).join(' ')
        const logitOf = async (options: object) => {
          const [scored] = allScored((await reranker.rerank(QUERY, [document], options)).results)
          const [logit] = await reranker.computeScore([QUERY, document], options)
          close((scored as ScoredResult<string>).logit, logit as number, 1e-5, 'rerank and computeScore')
          return logit as number
        }
        close(await logitOf({}), await logitOf({ maxLength: 64 }), 1e-6, 'by default')
        ok(Math.abs((await logitOf({})) - (await logitOf({ maxLength: 512 }))) > 1e-4, 'more is read when a call asks for it')
        await refuses(reranker, () => reranker.rerank(QUERY, [document], { maxLength: 513 }), 'invalid-option', /maxLength.*to 512/)
      },
      { model: await filesWith(place, { maxLength: 64, canaries: [] }), dtype: 'fp32' },
    )
  },

  'chunk reads all of a long document: the best passage has its logit and its place': (place) =>
    withReranker(place, async (reranker) => {
      const filler = Array.from({ length: 60 }, (_, i) => `Sentence ${i} tells of bread, salt and 🥖.\r\n`).join('')
      const documents = [DOCUMENTS[0] as string, `${filler}${DOCUMENTS[1]}. ${filler}`, '漢字かな交じり文'.repeat(80), '']
      const options = { maxLength: 64, longDocuments: 'chunk' } as const
      const results = allScored((await reranker.rerank(QUERY, documents, options)).results)
      for (const { document, passage, logit } of results) {
        ok(passage, 'a passage')
        equal(passage.text, document.slice(passage.start, passage.end), 'the text at its place')
        const [alone] = await reranker.computeScore([QUERY, passage.text], { maxLength: 64 })
        close(logit, alone as number, 1e-5, 'the logit is the passage’s own')
      }
      const of = (index: number, from = results) => from.find((one) => one.index === index) as ScoredResult<string>
      const truncated = allScored((await reranker.rerank(QUERY, documents, { maxLength: 64 })).results)
      ok(
        truncated.every((one) => one.passage === undefined),
        'no passage without chunk',
      )
      for (const index of [0, 3]) {
        equal(of(index).passage, { start: 0, end: documents[index]?.length, text: documents[index] }, 'a document that fits is one passage')
        close(of(index).logit, of(index, truncated).logit, 1e-5, 'and scores as it does without chunk')
      }
      ok(of(1).logit >= of(1, truncated).logit - 1e-5 && of(2).logit >= of(2, truncated).logit - 1e-5, 'best of all passages')
      ok((of(1).passage?.end ?? 0) - (of(1).passage?.start ?? 0) < 1000, 'a passage of a long document is short')
    }),

  'chunk keeps budgetMs, onUpdate, abort and options honest': (place) =>
    withReranker(place, async (reranker) => {
      const long = many(40).join('. ')
      const documents = Array.from({ length: 40 }, (_, i) => `Part ${i}. ${long}`)
      const options = { maxLength: 64, longDocuments: 'chunk' } as const
      const { results: none, unscored } = await reranker.rerank(QUERY, documents, { ...options, budgetMs: 0 })
      equal(unscored, documents.length, 'without time')
      ok(
        none.every((one, i) => !one.scored && one.index === i && one.passage === undefined),
        'nothing scored without time',
      )
      const some = await reranker.rerank(QUERY, [...documents, ...documents, ...documents, ...documents], { ...options, budgetMs: 120 })
      ok(
        some.results.every((one) => one.scored === 'passage' in one && one.scored === 'logit' in one),
        'a passage and a logit where it is scored, and only there',
      )
      equal(some.unscored, some.results.filter((one) => !one.scored).length, 'unscored')
      const whole = allScored((await reranker.rerank(QUERY, documents.slice(0, 1), options)).results)
      const first = some.results.find((one) => one.index === 0)
      if (first?.scored && first.stage === whole[0]?.stage)
        close(first.logit, (whole[0] as ScoredResult<string>).logit, 1e-5, 'a score does not depend on the budget')
      const progress: ScoreProgress[] = []
      const final = await reranker.rerank(QUERY, documents, {
        ...options,
        onProgress: (event) => progress.push(event),
        onUpdate: ({ results, unscored }, { scored }) => {
          const withScore = Math.min(scored, documents.length)
          equal([results.length, unscored], [documents.length, documents.length - withScore], 'a provisional order holds every document')
          equal(results.filter((one) => one.passage).length, withScore, 'with as many passages as documents scored')
        },
      })
      equal(final.unscored, 0, 'all scored')
      const total = totalOf(place, documents)
      equal(progress.at(-1), { scored: total, total }, 'progress counts documents')
      const controller = new AbortController()
      const unread = documents.map((text) => `Abort. ${text}`)
      const running = rejection(reranker.rerank(QUERY, unread, { ...options, signal: controller.signal }), 'abort')
      setTimeout(() => controller.abort(), 5)
      equal((await running).name, 'AbortError', 'abort')
      await refuses(
        reranker,
        () => reranker.rerank(QUERY, DOCUMENTS, { longDocuments: loose('split') }),
        'invalid-option',
        /truncate, chunk/,
      )
      // A pair has the query in it too.
      const maxLength = place.kind === 'cross-encoder' ? 12 : 9
      await refuses(
        reranker,
        () => reranker.rerank(QUERY, DOCUMENTS, { longDocuments: 'chunk', maxLength }),
        'invalid-option',
        new RegExp(`maxLength ${maxLength} leaves \\d tokens`),
      )
    }),

  'a query or documents the model cannot read keep the first-stage order, and the response says why': async (place) => {
    const model = await filesWith(place, { languages: ['en'] })
    const spanish = '¿Dónde están las llaves que perdí en la casa?'
    await withReranker(
      place,
      async (reranker) => {
        const kept = await reranker.rerank(spanish, DOCUMENTS, { topN: 3, minScore: 0.9 })
        equal(
          kept.results,
          [0, 1, 2].map((index) => ({ index, document: DOCUMENTS[index], rank: index + 1, scored: false })),
          'first-stage order, and no score',
        )
        equal([kept.unscored, kept.mismatch?.part, kept.mismatch?.code], [DOCUMENTS.length, 'query', 'language'], 'facts of the call')
        ok(/Spanish/.test(kept.mismatch?.reason ?? ''), 'the reason')
        const { mismatch } = await reranker.rerank(QUERY, ['Где ключ?', 'Ключ на столе.'])
        equal([mismatch?.part, mismatch?.code], ['documents', 'script'], 'documents')
        const nothing = await reranker.rerank(spanish, DOCUMENTS, { onMismatch: 'warn', minScore: 1 })
        equal([nothing.results, nothing.unscored, nothing.mismatch?.code], [[], 0, 'language'], 'told where no result is left')
        const updates: unknown[] = []
        const warned = await reranker.rerank(spanish, many(800), {
          onMismatch: 'warn',
          onUpdate: ({ mismatch }) => updates.push(mismatch?.code),
        })
        equal([allScored(warned.results).length, warned.mismatch?.code], [800, 'language'], 'warn: scored, with the reason')
        ok(updates.length > 0 && updates.every((code) => code === 'language'), 'warn: provisional orders too')
        for (const [query, options] of [
          [spanish, { onMismatch: 'ignore' }],
          [QUERY, {}],
        ] as const) {
          const response = await reranker.rerank(query, DOCUMENTS, options)
          ok(allScored(response.results).length === DOCUMENTS.length && !('mismatch' in response), `scored: ${query}`)
        }
        await refuses(
          reranker,
          () => reranker.rerank(QUERY, DOCUMENTS, { onMismatch: loose('skip') }),
          'invalid-option',
          /keep-order, warn, ignore/,
        )
      },
      { model, dtype: 'fp32' },
    )
    await withReranker(place, async (reranker) => {
      equal((await reranker.rerank(spanish, DOCUMENTS)).unscored, 0, 'a model of unknown languages is asked')
    })
  },

  'a pair that was scored is not scored again: a longer list costs what is new': (place) =>
    withReranker(
      place,
      async (reranker) => {
        const pairs = () => reranker.info.keptScores?.pairs
        const keeps = (count: number) => (place.kind === 'cross-encoder' ? count : undefined)
        const first = await reranker.rerank(QUERY, many(30))
        equal(pairs(), keeps(30), 'pairs kept')
        equal(await reranker.rerank(QUERY, many(30)), first, 'the same answer')
        equal(pairs(), keeps(30), 'nothing new')
        const longer = allScored((await reranker.rerank(QUERY, many(35))).results)
        equal(pairs(), keeps(35), 'five are new')
        const logits = new Map(longer.map(({ index, logit }) => [index, logit]))
        for (const { index, logit } of allScored(first.results)) equal(logits.get(index), logit, `logit of document ${index}`)
      },
      {},
    ),

  'info tells what is running': (place) =>
    withReranker(place, async ({ info }) => {
      equal(info.kind, place.kind, 'kind')
      ok(['wasm', 'cpu', 'webgpu'].includes(info.device), `device ${info.device}`)
      equal(info.dtype, 'fp32', 'dtype')
      ok(info.threads >= 1, 'threads')
      equal([info.maxLength, info.maxPositions], [place.kind === 'cross-encoder' ? 512 : 256, 512], 'lengths')
      ok(info.timings.total > 0, 'time')
      ok(info.bytes.network + info.bytes.cache + info.bytes.local > 10_000, 'bytes')
      ok(info.selfTest.pairs >= 3, 'self-test')
      const { result, maxError } = info.selfTest
      if (place.kind === 'cross-encoder') equal([result, maxError], ['unchecked', undefined], 'a model without canaries')
      else ok(result === 'passed' && (maxError as number) <= info.selfTest.tolerance, 'a model with canaries')
      JSON.stringify(info, (key, value) => {
        ok(typeof value !== 'number' || Number.isFinite(value), `${key} is ${value}, which JSON cannot say`)
        return value
      })
    }),

  'an option of create that does not exist is refused, naming the one that was meant': async (place) => {
    for (const [option, meant] of [
      ['modle', 'model'],
      ['dType', 'dtype'],
      ['on_progress', 'onProgress'],
    ] as const) {
      const error = await rejection(place.create({ [option]: 'x' }), option)
      equal([error.code, error.option], ['invalid-option', option], error.message)
      ok(error.message.endsWith(`has no option ${option}. Did you mean ${meant}?`), error.message)
    }
  },

  'loading reports progress that never falls and ends ready': async (place) => {
    const events: ProgressEvent[] = []
    await withReranker(place, async () => undefined, { onProgress: (event) => events.push(event) })
    const totals = events.filter((event) => event.status === 'progress_total')
    ok(totals.length > 0, 'there are totals')
    ok(
      totals.every((event, i) => i === 0 || event.loaded >= (totals[i - 1] as typeof event).loaded),
      'loaded never falls',
    )
    close(totals.at(-1)?.progress ?? 0, 100, 1e-6, 'ends at 100')
    equal(events.at(-1)?.status, 'ready', 'last event')
  },

  'an aborted load rejects with AbortError': async (place) => {
    const controller = new AbortController()
    const loading = rejection(place.create({ signal: controller.signal }), 'load')
    controller.abort()
    equal((await loading).name, 'AbortError', 'name')
  },

  'files in hand are a model too': async (place) => {
    const model = await place.modelFiles()
    await withReranker(place, async (reranker) => equal((await reranker.rerank(QUERY, DOCUMENTS)).results.length, 6, 'results'), {
      model,
      dtype: 'fp32',
    })
  },

  'a spoilt model is refused, naming the file and why': async (place) => {
    // Without the sizes and hashes that a manifest may have, by which all of it would be told.
    const files = await filesWith(place, { files: undefined })
    const text = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
    const config = JSON.parse(new TextDecoder().decode(files['config.json'] as Uint8Array)) as object
    const manifest = async (other: object) => (await filesWith(place, { files: undefined, ...other }))['page-rerank.json'] as Uint8Array
    const weights = files['onnx/model.onnx'] as Uint8Array
    const html = text('<!doctype html><title>Not found</title>')
    const without = (path: string) => Object.fromEntries(Object.entries(files).filter(([name]) => name !== path))
    const spoilt: [ModelFiles, string, RegExp][] = [
      [without('tokenizer.json'), 'model-not-found', /tokenizer\.json is missing/],
      [without('onnx/model.onnx'), 'model-not-found', /onnx\/model\.onnx/],
      [{ ...files, 'onnx/model.onnx': weights.slice(0, weights.length >> 1) }, 'model-file-invalid', /onnx\/model\.onnx/],
      [{ ...files, 'onnx/model.onnx': html }, 'model-file-invalid', /onnx\/model\.onnx is an HTML page/],
      [{ ...files, 'tokenizer.json': html }, 'model-file-invalid', /tokenizer\.json is an HTML page/],
      [{ ...files, 'config.json': text('{ "model_type": ') }, 'model-file-invalid', /config\.json .*not valid JSON/],
    ]
    const crossEncoders: typeof spoilt = [
      [without('config.json'), 'model-not-found', /config\.json is missing/],
      [
        { ...files, 'config.json': text({ ...config, id2label: { 0: 'no', 1: 'maybe', 2: 'yes' } }) },
        'model-unsupported',
        /3 labels.*model_type/,
      ],
      [{ ...files, 'config.json': text({ ...config, model_type: 'llama' }) }, 'model-unsupported', /llama/],
      [
        { ...files, 'config.json': text({ ...config, architectures: ['BertModel'] }) },
        'model-unsupported',
        /no sequence classification head.*BertModel/,
      ],
    ]
    const lateInteraction: typeof spoilt = [
      [without('rarity.bin'), 'model-not-found', /rarity\.bin is missing/],
      [{ ...files, 'page-rerank.json': await manifest({ dimensions: undefined }) }, 'model-file-invalid', /dimensions.* missing/],
      [{ ...files, 'page-rerank.json': await manifest({ dimensions: 63 }) }, 'model-file-invalid', /dimensions must be a multiple of 8/],
    ]
    spoilt.push(...(place.kind === 'cross-encoder' ? crossEncoders : lateInteraction))
    for (const [model, code, message] of spoilt) {
      const error = await rejection(place.create({ model, dtype: 'fp32' }), String(message))
      equal([error.name, error.code], ['ModelLoadError', code], `error for ${message}: ${error.message}`)
      ok(message.test(error.message), `message "${error.message}" does not match ${message}`)
      ok(error.file !== undefined, 'names the file')
    }
  },

  'bad create options are refused before anything is loaded': async (place) => {
    for (const [options, option] of [
      [{ device: 'gpu' }, 'device'],
      [{ dtype: 'q5' }, 'dtype'],
      [{ threads: 0 }, 'threads'],
      [{ model: 'no such thing' }, 'model'],
    ] as [never, string][]) {
      const error = await rejection(place.create(options), option)
      equal([error.code, error.option], ['invalid-option', option], error.message)
    }
  },
}

/** Exact arithmetic, by whatever it is computed. */
const lateInteractionCases: Record<string, LocalCase> = {
  'late interaction: a logit has the same bits alone, in any batch, in any order and without SIMD': async (place) => {
    const documents = [...many(90), '', 'word '.repeat(600), ...DOCUMENTS.map((text) => text.toUpperCase())]
    const queries = [QUERY, 'bread', 'when the battery charges']
    const pairs = queries.flatMap((query) => documents.map((document) => [query, document] as const))
    await withReranker(place, async (reranker) => {
      const together = await reranker.computeScore(pairs)
      ok(new Set(together).size > documents.length, 'logits differ')
      const scoreBackwards = async (other: Reranker) => (await other.computeScore(pairs.toReversed())).reverse()
      const fresh = await place.create()
      for (const i of [0, 17, 90, 91, 96, 120, pairs.length - 1])
        equal(await fresh.computeScore(pairs[i] as (typeof pairs)[number]), [together[i]], `pair ${i} alone`)
      equal(await scoreBackwards(fresh), together, 'another reranker, in reversed order')
      await fresh.dispose()
      const plain = await place.createWithoutKernels()
      equal(await scoreBackwards(plain), together, 'in plain JavaScript')
      await plain.dispose()
      const all = allScored((await reranker.rerank(QUERY, documents)).results)
      equal(
        all.toSorted((a, b) => a.index - b.index).map(({ logit }) => logit),
        together.slice(0, documents.length),
        'rerank',
      )
    })
  },

  'late interaction: the first few of many come from a look at the first bit, with the logits of all bits': (place) =>
    withReranker(place, async (reranker) => {
      const documents = many(600)
      await reranker.prepare(documents)
      const all = allScored((await reranker.rerank(QUERY, documents)).results)
      const first = await reranker.rerank(QUERY, documents, { topN: 10 })
      equal([first.results.length, first.unscored], [10, 0], 'ten, and nothing counts as unscored')
      const logitOf = new Map(all.map(({ index, logit }) => [index, logit]))
      for (const { index, logit } of allScored(first.results)) equal(logit, logitOf.get(index), `logit of document ${index}`)
      const found = all.slice(0, 10).filter(({ index }) => first.results.some((one) => one.index === index))
      ok(found.length >= 8, `${found.length} of the first ten are found`)
    }),
}

/** All cases that hold for models of a kind that run here. */
export function casesOf(kind: ModelKind): Record<string, LocalCase> {
  return { ...cases, ...localCases, ...(kind === 'late-interaction' && lateInteractionCases) }
}

/** The cases that hold wherever the model is. */
export const servedCases = cases
