// @ts-check
import { createSearch } from 'page-rerank/search'

/**
 * A search engine behind HTTP: here Meilisearch. A newer key press aborts the request of the one before. examples/engines has
 * the requests of others.
 *
 * @param {object} options
 * @param {string} options.url of the index, such as http://localhost:7700/indexes/docs
 * @param {string} options.key that may search
 * @param {import('page-rerank').Reranker | PromiseLike<import('page-rerank').Reranker>} options.reranker
 * @param {(update: import('page-rerank/search').SearchUpdate<import('./example.js').Entry>) => void} options.onUpdate
 */
export function searchWithMeilisearch({ url, key, reranker, onUpdate }) {
  return createSearch({
    reranker,
    text: ({ title, body }) => `${title}\n${body}`,
    async firstStage(query, { signal }) {
      const response = await fetch(`${url}/search`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ q: query, limit: 100, matchingStrategy: 'frequency' }),
        signal,
      })
      if (!response.ok) throw new Error(`The search answered ${response.status}.`)
      return /** @type {{ hits: import('./example.js').Entry[] }} */ (await response.json()).hits
    },
    onUpdate,
  })
}
