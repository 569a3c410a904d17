import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DOCUMENTS, query } from '../../examples/engines/documents.js'
import type { LocalReranker } from '../../src/types.js'
import { execute } from '../package/installed-app.js'
import { type FakeEngine, fakeElasticsearch, fakeMeilisearch, fakeQdrant, fakeTypesense, fakeVespa } from '../support/fake-engines.js'
import { listen, type RerankServer, readJson, sendJson } from '../support/tei-server.js'

/** The examples of examples/engines as they are run by hand, each against a server that answers as the engine does. */
const KEY = 'secret'
const ENGINES = {
  elasticsearch: { start: fakeElasticsearch, url: 'ELASTICSEARCH_URL', key: 'ELASTICSEARCH_AUTHORIZATION', value: `ApiKey ${KEY}` },
  typesense: { start: fakeTypesense, url: 'TYPESENSE_URL', key: 'TYPESENSE_KEY', value: KEY },
  meilisearch: { start: fakeMeilisearch, url: 'MEILISEARCH_URL', key: 'MEILISEARCH_KEY', value: KEY },
  qdrant: { start: fakeQdrant, url: 'QDRANT_URL', key: 'QDRANT_KEY', value: KEY },
} as const
type Name = keyof typeof ENGINES

const engines = {} as Record<Name, FakeEngine>
let reranker: LocalReranker
beforeAll(async () => {
  reranker = await createReranker()
  for (const name of Object.keys(ENGINES) as Name[]) engines[name] = await ENGINES[name].start(KEY)
})
afterAll(async () => {
  await reranker?.dispose()
  for (const engine of Object.values(engines)) await engine.close()
})

function run(name: Name, env: Record<string, string> = {}) {
  const { url, key, value } = ENGINES[name]
  return execute(process.execPath, [`examples/engines/${name}.js`], { env: { [url]: engines[name].url, [key]: value, ...env } })
}

/** What is printed below a heading. */
function listBelow(heading: string, stdout: string): string[] {
  const [, list] = stdout.split(new RegExp(`${heading}.*:\n`))
  return (
    (list ?? '')
      .split('\n\n')[0]
      ?.split('\n')
      .map((line) => line.trim()) ?? []
  )
}

describe.each(Object.keys(ENGINES) as Name[])('examples/engines/%s.js', (name) => {
  test('indexes, finds, and has the model’s order in the end', async () => {
    const { code, stdout, stderr } = await run(name)
    expect(code, stderr).toBe(0)
    const found = listBelow('The engine found', stdout)
    expect(found.length).toBeGreaterThan(4)
    // The fakes find the last one first; Qdrant's ranks.
    const titles = DOCUMENTS.map(({ title }) => title).filter((title) => found.includes(title))
    if (name !== 'qdrant') expect(found).toEqual(titles.toReversed())
    const documents = found.map((found) => DOCUMENTS.find(({ title }) => title === found) ?? expect.fail(found))
    const { results } = await reranker.rerank(query, documents, { text: ({ title, body }) => `${title}\n${body}` })
    const expected = results.map(({ score, document }) => `${score?.toFixed(3)}  ${document.title}`)
    expect(expected[0]).toMatch(/git reset$/)
    expect(listBelow('Reranked', stdout)).toEqual(expected)
    if (name === 'qdrant') expect([...listBelow('The engine alone', stdout)].sort()).toEqual([...expected].sort())
  })

  test('says what the engine said where it refuses', async () => {
    const { code, stderr } = await run(name, { [ENGINES[name].key]: 'wrong' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/Error: P(OS|U)T http:.+ answered 401: \{/)
  })
})

test.each([
  ['typesense', 'POST /collections'],
  ['qdrant', 'PUT /collections/page-rerank-example'],
] as const)('%s: an index from the last time is no mistake', async (name, create) => {
  while (engines[name].requests.filter((request) => request === create).length < 3) {
    const { code, stderr } = await run(name)
    expect(code, stderr).toBe(0)
  }
})

describe('a server as the second stage', () => {
  /** Answers to a query and how many documents: the last one is best. Sources: test/unit/remote/dialects.test.ts. */
  const SERVERS = {
    tei: { path: '/rerank', answer: (count: number) => ranks(count).map(({ index, relevance_score: score }) => ({ index, score })) },
    infinity: { path: '/rerank', answer: (count: number) => ({ object: 'rerank', results: ranks(count), model: 'm', usage: {} }) },
    vllm: { path: '/v1/rerank', answer: (count: number) => ({ id: 'rerank-1', model: 'm', usage: {}, results: ranks(count) }) },
    'llama.cpp': { path: '/v1/rerank', answer: (count: number) => ({ model: 'm', object: 'list', usage: {}, results: ranks(count) }) },
  }
  const ranks = (count: number) => Array.from({ length: count }, (_, index) => ({ index, relevance_score: index - 2 }))
  const asked: { url?: string; key?: string; model?: string }[] = []
  let server: RerankServer
  let flavour: keyof typeof SERVERS
  beforeAll(async () => {
    server = await listen(async (request, response) => {
      const body = (await readJson(request)) as { texts?: string[]; documents?: string[]; model?: string }
      asked.push({ url: request.url, key: request.headers.authorization, model: body.model })
      sendJson(response, 200, SERVERS[flavour].answer((body.texts ?? body.documents ?? []).length))
    })
  })
  afterAll(() => server?.close())

  test.each(Object.keys(SERVERS) as (keyof typeof SERVERS)[])('%s', async (name) => {
    flavour = name
    const env = { RERANK_URL: server.url, RERANK_FLAVOUR: flavour, RERANK_MODEL: 'm', RERANK_KEY: 'k' }
    const { code, stdout, stderr } = await run('elasticsearch', env)
    expect(code, stderr).toBe(0)
    const found = listBelow('The engine found', stdout)
    expect(listBelow('Reranked', stdout).map((line) => line.replace(/^\S+ +/, ''))).toEqual(found.toReversed())
    // TEI has one model and no field for its name.
    expect(asked.at(-1)).toEqual({ url: SERVERS[flavour].path, key: 'Bearer k', model: name === 'tei' ? undefined : 'm' })
  })
})

test('examples/vespa: what feed.js writes of page-rerank vectors is ranked as the model does, and fits the schema', async () => {
  const texts = DOCUMENTS.map(({ title, body }) => `${title}\n${body}`)
  const folder = mkdtempSync(join(tmpdir(), 'page-rerank-vespa-'))
  let vespa: FakeEngine | undefined
  const [input, out] = [join(folder, 'documents.jsonl'), join(folder, 'vectors.jsonl')]
  try {
    writeFileSync(input, texts.map((text) => JSON.stringify({ text })).join('\n'))
    expect(await execute(process.execPath, ['dist/cli.js', 'vectors', input, '--out', out])).toMatchObject({ code: 0 })
    const { stdout } = await execute(process.execPath, ['examples/vespa/feed.js'], { input: readFileSync(out, 'utf8') })
    const operations = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(operations[5].put).toBe('id:docs:point::5-0')
    const schema = readFileSync('examples/vespa/schemas/point.sd', 'utf8')
    expect(schema).toContain(`field first type tensor<float>(x[${operations[0].fields.first.values.length}])`)
    expect(schema).toContain(`field vectors type tensor<float>(token{}, x[${operations[0].fields.vectors.blocks[0].length}])`)

    vespa = await fakeVespa(operations)
    const answer = await execute(process.execPath, ['examples/vespa/query.js', query], { env: { VESPA_URL: vespa.url } })
    expect(answer.code, answer.stderr).toBe(0)
    const { results } = await reranker.rerank(query, texts, { firstStageWeight: 0 })
    const printed = answer.stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t').map(Number))
    expect(printed.map(([place]) => place)).toEqual(results.map(({ index }) => index))
    for (const [i, [, logit]] of printed.entries()) expect(logit).toBeCloseTo(results[i]?.logit as number, 4)
  } finally {
    await vespa?.close()
    rmSync(folder, { recursive: true })
  }
})
