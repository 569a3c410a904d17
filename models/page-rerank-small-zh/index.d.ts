/**
 * The files of page-rerank-small-zh, each large one by an address that bundlers see. The small ones are compiled in.
 *
 * @example
 * import { createReranker } from 'page-rerank'
 * import { smallZh } from 'page-rerank-small-zh'
 * const reranker = await createReranker({ model: smallZh })
 */
export declare const smallZh: Record<string, URL | Uint8Array>
