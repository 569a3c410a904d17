/**
 * The files of page-rerank-tiny-en, each large one by an address that bundlers see. The small ones are compiled in.
 *
 * @example
 * import { createReranker } from 'page-rerank'
 * import { tinyEn } from 'page-rerank-tiny-en'
 * const reranker = await createReranker({ model: tinyEn })
 */
export declare const tinyEn: Record<string, URL | Uint8Array>
