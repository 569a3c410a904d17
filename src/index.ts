export { deleteCachedModel, listCachedModels } from './client/cached-models.js'
export { createReranker } from './client/create-reranker.js'
export type { CreateRerankerOptions } from './client/options.js'
export * from './shared-exports.js'
