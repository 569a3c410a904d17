import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { tokenize } from '../../src/eval/bm25.js'
import { sample } from '../../src/eval/sample.js'
import { createOverlapReranker, createReadingReranker } from './overlap-reranker.js'
import { jsonLines, run } from './run.js'

/** Reranked by word overlap, q1 is won (its document rises from 3 to 1), q2 lost (from 1 to 2), q3 tied. */
const collection = {
  'corpus.jsonl': jsonLines([
    { _id: 'd1', title: 'Red fox', text: 'jumps' },
    { _id: 'd2', title: '', text: 'a red hen' },
    { _id: 'd3', text: 'blue whale', metadata: {} },
    { _id: 'd4', text: 'nothing at all' },
  ]),
  'queries.jsonl': jsonLines([
    { _id: 'q1', text: 'red fox jumps' },
    { _id: 'unjudged', text: 'whatever' },
    { _id: 'q2', text: 'a red hen' },
    { _id: 'q3', text: 'blue whale' },
  ]),
  'qrels.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td1\t1\nq3\td3\t2\n',
  'candidates.jsonl': jsonLines([
    { qid: 'q1', docs: ['d4', 'd2', 'd1'] },
    { qid: 'q2', docs: ['d1', 'd2'] },
    { qid: 'q3', docs: ['d3', 'd4'] },
  ]),
}

type Files = Record<string, string>

describe('eval', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'page-rerank-'))
  })
  afterEach(() => rm(root, { recursive: true }))

  async function folder(name: string, files: Files): Promise<string> {
    const path = join(root, name)
    await mkdir(join(path, 'qrels'), { recursive: true })
    for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content)
    return path
  }

  const without = (name: keyof typeof collection): Files => Object.fromEntries(Object.entries(collection).filter(([file]) => file !== name))

  test('reports base and reranked numbers of given candidates', async () => {
    const dir = await folder('animals', collection)
    const { code, stdout, stderr } = await run(['eval', dir, '--candidates', 'candidates.jsonl', '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { sets, mean, firstStage, pool, info } = JSON.parse(stdout)
    expect({ firstStage, pool, model: info.model }).toEqual({ firstStage: 'candidates.jsonl', pool: 50, model: 'word-overlap' })
    const discount = 1 / Math.log2(3)
    const [set] = sets
    expect(set).toMatchObject({ set: 'animals', documents: 4, queries: 3, pairs: 7, won: 1, lost: 1, tied: 1, best: 1 })
    expect(set.base).toEqual({ ndcg10: (0.5 + 1 + 1) / 3, mrr10: expect.closeTo((1 / 3 + 1 + 1) / 3, 12), recall10: 1, recallPool: 1 })
    expect(set.reranked).toEqual({
      ndcg10: expect.closeTo((1 + discount + 1) / 3, 12),
      mrr10: (1 + 0.5 + 1) / 3,
      recall10: 1,
      recallPool: 1,
    })
    expect(set.perQuery.map((query: { id: string; reranked: { ndcg10: number } }) => [query.id, query.reranked.ndcg10])).toEqual([
      ['q1', 1],
      ['q2', discount],
      ['q3', 1],
    ])
    expect(set.latency.p95).toBeGreaterThanOrEqual(set.latency.p50)
    expect(set.pairsPerSecond).toBeGreaterThan(0)
    expect(mean.base).toEqual(set.base)
  })

  test('prints a table, with a mean over several folders that counts each folder the same', async () => {
    const lucky = { ...collection, 'qrels.tsv': 'q3\td3\t1\n' }
    const dirs = [await folder('animals', collection), await folder('lucky', lucky)]
    const { stdout } = await run(['eval', ...dirs, '--candidates', 'candidates.jsonl', '--pool', '3'])
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
    expect(rows[0]).toEqual(
      expect.arrayContaining([
        'set',
        'queries',
        'nDCG@10',
        'MRR@10',
        'recall@10',
        'recall@3',
        'p50 ms',
        'p95 ms',
        'pairs/s',
        'won/lost/tied',
      ]),
    )
    const quality = rows.slice(2).map((cells) => [...cells.slice(1, 5), cells.at(-2)])
    expect(quality).toEqual([
      ['animals', '3', '0.8333 → 0.8770', '+0.0436', '1/1/1'],
      ['lucky', '1', '1.0000 → 1.0000', '0.0000', '0/0/1'],
      ['mean', '4', '0.9167 → 0.9385', '+0.0218', '1/1/2'],
    ])
    expect(
      new Set(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.length),
      ).size,
    ).toBe(1)
  })

  test('--first-stage-weight is measured beside no weight, out of one scoring', async () => {
    const dir = await folder('animals', collection)
    let calls = 0
    const options = {
      createReranker: async () => {
        const reranker = createOverlapReranker()
        const rerank = reranker.rerank.bind(reranker)
        reranker.rerank = (...call) => {
          calls++
          return rerank(...call)
        }
        return reranker
      },
    }
    const file = join(root, 'weighted.run')
    const argv = ['eval', dir, '--candidates', 'candidates.jsonl', '--first-stage-weight', '4']
    const { stdout } = await run([...argv, '--json', '--run', file], options)
    expect(calls).toBe(3)
    const { firstStageWeight, sets, mean } = JSON.parse(stdout)
    expect(firstStageWeight).toBe(4)
    const [set] = sets
    const plain = JSON.parse((await run(['eval', dir, '--candidates', 'candidates.jsonl', '--json'])).stdout)
    expect(plain.firstStageWeight).toBe(0)
    expect(set.base).toEqual(plain.sets[0].base)
    expect(set.unweighted).toEqual(plain.sets[0].reranked)
    expect(plain.sets[0].unweighted).toEqual(plain.sets[0].reranked)
    // q1: d4 0 + 4, d2 1 + 4 · ⅔, d1 3 + 4 · ⅓; q2: d1 1 + 4, d2 3 + 2, a tie that the first stage decides.
    expect(await readFile(file, 'utf8')).toBe(
      [
        'q1 Q0 d1 1 4.333333333333334 page-rerank',
        'q1 Q0 d4 2 4 page-rerank',
        'q1 Q0 d2 3 3.666666666666667 page-rerank',
        'q2 Q0 d1 1 5 page-rerank',
        'q2 Q0 d2 2 5 page-rerank',
        'q3 Q0 d3 1 6 page-rerank',
        'q3 Q0 d4 2 2 page-rerank\n',
      ].join('\n'),
    )
    expect(set).toMatchObject({ won: 1, lost: 0, tied: 2, reranked: { ndcg10: 1 } })
    expect(mean).toMatchObject({ base: set.base, unweighted: set.unweighted, reranked: set.reranked })
    const table = (await run(argv, options)).stdout
    expect(table).toContain('nDCG@10: base → weight 0 → 4')
    expect(table).toContain(' 0.8333 → 0.8770 → 1.0000 | +0.1667 |')
  })

  test('--pool cuts the candidates', async () => {
    const dir = await folder('animals', collection)
    const { stdout } = await run(['eval', dir, '--candidates', 'candidates.jsonl', '--pool', '2', '--json'])
    const [set] = JSON.parse(stdout).sets
    expect(set.pairs).toBe(6)
    expect(set.base.recallPool).toBeCloseTo(2 / 3, 12)
  })

  describe('--pool all', () => {
    // What a first stage of words finds is not what was meant: q1's document is not among its candidates.
    const other: Files = { ...collection, 'candidates.jsonl': jsonLines([{ qid: 'q1', docs: ['d4', 'd2'] }]) }

    test('reads all documents once and ranks all of them for every query', async () => {
      const dirs = [await folder('animals', other), await folder('zoo', collection)]
      const read: string[] = []
      const argv = ['eval', ...dirs, '--pool', 'all', '--candidates', 'candidates.jsonl']
      const { stdout, stderr, created } = await run([...argv, '--json'], { createReranker: async () => createReadingReranker(read) })
      expect(stderr).toBe('')
      expect(created[0]?.states?.maxBytes).toBeGreaterThanOrEqual(128 * 2 ** 20)
      const texts = ['Red fox\njumps', 'a red hen', 'blue whale', 'nothing at all']
      expect(read).toEqual([...texts, ...texts])
      const { pool, sets } = JSON.parse(stdout)
      expect(pool).toBe('all')
      const [animals, zoo] = sets
      expect(animals).toMatchObject({ documents: 4, queries: 3, pairs: 12, best: 1, readMs: expect.any(Number) })
      // Two of three queries have no candidates at all, and one has the wrong ones.
      expect(animals.base).toEqual({ ndcg10: 0, mrr10: 0, recall10: 0, recallPool: 0 })
      // q1 and q3 are found first; q2's document is d1, behind d2.
      const discount = 1 / Math.log2(3)
      expect(animals.reranked).toEqual({
        ndcg10: expect.closeTo((1 + discount + 1) / 3, 12),
        mrr10: (1 + 0.5 + 1) / 3,
        recall10: 1,
        recallPool: 1,
      })
      expect(zoo.base.ndcg10).toBeCloseTo((0.5 + 1 + 1) / 3, 12)
      expect(zoo.reranked).toEqual(animals.reranked)
      const table = (await run(argv, { createReranker: async () => createReadingReranker([]) })).stdout
      expect(table).toContain('recall@50')
      expect(table).toMatch(/\| +animals|animals +\| +3 \| 0\.0000 → 0\.8770 \| \+0\.8770 /)
      expect(table).toMatch(/0\.0000 → 1\.0000 \| +4 \| +0\.0 \|/)
    })

    test('--first-stage-weight joins the first stage’s order in', async () => {
      const dir = await folder('animals', collection)
      const argv = ['eval', dir, '--pool', 'all', '--candidates', 'candidates.jsonl', '--first-stage-weight', '4', '--json']
      const file = join(root, 'joined.run')
      const { stdout } = await run([...argv, '--run', file], { createReranker: async () => createReadingReranker([]) })
      const [set] = JSON.parse(stdout).sets
      expect(set.unweighted.ndcg10).toBeCloseTo((1 + 1 / Math.log2(3) + 1) / 3, 12)
      expect(set.reranked.ndcg10).toBe(1)
      // q1 as in a pool, and d3 behind it; q2: d1 1 + 4, d2 3 + 2, a tie; q3: d3 2 + 4, d4 0 + 2.
      expect(await readFile(file, 'utf8')).toBe(
        [
          'q1 Q0 d1 1 4.333333333333334 page-rerank',
          'q1 Q0 d4 2 4 page-rerank',
          'q1 Q0 d2 3 3.666666666666667 page-rerank',
          'q1 Q0 d3 4 0 page-rerank',
          'q2 Q0 d1 1 5 page-rerank',
          'q2 Q0 d2 2 5 page-rerank',
          'q2 Q0 d3 3 0 page-rerank',
          'q2 Q0 d4 4 0 page-rerank',
          'q3 Q0 d3 1 6 page-rerank',
          'q3 Q0 d4 2 2 page-rerank',
          'q3 Q0 d1 3 0 page-rerank',
          'q3 Q0 d2 4 0 page-rerank\n',
        ].join('\n'),
      )
    })

    test.each([
      [
        'a cross-encoder',
        createOverlapReranker,
        'word-overlap is a cross-encoder and reads all 4 documents anew for each query (12 pairs in all)',
      ],
      [
        'too many documents',
        () => createReadingReranker([], 3),
        'there is memory for some 3 of its 4 documents; the others are read anew for each query (12 pairs in all)',
      ],
    ])('says what %s costs', async (_, create, sentence) => {
      const dir = await folder('animals', collection)
      const { code, stdout, stderr } = await run(['eval', dir, '--pool', 'all', '--json'], { createReranker: async () => create() })
      expect(code).toBe(0)
      expect(JSON.parse(stdout).sets[0].pairs).toBe(12)
      expect(stderr).toBe(`page-rerank: animals: ${sentence}. --pool 50 reranks a first stage's candidates.\n`)
    })
  })

  test('finds its own candidates by BM25, and reads qrels/test.tsv without a header', async () => {
    const dir = await folder('animals', { ...without('qrels.tsv'), 'qrels/test.tsv': 'q1\td1\t1\nq2\td2\t1\nq3\td3\t1\n' })
    const { stdout } = await run(['eval', dir, '--json'])
    const { firstStage, sets } = JSON.parse(stdout)
    expect(firstStage).toBe('bm25')
    expect(sets[0].base).toEqual({ ndcg10: 1, mrr10: 1, recall10: 1, recallPool: 1 })
    // d4 shares no word with any query.
    expect(sets[0].perQuery.map(({ pairs }: { pairs: number }) => pairs)).toEqual([2, 2, 1])
  })

  test('scores title, line end and text', async () => {
    const dir = await folder('animals', collection)
    const texts: string[] = []
    await run(['eval', dir, '--candidates', 'candidates.jsonl', '--limit', '1'], {
      createReranker: async () => {
        const reranker = createOverlapReranker()
        const rerank = reranker.rerank.bind(reranker)
        reranker.rerank = (query, documents, options) => {
          texts.push(...documents.map((document, index) => options?.text?.(document, index) ?? ''))
          return rerank(query, documents, options)
        }
        return reranker
      },
    })
    expect(texts).toEqual(['nothing at all', 'a red hen', 'Red fox\njumps'])
  })

  test('--run writes a TREC run, one file a folder', async () => {
    const dirs = [await folder('animals', collection), await folder('zoo', collection)]
    const args = (...folders: string[]) => [
      'eval',
      ...folders,
      '--candidates',
      'candidates.jsonl',
      '--limit',
      '2',
      '--run',
      join(root, 'out.run'),
    ]
    expect((await run(args(dirs[0] as string))).code).toBe(0)
    expect(await readFile(join(root, 'out.run'), 'utf8')).toBe(
      'q1 Q0 d1 1 3 page-rerank\nq1 Q0 d2 2 1 page-rerank\nq1 Q0 d4 3 0 page-rerank\n' +
        'q2 Q0 d2 1 3 page-rerank\nq2 Q0 d1 2 1 page-rerank\n',
    )
    expect((await run(args(...dirs))).code).toBe(0)
    expect((await readdir(root)).filter((name) => name.endsWith('.run')).sort()).toEqual(['out-animals.run', 'out-zoo.run', 'out.run'])
  })

  test('a judged query without candidates counts as a miss', async () => {
    const dir = await folder('animals', { ...collection, 'candidates.jsonl': jsonLines([{ qid: 'q3', docs: ['d3'] }]) })
    const { stdout } = await run(['eval', dir, '--candidates', 'candidates.jsonl', '--json'])
    const [set] = JSON.parse(stdout).sets
    expect(set.queries).toBe(3)
    expect(set.reranked.ndcg10).toBeCloseTo(1 / 3, 12)
  })

  test('a document named twice counts once, and ids may be numbers', async () => {
    const dir = await folder('numbers', {
      'corpus.jsonl': jsonLines([
        { _id: 7, text: 'cat' },
        { _id: 8, text: 'dog' },
      ]),
      'queries.jsonl': jsonLines([{ _id: 1, text: 'cat' }]),
      'qrels.tsv': '1\t7\t1\n',
      'candidates.jsonl': jsonLines([{ qid: 1, docs: [8, 7, 7] }]),
    })
    const { stdout } = await run(['eval', dir, '--candidates', 'candidates.jsonl', '--json'])
    const [set] = JSON.parse(stdout).sets
    expect(set).toMatchObject({ pairs: 2, reranked: { ndcg10: 1, recallPool: 1 } })
  })

  test('judged documents that the corpus lacks are said and count as not found', async () => {
    const dir = await folder('animals', { ...collection, 'qrels.tsv': 'q1\td1\t1\nq1\td9\t1\n' })
    const { code, stdout, stderr } = await run(['eval', dir, '--candidates', 'candidates.jsonl', '--json'])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'page-rerank: animals: 1 judged documents are not in the corpus; they count as not found.\n',
    })
    expect(JSON.parse(stdout).sets[0].base.recall10).toBe(0.5)
  })

  test('--sample draws the same queries for the same seed', async () => {
    const dir = await folder('animals', collection)
    const ids = async (seed: string) => {
      const { stdout } = await run(['eval', dir, '--candidates', 'candidates.jsonl', '--sample', '2', '--seed', seed, '--json'])
      return JSON.parse(stdout).sets[0].perQuery.map(({ id }: { id: string }) => id)
    }
    const first = await ids('3')
    expect(first).toHaveLength(2)
    expect(await ids('3')).toEqual(first)
    const many = await Promise.all(['1', '2', '4', '5', '6', '7'].map(ids))
    expect(new Set(many.map(String)).size).toBeGreaterThan(1)
  })

  test('--progress tells how far it is', async () => {
    const dir = await folder('animals', collection)
    const { stderr } = await run(['eval', dir, '--candidates', 'candidates.jsonl', '--progress'])
    expect(stderr).toMatch(/^Reading animals$/m)
  })

  test('a terminal shows queries done, speed and time left', async () => {
    const dir = await folder('animals', collection)
    vi.useFakeTimers({ toFake: ['performance'] })
    const { stderr } = await run(['eval', dir, '--candidates', 'candidates.jsonl'], {
      columns: 100,
      createReranker: async () => {
        const reranker = createOverlapReranker()
        const rerank = reranker.rerank.bind(reranker)
        reranker.rerank = async (...call) => {
          // Longer than the time between two updates.
          vi.advanceTimersByTime(120)
          return rerank(...call)
        }
        return reranker
      },
    })
    vi.useRealTimers()
    // Five of seven pairs in 240 ms.
    expect(stderr.split('\r\x1b[K')).toContain('animals: 2 of 3 queries, 21 pairs/s, 1 s left')
  })

  test('Ctrl-C between queries ends with 130', async () => {
    const dir = await folder('animals', collection)
    const interrupt = new AbortController()
    const { code, stdout, stderr } = await run(['eval', dir, '--candidates', 'candidates.jsonl'], {
      signal: interrupt.signal,
      createReranker: async () => {
        const reranker = createOverlapReranker()
        const rerank = reranker.rerank.bind(reranker)
        reranker.rerank = (...call) => {
          const results = rerank(...call)
          interrupt.abort()
          return results
        }
        return reranker
      },
    })
    expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: '', stderr: '' })
  })

  describe('refuses', () => {
    const candidates = ['--candidates', 'candidates.jsonl']
    const cases: [string, Files, string[], string][] = [
      ['a folder without judgements', without('qrels.tsv'), [], 'DIR has no qrels.tsv or qrels/test.tsv.'],
      ['judgements without a line', { ...collection, 'qrels.tsv': 'query-id\tcorpus-id\tscore\n' }, [], 'DIR/qrels.tsv judges no query.'],
      [
        'a judgement of two columns',
        { ...collection, 'qrels.tsv': 'q1\td1\t1\nq1\td2\n' },
        [],
        'Line 2 of DIR/qrels.tsv is not query id, document id and grade, separated by tabs.',
      ],
      ['a folder without a corpus', without('corpus.jsonl'), [], 'Cannot read DIR/corpus.jsonl: there is no such file.'],
      ['an empty corpus', { ...collection, 'corpus.jsonl': '\n' }, [], 'DIR/corpus.jsonl holds no document.'],
      [
        'a corpus line that is not JSON',
        { ...collection, 'corpus.jsonl': '{"_id":"d1","text":"x"}\n{"_id":\n' },
        [],
        'Line 2 of DIR/corpus.jsonl is not a JSON object with an _id.',
      ],
      [
        'a document without text',
        { ...collection, 'corpus.jsonl': '{"_id":"d1"}\n' },
        [],
        'Line 1 of DIR/corpus.jsonl holds the document d1 without a text.',
      ],
      [
        'a judged query that is missing',
        { ...collection, 'qrels.tsv': 'q9\td1\t1\n' },
        [],
        'The judged query q9 is not in DIR/queries.jsonl.',
      ],
      [
        'a query without text',
        { ...collection, 'queries.jsonl': '{"_id":"q1","text":" "}\n' },
        [],
        'Line 1 of DIR/queries.jsonl holds the query q1 without a text.',
      ],
      ['candidates that are missing', without('candidates.jsonl'), candidates, 'Cannot read DIR/candidates.jsonl: there is no such file.'],
      [
        'candidates of another form',
        { ...collection, 'candidates.jsonl': '{"qid":"q1","docs":"d1"}\n' },
        candidates,
        'Line 1 of DIR/candidates.jsonl is not {"qid": …, "docs": [document ids]}.',
      ],
      [
        'a candidate that the corpus lacks',
        { ...collection, 'candidates.jsonl': '{"qid":"q1","docs":["d9"]}\n' },
        candidates,
        'The candidate d9 is not in DIR/corpus.jsonl.',
      ],
      [
        'candidates of other queries',
        { ...collection, 'candidates.jsonl': '{"qid":"q9","docs":["d1"]}\n' },
        candidates,
        'DIR/candidates.jsonl has candidates for none of the queries of DIR.',
      ],
      [
        'a document that is there twice',
        { ...collection, 'corpus.jsonl': `${collection['corpus.jsonl']}{"_id":"d1","text":"other"}\n` },
        [],
        'Line 5 of DIR/corpus.jsonl holds the document d1 a second time.',
      ],
      [
        'a query that is there twice',
        { ...collection, 'queries.jsonl': `${collection['queries.jsonl']}{"_id":"q1","text":"other"}\n` },
        [],
        'Line 5 of DIR/queries.jsonl holds the query q1 a second time.',
      ],
      [
        'candidates that are there twice',
        { ...collection, 'candidates.jsonl': `${collection['candidates.jsonl']}{"qid":"q1","docs":["d4"]}\n` },
        candidates,
        'Line 4 of DIR/candidates.jsonl holds the candidates of q1 a second time.',
      ],
      [
        'two grades for one document',
        { ...collection, 'qrels.tsv': 'q1\td1\t1\nq1\td1\t0\n' },
        [],
        'Line 2 of DIR/qrels.tsv gives d1 the grade 0 for q1, which has been 1.',
      ],
      [
        'a grade that is no number',
        { ...collection, 'qrels.tsv': 'q1\td1\t1\nq1\td2\tInfinity\n' },
        [],
        'Line 2 of DIR/qrels.tsv is not query id, document id and grade, separated by tabs.',
      ],
      [
        'judgements of other documents',
        { ...collection, 'qrels.tsv': 'q1\tdoc1\t1\n' },
        [],
        'None of the documents that are judged is in DIR/corpus.jsonl.',
      ],
      ['--seed without --sample', collection, ['--seed', '3'], '--seed is the seed of --sample; give both.'],
      ['--limit with --sample', collection, ['--limit', '1', '--sample', '1'], '--limit and --sample exclude each other; use one.'],
      [
        'a run file in no folder',
        collection,
        ['--run', '/no/such/folder/out.run'],
        'Cannot write /no/such/folder/out.run: the folder /no/such/folder is missing or may not be written to.',
      ],
      ['a run file that is a folder', collection, ['--run', tmpdir()], `Cannot write ${tmpdir()}: it is a folder.`],
    ]
    test.each(cases)('%s', async (_, files, options, sentence) => {
      const dir = await folder('set', files)
      const { code, stdout, stderr, created } = await run(['eval', dir, ...options])
      expect({ code, stdout, created }).toEqual({ code: 1, stdout: '', created: [] })
      expect(stderr.replaceAll(dir, 'DIR')).toBe(`page-rerank: ${sentence}\n`)
    })

    test('a folder that is named twice', async () => {
      const dir = await folder('set', collection)
      const { code, stderr } = await run(['eval', dir, `${dir}/`])
      expect({ code, stderr }).toEqual({ code: 1, stderr: `page-rerank: The folder ${dir}/ is named twice.\n` })
    })

    test('no folder', async () => {
      expect((await run(['eval'])).stderr).toBe('page-rerank: There is no folder; the usage is: page-rerank eval DIR... [options].\n')
    })
  })
})

test('words are letters and digits; scripts without spaces give pairs of characters', () => {
  expect(tokenize("Don't re-rank naïve №5!")).toEqual(['Don', 't', 're', 'rank', 'naïve', '5'])
  expect(tokenize('黑豹队 defense')).toEqual(['黑豹', '豹队', 'defense'])
  expect(tokenize('豹')).toEqual(['豹'])
  expect(tokenize(' … ')).toEqual([])
})

test('a sample keeps the order, never repeats and is every item when it is large', () => {
  const items = Array.from({ length: 100 }, (_, i) => i)
  const drawn = sample(items, 30, 42)
  expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b))
  expect(drawn).toHaveLength(30)
  expect(sample(items, 1000, 42)).toEqual(items)
})
