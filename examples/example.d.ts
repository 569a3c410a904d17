import type { Reranker } from 'page-rerank'
import type { Search, SearchUpdate } from 'page-rerank/search'

/** What the examples search. */
export interface Entry {
  id: string
  title: string
  body: string
}

/** A search over entries with one library as the first stage. */
export type Example = (options: {
  documents: readonly Entry[]
  reranker: Reranker | PromiseLike<Reranker>
  onUpdate: (update: SearchUpdate<Entry>) => void
}) => Search<Entry>
