import { fileURLToPath } from 'node:url'
import { type BuiltIndex, buildIndex, isRerankerError } from 'page-rerank/node'
import { type DocumentEntry, rerankText } from '../document-entry.js'
import { type BuiltCorpus, CORPORA } from './corpora.js'

/** What was read at an earlier build: only what is new is read again. */
const kept = (corpus: BuiltCorpus) => fileURLToPath(new URL(`../../../node_modules/.cache/page-rerank/${corpus}.index`, import.meta.url))

/**
 * What a corpus's model reads of its entries, read once, at build time, by the built library as any site's build would.
 *
 * @returns undefined where that model is a cross-encoder, which reads anew for each query
 */
export async function buildCorpusIndex(corpus: BuiltCorpus, entries: readonly DocumentEntry[]): Promise<BuiltIndex | undefined> {
  try {
    return await buildIndex(entries, { out: kept(corpus), text: rerankText, model: CORPORA[corpus].model })
  } catch (error) {
    if (isRerankerError(error) && error.code === 'invalid-option' && error.option === 'model') return undefined
    throw error
  }
}
