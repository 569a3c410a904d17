export { type RerankedClientOptions, rerankedClient, type SearchClient } from './reranked-client.js'
