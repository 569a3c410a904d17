import { fileURLToPath } from 'node:url'
import { type BuiltIndex, buildIndex, isRerankerError } from 'page-rerank/node'
import { type DocumentEntry, rerankText } from '../document-entry.js'

/** What was read at an earlier build: only what is new is read again. */
const KEPT = fileURLToPath(new URL('../../../node_modules/.cache/page-rerank/web-apis.index', import.meta.url))

/**
 * What the bundled model reads of the entries, read once, at build time, by the built library as any site's build would.
 *
 * @returns undefined where the bundled model is a cross-encoder, which reads anew for each query
 */
export async function buildWebApisIndex(entries: readonly DocumentEntry[]): Promise<BuiltIndex | undefined> {
  try {
    return await buildIndex(entries, { out: KEPT, text: rerankText })
  } catch (error) {
    if (isRerankerError(error) && error.code === 'invalid-option' && error.option === 'model') return undefined
    throw error
  }
}
