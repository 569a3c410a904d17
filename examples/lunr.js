// @ts-check
import lunr from 'lunr'
import { createSearch } from 'page-rerank/search'

/** Lunr. By `query`, not by `search`: that has a syntax of its own, and throws at a colon that a reader typed.
 *
 * @type {import('./example.js').Example} */
export function searchWithLunr({ documents, reranker, onUpdate }) {
  const index = lunr(function () {
    this.ref('id')
    this.field('title', { boost: 2 })
    this.field('body')
    for (const document of documents) this.add(document)
  })
  const byId = new Map(documents.map((one) => [one.id, one]))
  return createSearch({
    reranker,
    documents,
    text: ({ title, body }) => `${title}\n${body}`,
    firstStage: (text) => index.query((query) => query.term(lunr.tokenizer(text), {})).flatMap(({ ref }) => byId.get(ref) ?? []),
    onUpdate,
  })
}
