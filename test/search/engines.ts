import type { Hit as AlgoliaHit } from 'algoliasearch'
import type { Hit as MeilisearchHit } from 'meilisearch'
import type { SearchOptions } from 'page-rerank/search'
import type { SearchResponseHit } from 'typesense/lib/Typesense/Documents.js'

/** What docs/search.md says of hits' texts, against the types of the engines' own clients. It is compiled, never run. */
interface Page {
  title: string
  content: string
}
type Text<Hit> = NonNullable<SearchOptions<Hit>['text']>

export const ofAlgolia: Text<AlgoliaHit<Page>> = (hit) => `${hit.title}\n${hit.content}`
export const ofMeilisearch: Text<MeilisearchHit<Page>> = (hit) => `${hit.title}\n${hit.content}`
export const ofTypesense: Text<SearchResponseHit<Page>> = ({ document }) => `${document.title}\n${document.content}`
// The clients of Elasticsearch and OpenSearch are too large to be installed for a line; this is the shape that both document.
export const ofElasticsearch: Text<{ _id?: string; _source: Page }> = ({ _source }) => `${_source.title}\n${_source.content}`

// @ts-expect-error: Typesense's hit is around the document
export const wrong: Text<SearchResponseHit<Page>> = (hit) => `${hit.title}`
