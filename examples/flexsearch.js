// @ts-check
import { Document } from 'flexsearch'
import { createSearch } from 'page-rerank/search'

/** FlexSearch. It finds documents that have every word; `suggest` lets some be missing, and the model sorts them.
 *
 * @type {import('./example.js').Example} */
export function searchWithFlexSearch({ documents, reranker, onUpdate }) {
  const index = new Document({ tokenize: 'forward', document: { id: 'id', index: ['title', 'body'] } })
  for (const { id, title, body } of documents) index.add({ id, title, body })
  const byId = new Map(documents.map((one) => [one.id, one]))
  return createSearch({
    reranker,
    documents,
    text: ({ title, body }) => `${title}\n${body}`,
    firstStage: (query) => index.search(query, { merge: true, suggest: true, limit: 100 }).flatMap(({ id }) => byId.get(String(id)) ?? []),
    onUpdate,
  })
}
