import { PageRerankSearch } from './element.js'

// On a server there is nothing to define it in; another copy of this script may have done it.
if (globalThis.customElements && !customElements.get('page-rerank-search')) customElements.define('page-rerank-search', PageRerankSearch)

declare global {
  interface HTMLElementTagNameMap {
    // biome-ignore lint/suspicious/noExplicitAny: hits are whatever the page's own search finds, and a selector cannot say what that is
    'page-rerank-search': PageRerankSearch<any>
  }
}

export type { LiveSearchOptions, SearchState } from '../live/live-search.js'
export type { LoadProgress, RerankerOptions, RerankerSource, RerankerState } from '../live/shared-reranker.js'
export { PageRerankSearch, type SearchSettings, type Selection } from './element.js'
export type { Item } from './item.js'
export { CHINESE, type Strings } from './strings.js'
