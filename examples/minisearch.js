// @ts-check
import MiniSearch from 'minisearch'
import { createSearch } from 'page-rerank/search'

/** MiniSearch, as in VitePress.
 *
 * @type {import('./example.js').Example} */
export function searchWithMiniSearch({ documents, reranker, onUpdate }) {
  const index = new MiniSearch({ fields: ['title', 'body'] })
  index.addAll(documents)
  const byId = new Map(documents.map((one) => [one.id, one]))
  return createSearch({
    reranker,
    documents,
    text: ({ title, body }) => `${title}\n${body}`,
    firstStage: (query) => index.search(query, { prefix: true, fuzzy: 0.2 }).flatMap(({ id }) => byId.get(id) ?? []),
    onUpdate,
  })
}
