import { DocumentReranker } from '../../src/core/document-reranker.js'
import type { LocalEngine, RerankRequest, ScoreRequest } from '../../src/core/engine.js'
import { sigmoid } from '../../src/core/ordering.js'
import { abortError } from '../../src/errors.js'
import type { CreateRerankerOptions } from '../../src/node/options.js'
import type { LocalReranker, LocalRerankerInfo } from '../../src/types.js'

/**
 * A reranker whose logits can be worked out by hand: how many different words of the query the text contains.
 * Only the model is replaced; checks and ordering are the library's own.
 */
export function createOverlapReranker(options: CreateRerankerOptions = {}): LocalReranker {
  return new DocumentReranker(new OverlapEngine(options))
}

/** The same as if it read texts one by one: what it was to read ahead goes to `read`, as far as there is room. */
export function createReadingReranker(read: string[], room = Number.POSITIVE_INFINITY): LocalReranker {
  const engine: LocalEngine = new OverlapEngine({ model: 'reader' })
  engine.info.kind = 'late-interaction'
  engine.prepare = async ({ texts, onProgress }) => {
    read.push(...texts.slice(0, room))
    onProgress?.({ scored: Math.min(texts.length, room), total: texts.length })
  }
  return new DocumentReranker(engine)
}

/** The overlap reranker's logit. */
export function overlap(query: string, text: string): number {
  const words = new Set(text.toLowerCase().split(/\W+/))
  return new Set(
    query
      .toLowerCase()
      .split(/\W+/)
      .filter((word) => word !== '' && words.has(word)),
  ).size
}

class OverlapEngine implements LocalEngine {
  readonly info: LocalRerankerInfo

  constructor(options: CreateRerankerOptions) {
    this.info = {
      kind: 'cross-encoder',
      model: String(options.model ?? 'word-overlap'),
      revision: 'main',
      device: 'wasm',
      dtype: 'fp32',
      runtime: 'ort-web',
      threads: options.threads ?? 1,
      worker: false,
      fallbacks: [{ device: 'webgpu', code: 'unavailable', reason: 'There is no WebGPU here.' }],
      selfTest: { result: 'passed', pairs: 8, maxError: 0.00012, tolerance: 0.01 },
      timings: { download: 1, session: 2, selfTest: 3, total: 6 },
      bytes: { network: 0, cache: 0, local: 1234 },
      maxLength: 512,
      maxPositions: 512,
      activation: 'sigmoid',
      firstStageWeight: 0,
      languages: ['en'],
    }
  }

  async rerank({ query, texts, signal, onScored }: RerankRequest) {
    if (signal?.aborted) throw abortError()
    const scores = { logits: Float64Array.from(texts, (text) => overlap(query, text)), scored: texts.length }
    onScored?.(scores)
    return scores
  }

  async prepare() {}

  async prepareIndex() {}

  async computeScore({ pairs, normalize }: ScoreRequest) {
    return pairs.map(([query, text]) => (normalize ? sigmoid(overlap(query, text)) : overlap(query, text)))
  }

  async dispose() {}
}
