// @ts-check
import { create, insertMultiple, search } from '@orama/orama'
import { createSearch } from 'page-rerank/search'

/** Orama, whose calls may be asynchronous.
 *
 * @type {import('./example.js').Example} */
export function searchWithOrama({ documents, reranker, onUpdate }) {
  const database = create({ schema: { id: 'string', title: 'string', body: 'string' } })
  const filled = insertMultiple(database, [...documents])
  const byId = new Map(documents.map((one) => [one.id, one]))
  return createSearch({
    reranker,
    documents,
    text: ({ title, body }) => `${title}\n${body}`,
    async firstStage(query) {
      await filled
      const { hits } = await search(database, { term: query, limit: 100 })
      return hits.flatMap(({ id }) => byId.get(id) ?? [])
    },
    onUpdate,
  })
}
