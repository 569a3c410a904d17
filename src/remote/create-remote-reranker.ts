import { DocumentReranker } from '../core/document-reranker.js'
import type { Reranker } from '../types.js'
import { type RemoteOptions, readRemoteOptions } from './options.js'
import { RemoteEngine } from './remote-engine.js'

/**
 * A reranker whose model a server has: Text Embeddings Inference, Infinity, vLLM, llama.cpp, Cohere, Jina, Voyage, `page-rerank serve`, or
 * what speaks as one of them. In a page and in Node alike; nothing is asked before the first call.
 *
 * `logit` is what the model returned where the server tells it (`info.server.tells` is `logits`); of servers that tell scores from 0
 * to 1 it is the inverse of the sigmoid, so that `score` is the server's own. The order is the server's either way.
 *
 * How texts are read is the server's matter: `longDocuments: 'chunk'`, `queryMaxLength` and `truncation` are refused, and `maxLength` too but of
 * `vllm` (tokens of query and document) and `cohere` (of the document). `explain` and `onMismatch` are without effect, as of a cross-encoder
 * whose languages nobody knows. `prepare` has nothing to do.
 *
 * @example
 * const reranker = createRemoteReranker({ url: 'http://localhost:8080', flavour: 'tei' })
 * const { results } = await reranker.rerank('how do I undo a commit', hits, { text: (hit) => hit.body, topN: 10 })
 *
 * @throws InvalidInputError (`invalid-option`). Its calls throw RemoteError (`remote-refused`, `remote-unavailable`, `remote-invalid`)
 */
export function createRemoteReranker(options: RemoteOptions): Reranker {
  return new DocumentReranker(new RemoteEngine(readRemoteOptions(options)))
}
