/** What the entries for pages export beside their own createReranker. */
export { deleteCachedModel, listCachedModels } from './client/cached-models.js'
export * from './shared-exports.js'
