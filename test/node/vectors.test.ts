import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildIndex, createReranker, createVectorizer, type DocumentPoint, type LocalReranker, type Vectorizer } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonLines, run } from './run.js'

const SENTENCES = [
  'git revert makes a new commit that takes back an older one.',
  'git reset --soft HEAD~1 undoes the last commit and keeps your changes staged.',
  'To list past commits, use git log --oneline.',
  'Bananas are rich in potassium and keep for a week at room temperature.',
  'A wake lock keeps the screen on while a page is visible.',
  'Snow fell on the pass, and the road to the village stayed closed until noon.',
]
/** From a few tokens to more than the model reads, with what answers at another place each time. */
const TEXTS = [
  ...SENTENCES,
  ...SENTENCES.map((_, i) => [...SENTENCES.slice(i), ...SENTENCES.slice(0, i)].join(' ')),
  `${SENTENCES[5]} `.repeat(5) + SENTENCES[1],
  `${SENTENCES[4]} ${`${SENTENCES[3]} `.repeat(20)}`,
]
const QUERIES = ['how do I undo the last commit', 'screen']

/** What an engine computes. */
function maxSim(query: readonly number[][], vectors: readonly number[][]): number {
  const dot = (a: readonly number[], b: readonly number[]) => {
    let sum = 0
    for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
    return sum
  }
  return query.reduce((sum, one) => sum + Math.max(...vectors.map((vector) => dot(one, vector))), 0)
}

/** A document's score is that of its best point. */
function scoresOf(query: readonly number[][], points: readonly DocumentPoint[]): number[] {
  const scores: number[] = []
  for (const { document, vectors } of points)
    scores[document] = Math.max(scores[document] ?? Number.NEGATIVE_INFINITY, maxSim(query, vectors))
  return scores
}

async function pointsOf(points: AsyncIterable<DocumentPoint>): Promise<DocumentPoint[]> {
  const all: DocumentPoint[] = []
  for await (const point of points) all.push(point)
  return all
}

async function logitsOf(reranker: LocalReranker, query: string, longDocuments?: 'chunk'): Promise<number[]> {
  const { results } = await reranker.rerank(query, TEXTS, {
    firstStageWeight: 0,
    onMismatch: 'ignore',
    ...(longDocuments && { longDocuments }),
  })
  return results.toSorted((a, b) => a.index - b.index).map(({ logit }) => logit as number)
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-vectors-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe.each([
  ['the bundled model', {}],
  ['a ColBERT model, whose embeddings are kept exactly', { model: 'test/reference/colbert-bert' }],
])('%s', (_, model) => {
  let reranker: LocalReranker
  let vectorizer: Vectorizer
  beforeAll(async () => {
    reranker = await createReranker(model)
    vectorizer = await createVectorizer(model)
  })
  afterAll(() => Promise.all([reranker.dispose(), vectorizer.dispose()]))

  test.each([undefined, 'chunk'] as const)('MaxSim comes to the logit of rerank, and so to its order (%s)', async (longDocuments) => {
    const points = await pointsOf(vectorizer.documents(TEXTS, { ...(longDocuments && { longDocuments }) }))
    for (const { vectors } of points) {
      for (const vector of vectors) expect(vector).toHaveLength(vectorizer.info.dimensions)
    }
    for (const query of QUERIES) {
      const logits = await logitsOf(reranker, query, longDocuments)
      const scores = scoresOf(await vectorizer.query(query), points)
      for (const [i, score] of scores.entries()) expect(Math.abs(score - (logits[i] as number))).toBeLessThan(1e-5)
      const order = (values: number[]) => [...values.keys()].sort((a, b) => (values[b] as number) - (values[a] as number))
      expect(order(scores)).toEqual(order(logits))
    }
  })
})

describe('the bundled model', () => {
  let vectorizer: Vectorizer
  beforeAll(async () => {
    vectorizer = await createVectorizer()
  })
  afterAll(() => vectorizer.dispose())

  test('one point a text, if that is asked for: right up to 48 tokens, never too low', async () => {
    const points = await pointsOf(vectorizer.documents(TEXTS, { everyWindow: false }))
    expect(points.map(({ document, part }) => [document, part])).toEqual(TEXTS.map((_, i) => [i, 0]))
    const every = await pointsOf(vectorizer.documents(TEXTS))
    expect(every.length).toBeGreaterThan(points.length)
    const query = await vectorizer.query(QUERIES[0] as string)
    const exact = scoresOf(query, every)
    for (const [i, score] of scoresOf(query, points).entries()) {
      if ((points[i] as DocumentPoint).vectors.length <= 49) expect(score).toBe(exact[i])
      else expect(score).toBeGreaterThanOrEqual(exact[i] as number)
    }
  })

  test('passages say where they are', async () => {
    const long = `${SENTENCES[3]} `.repeat(40)
    const points = await pointsOf(vectorizer.documents([long], { longDocuments: 'chunk', everyWindow: false }))
    expect(points.length).toBeGreaterThan(1)
    expect(points[0]?.passage?.start).toBe(0)
    expect(points.every(({ passage }) => passage && passage.start < passage.end)).toBe(true)
  })

  test('a text that comes twice has its points twice', async () => {
    const [first, second, third] = await pointsOf(vectorizer.documents([SENTENCES[0], SENTENCES[1], SENTENCES[0]] as string[]))
    expect(third).toEqual({ ...first, document: 2 })
    expect(second?.vectors).not.toEqual(first?.vectors)
  })

  test('what is passed is read at once', async () => {
    const texts = SENTENCES.slice(0, 3)
    const points = vectorizer.documents(texts)
    texts.length = 1
    expect((await pointsOf(points)).map(({ document }) => document)).toEqual([0, 1, 2])
    expect(() => vectorizer.documents([5] as never)).toThrow(expect.objectContaining({ code: 'invalid-input' }))
  })

  test('an aborted reading ends, and so does one of wrong options', async () => {
    const abort = new AbortController()
    const points = vectorizer.documents(TEXTS, { signal: abort.signal })
    await points.next()
    abort.abort()
    await expect(pointsOf(points)).rejects.toMatchObject({ name: 'AbortError' })
    await expect(vectorizer.query('')).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(vectorizer.documents(TEXTS, { index: 'no.index' }).next()).rejects.toMatchObject({
      code: 'invalid-option',
      option: 'index',
    })
  })
})

test('a cross-encoder has no vectors', async () => {
  await expect(createVectorizer({ model: 'test/reference/bert' })).rejects.toMatchObject({
    code: 'invalid-option',
    option: 'model',
    message: expect.stringMatching(/cross-encoder/),
  })
})

describe('page-rerank vectors', () => {
  const LATE = ['--model', 'test/reference/late-bert']

  test('writes points as lines of JSON, of an index without reading, and prints a query', async () => {
    const input = join(folder, 'texts.jsonl')
    const out = join(folder, 'texts.vectors.jsonl')
    const index = join(folder, 'texts.index')
    await writeFile(input, jsonLines(SENTENCES.map((text) => ({ text }))))
    const { code, stdout, stderr } = await run(['vectors', input, '--out', out, ...LATE, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = (await readFile(out, 'utf8')).trim().split('\n')
    const points: DocumentPoint[] = lines.map((line) => JSON.parse(line))
    expect(JSON.parse(stdout)).toMatchObject({ out, documents: 6, points: points.length, model: 'late-bert' })
    expect(points.map(({ document }) => document)).toEqual([0, 1, 2, 3, 4, 5])

    await buildIndex(SENTENCES, { out: index, model: 'test/reference/late-bert' })
    const before = await readFile(out)
    expect(await run(['vectors', input, '--out', out, '--index', index, ...LATE])).toMatchObject({ code: 0, stderr: '' })
    expect(await readFile(out)).toEqual(before)

    const asked = await run(['vectors', '--query', 'the screen', ...LATE])
    const { vectors } = JSON.parse(asked.stdout)
    expect(vectors[0]).toHaveLength((points[0] as DocumentPoint).vectors[0]?.length as number)
  })

  test.each([
    [['vectors', 'texts.txt'], /--out is missing/],
    [['vectors', '--query', 'x', '--out', 'y'], /--query reads no documents/],
    [['vectors', 'package.json', '--out', 'package.json'], /are one file/],
    [['vectors', 'README.md', '--out', 'package.json'], /there is a file of that name that is no file of vectors/],
  ])('%j is refused', async (argv, message) => {
    expect(await run(argv)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) })
  })
})
