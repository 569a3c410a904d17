import { liteClient } from 'algoliasearch/lite'
import instantsearch from 'instantsearch.js'
import { configure, hits, pagination, refinementList, searchBox } from 'instantsearch.js/es/widgets/index.js'
import type { Reranker } from 'page-rerank'
import { rerankedClient } from 'page-rerank/algolia'

declare global {
  var algoliaOrigin: string
}

interface Page {
  objectID: string
  title: string
  content: string
  [name: string]: unknown
}

/** What templates are given. */
interface Components {
  components: { Highlight: (props: { hit: Page; attribute: string }) => string }
}

/** What is about wake locks first. */
const reranker = {
  info: {},
  rerank: async (_: string, documents: readonly Page[], { text }: { text: (page: Page) => string }) => {
    const isIt = (page: Page) => Number(/wake/i.test(text(page)))
    return { results: [...documents].sort((one, other) => isIt(other) - isIt(one)).map((document) => ({ document })) }
  },
} as unknown as Reranker

const client = liteClient('APP', 'KEY', { hosts: [{ url: globalThis.algoliaOrigin, protocol: 'http', accept: 'readWrite' }] as never })
const searchClient = rerankedClient(client, { reranker, text: ({ title, content }: Page) => `${title}\n${content}` })

for (const id of ['box', 'hits', 'pages', 'kinds']) {
  const element = document.createElement('div')
  element.id = id
  document.body.append(element)
}
const search = instantsearch({ indexName: 'docs', searchClient })
search.addWidgets([
  configure({ hitsPerPage: 8 }),
  searchBox({ container: '#box' }),
  hits({
    container: '#hits',
    templates: { item: (hit: Page, { components }: Components) => components.Highlight({ hit, attribute: 'title' }) },
  }),
  pagination({ container: '#pages' }),
  refinementList({ container: '#kinds', attribute: 'kind', operator: 'or' }),
])
search.start()
