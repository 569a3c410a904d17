export { createReranker } from './client/create-reranker.js'
export type { CreateRerankerOptions } from './client/options.js'
export { deleteCachedModel, listCachedModels } from './model/cache/web-cache.js'
export * from './shared-exports.js'
