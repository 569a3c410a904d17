// @ts-check
import Fuse from 'fuse.js'
import { createSearch } from 'page-rerank/search'

/** Fuse.js. Its scores run the other way, 0 is best; its order is the right one already.
 *
 * @type {import('./example.js').Example} */
export function searchWithFuse({ documents, reranker, onUpdate }) {
  const fuse = new Fuse(documents, { keys: ['title', 'body'], ignoreLocation: true, threshold: 0.4 })
  return createSearch({
    reranker,
    documents,
    text: ({ title, body }) => `${title}\n${body}`,
    firstStage: (query) => fuse.search(query, { limit: 100 }).map(({ item }) => item),
    onUpdate,
  })
}
