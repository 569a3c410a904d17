import { readFileSync } from 'node:fs'
import { createVectorizer as createInBuild } from 'page-rerank/node'
import { describe, expect, test } from 'vitest'
import { rerankingModel } from '../../src/adapters/ai-sdk.js'
import { documentCompressor } from '../../src/adapters/langchain.js'
import { relevanceScoreProvider } from '../../src/adapters/mastra.js'
import { rerankAdapter } from '../../src/adapters/tanstack-ai.js'
import { rerankedClient } from '../../src/algolia/index.js'
import { createCascade } from '../../src/cascade/index.js'
import { PageRerankSearch } from '../../src/component/element.js'
import { DocumentReranker } from '../../src/core/document-reranker.js'
import { createReranker as createInPage } from '../../src/index.js'
import { LiveSearch } from '../../src/live/live-search.js'
import { buildIndex, createReranker as createInNode, createVectorizer, pullModel } from '../../src/node/index.js'
import { createFallbackReranker, createRemoteReranker } from '../../src/remote/index.js'
import { createSearch } from '../../src/search/index.js'
import { pageRerank } from '../../src/vitepress/index.js'
import { fakeEngine } from '../support/fake-worker.js'

const WRONG = 'noSuchOptionAnywhere'
const wrong = { [WRONG]: true } as never
const reranker = new DocumentReranker(fakeEngine())

/** The options that a function says it has. */
async function optionsOf(call: () => Promise<unknown>): Promise<string[]> {
  const { message } = await call().then(
    () => expect.fail('it took an option that does not exist'),
    (error) => error,
  )
  const [, names] = /has no option noSuchOptionAnywhere\. Its options are: (.+)\.$/.exec(message) ?? []
  return names?.split(', ') ?? expect.fail(message)
}

/** What the hooks do. */
async function useSearch(): Promise<void> {
  const search = new LiveSearch('query', wrong)
  search.start(() => undefined)
  if (search.state.error) throw search.state.error
}

async function optionsOfVectorizer(): Promise<string[]> {
  const vectorizer = await createInBuild({ model: 'test/reference/late-bert' })
  try {
    const ofDocuments = await optionsOf(async () => vectorizer.documents([], wrong).next())
    return [...ofDocuments, ...(await optionsOf(() => vectorizer.query('query', wrong)))]
  } finally {
    await vectorizer.dispose()
  }
}

/** The page in each language, and the words at which a part of it begins. */
const pages = [
  ['docs/options.md', { inPage: 'In a page only:', attributes: 'Attributes:', inNode: '## In Node: ' }],
  ['docs/zh/options.md', { inPage: '只在网页里：', attributes: 'HTML 属性（attribute）：', inNode: '## Node：' }],
] as const

/** It has a row for every option that there is, and for none that there is not. */
describe.each(pages)('%s', (page, { inPage, attributes, inNode }) => {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8')

  /** What stands in the first column of the tables from here to the next heading, or to the next such line. */
  function rowsOf(start: string): string[] {
    const [, after] = text.split(`\n${start}`)
    const part = after?.split(new RegExp(`\n(?=## |${inPage}|${attributes}|\`prepare\\(\\{)`))[0] ?? expect.fail(`${start} is not there`)
    return [...part.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name as string)
  }

  const shared = rowsOf('## createReranker')
  const withStates = async (call: () => Promise<unknown>) => [
    ...(await optionsOf(call)),
    ...(await optionsOf(() => createInNode({ states: wrong }))).map((name) => `states.${name}`),
  ]
  const ofModels = shared.filter((name) => !name.startsWith('states'))
  const ofSearch = ['text', 'topN', 'minScore', 'maxLength', 'longDocuments', 'onMismatch', 'explain', 'budgetMs']
  const inSearch = [...ofSearch, ...rowsOf('## createSearch')].filter((name) => name !== 'onUpdate')
  const ofAdapters = ['minScore', 'maxLength', 'longDocuments', 'onMismatch', 'firstStageWeight', 'budgetMs']
  const ofPull = ['dtype', 'modelFile', 'revision', 'host', 'onProgress', 'signal']

  test.each([
    ['createReranker in a page', () => withStates(() => createInPage(wrong)), [...shared, ...rowsOf(inPage)]],
    ['createReranker in Node', () => withStates(() => createInNode(wrong)), shared],
    ['rerank', () => optionsOf(() => reranker.rerank('query', ['text'], wrong)), rowsOf('## rerank')],
    ['computeScore', () => optionsOf(() => reranker.computeScore([], wrong)), rowsOf('## computeScore')],
    ['createSearch', () => optionsOf(async () => createSearch(wrong)), [...ofSearch, ...rowsOf('## createSearch')]],
    ['useSearch', () => optionsOf(useSearch), [...new Set([...inSearch, ...rowsOf('## useSearch')])]],
    [
      '<page-rerank-search>',
      async () =>
        Object.entries(Object.getOwnPropertyDescriptors(PageRerankSearch.prototype)).flatMap(([name, { set }]) => (set ? name : [])),
      rowsOf('## `<page-rerank-search>`'),
    ],
    ['its attributes', async () => [...PageRerankSearch.observedAttributes], rowsOf(attributes)],
    [
      'rerankedClient',
      () => optionsOf(async () => rerankedClient({ search: () => undefined }, wrong)),
      ['maxLength', 'longDocuments', 'onMismatch', 'firstStageWeight', 'budgetMs', ...rowsOf('## rerankedClient')],
    ],
    ['createCascade', () => optionsOf(async () => createCascade(wrong)), rowsOf('## createCascade')],
    ['rerankingModel', () => optionsOf(async () => rerankingModel(reranker, wrong)), [...ofAdapters, ...rowsOf('## rerankingModel')]],
    [
      'documentCompressor',
      () => optionsOf(async () => documentCompressor(reranker, wrong)),
      [...ofAdapters, ...rowsOf('## documentCompressor')],
    ],
    ['rerankAdapter', () => optionsOf(async () => rerankAdapter(reranker, wrong)), [...ofAdapters, ...rowsOf('## rerankAdapter')]],
    ['relevanceScoreProvider', () => optionsOf(async () => relevanceScoreProvider(reranker, wrong)), rowsOf('## relevanceScoreProvider')],
    ['createRemoteReranker', () => optionsOf(async () => createRemoteReranker(wrong)), rowsOf('## createRemoteReranker')],
    ['createFallbackReranker', () => optionsOf(() => createFallbackReranker([() => reranker], wrong)), rowsOf('## createFallbackReranker')],
    ['prepare', () => optionsOf(() => reranker.prepare([], wrong)), rowsOf('## prepare')],
    [
      'prepare with an index',
      async () => ['index', ...(await optionsOf(() => reranker.prepare({ index: '/docs.index' }, wrong)))],
      rowsOf('`prepare({ index })`'),
    ],
    ['buildIndex', () => optionsOf(() => buildIndex([], wrong)), [...ofModels, ...rowsOf(`${inNode}buildIndex`)]],
    ['createVectorizer', () => optionsOf(() => createVectorizer(wrong)), ofModels],
    ['a vectorizer', optionsOfVectorizer, rowsOf(`${inNode}createVectorizer`)],
    ['pageRerank', () => optionsOf(async () => pageRerank(wrong)), rowsOf('## pageRerank')],
    ['pullModel', () => optionsOf(() => pullModel('owner/name', wrong)), [...ofPull, ...rowsOf(`${inNode}pullModel`)]],
  ])('%s', async (_, options, rows) => {
    expect(rows.toSorted()).toEqual((await options()).toSorted())
  })
})
