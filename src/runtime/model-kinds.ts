import { CrossEncoder } from '../core/cross-encoder.js'
import type { LocalEngine } from '../core/engine.js'
import type { IndexSource } from '../core/late-interaction/index-loading.js'
import type { DocumentStore } from '../core/late-interaction/stored-documents.js'
import { defaultQueryMaxLength, encodePair } from '../core/pair-encoding.js'
import type { Canaries } from '../core/self-test.js'
import type { ReplaceableSession } from '../core/session.js'
import type { LoadedModel } from '../model/load-model.js'
import type { LocalRerankerInfo } from '../types.js'
import { logitsOf, type OutputReader } from './onnx.js'

/** What an engine is made of beside its model. */
export interface EngineParts<Output> {
  session: ReplaceableSession<Output>
  info: () => LocalRerankerInfo
  /** Aborted by the engine's `dispose`, and with it what is still being loaded for it. */
  life: AbortController
  /** Where built indexes come from. */
  indexes: IndexSource
  /** Where they are kept from one visit to the next. */
  documentStore?: DocumentStore
  /** Bytes of what the engine may keep of documents. */
  maxBytes?: number
  /** Called when what the engine keeps has changed. */
  onKept?: () => void
}

/** What the kinds of models do differently: what a run gives, how it is checked, and the pipeline behind it. */
export interface OpenedKind<Output> {
  canaries: Canaries<Output>
  output: OutputReader<Output>
  /** Whether an output is made of numbers. */
  isValid(output: Output): boolean
  createEngine(parts: EngineParts<Output>): LocalEngine
}

/** Pairs for models that bring no canaries: an answer, a near miss, nonsense. They show NaN and equal scores, no more. */
const PLAIN_CANARIES: { query: string; document: string; logit?: number }[] = [
  { query: 'how long does bread keep', document: 'A loaf keeps for three to five days at room temperature.' },
  { query: 'how long does bread keep', document: 'Bread is made from flour, water, salt and yeast.' },
  { query: 'how long does bread keep', document: 'qzx' },
]

export function canaryPairs({ manifest }: LoadedModel): typeof PLAIN_CANARIES {
  return manifest.canaries.length > 0 ? manifest.canaries : PLAIN_CANARIES
}

/** A model that reads a query and a document in one row. */
export function openCrossEncoder(model: LoadedModel): OpenedKind<number> {
  const { manifest, tokenizer } = model
  const { maxLength } = manifest
  const limits = { maxLength, queryMaxLength: defaultQueryMaxLength(maxLength), truncation: 'only_second' } as const
  const pairs = canaryPairs(model)
  return {
    canaries: {
      inputs: pairs.map(({ query, document }) =>
        encodePair(tokenizer.encodeQuery(query, maxLength), tokenizer.encodeDocument(document, maxLength), tokenizer.template, limits),
      ),
      logits: (outputs) => outputs,
      expected: pairs.map(({ logit }) => logit),
      distance: (one, other) => Math.abs(one - other) / Math.max(1, Math.abs(one)),
      maxPositions: manifest.maxPositions,
    },
    output: logitsOf(tokenizer.answers),
    isValid: Number.isFinite,
    createEngine: (parts) => new CrossEncoder({ ...parts, tokenizer, limits: manifest }),
  }
}
