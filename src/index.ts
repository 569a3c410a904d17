export { createReranker } from './client/create-reranker.js'
export * from './public-names.js'
