// @ts-check
import uFuzzy from '@leeoniya/ufuzzy'
import { createSearch } from 'page-rerank/search'

/** uFuzzy, which searches strings and answers with places.
 *
 * @type {import('./example.js').Example} */
export function searchWithUFuzzy({ documents, reranker, onUpdate }) {
  const finder = new uFuzzy({ intraMode: 1 })
  const texts = documents.map(({ title, body }) => `${title}\n${body}`)
  return createSearch({
    reranker,
    documents,
    text: ({ title, body }) => `${title}\n${body}`,
    firstStage(query) {
      const [places, info, order] = finder.search(texts, query, 1)
      // Of very many it gives no order.
      const sorted = order && info ? order.map((at) => info.idx[at]) : (places ?? [])
      return sorted.flatMap((at) => (at === undefined ? [] : (documents[at] ?? [])))
    },
    onUpdate,
  })
}
