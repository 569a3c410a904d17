import { CrossEncoder } from '../core/cross-encoder.js'
import type { Engine } from '../core/engine.js'
import { askQuery } from '../core/late-interaction/asked-query.js'
import { findFault } from '../core/late-interaction/codes.js'
import type { IndexSource } from '../core/late-interaction/index-loading.js'
import { keepText } from '../core/late-interaction/kept-text.js'
import { LateInteraction, type LateInteractionModel } from '../core/late-interaction/late-interaction.js'
import { sumUp } from '../core/late-interaction/sums.js'
import { logitOf, termsOf, unitOf } from '../core/late-interaction/terms.js'
import { encodeText } from '../core/late-interaction/text-encoding.js'
import { defaultQueryMaxLength, encodePair } from '../core/pair-encoding.js'
import type { Canaries } from '../core/self-test.js'
import type { ReplaceableSession, TokenEmbeddings } from '../core/session.js'
import { ModelLoadError } from '../errors.js'
import type { LoadedModel } from '../model/load-model.js'
import type { RerankerInfo } from '../types.js'
import { logitsOf, type OutputReader, tokenEmbeddingsOf } from './onnx.js'
import { createSumUp } from './sum-up-kernel.js'

/** What an engine is made of beside its model. */
export interface EngineParts<Output> {
  session: ReplaceableSession<Output>
  info: () => RerankerInfo
  /** Aborted by the engine's `dispose`, and with it what is still being loaded for it. */
  life: AbortController
  /** Where built indexes come from. */
  indexes: IndexSource
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
  createEngine(parts: EngineParts<Output>): Engine
}

/** Pairs for models that bring no canaries: an answer, a near miss, nonsense. They show NaN and equal scores, no more. */
const PLAIN_CANARIES: { query: string; document: string; logit?: number }[] = [
  { query: 'how long does bread keep', document: 'A loaf keeps for three to five days at room temperature.' },
  { query: 'how long does bread keep', document: 'Bread is made from flour, water, salt and yeast.' },
  { query: 'how long does bread keep', document: 'qzx' },
]

function canaryPairs({ manifest }: LoadedModel): typeof PLAIN_CANARIES {
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
    },
    output: logitsOf(tokenizer.answers),
    isValid: Number.isFinite,
    createEngine: (parts) => new CrossEncoder({ ...parts, tokenizer, limits: manifest }),
  }
}

/**
 * A model that reads texts one by one.
 *
 * @throws ModelLoadError where the manifest or the codes file says too little
 */
export async function openLateInteraction(model: LoadedModel): Promise<OpenedKind<TokenEmbeddings>> {
  const { manifest, tokenizer } = model
  const { dimensions, codes, terms, queryMaxLength } = manifest
  const refuse = (why: string): never => {
    throw new ModelLoadError(
      'model-file-invalid',
      `page-rerank.json of ${manifest.id} is not a late-interaction model's: ${why} (docs/late-interaction.md).`,
      { file: 'page-rerank.json' },
    )
  }
  if (!dimensions || !codes || !terms || !queryMaxLength) return refuse('dimensions, codes, terms or queryMaxLength are missing')
  const { bits, step, scales, shortlist } = codes
  const fault = findFault({ dimensions, bits, step, scales })
  if (fault) refuse(fault)
  const parts: LateInteractionModel = {
    codes: { dimensions, bits, step, scales, rarity: await model.read(terms.rarity) },
    terms,
    shortlist,
    limits: { ...manifest, queryMaxLength },
  }
  return {
    canaries: lateInteractionCanaries(model, parts),
    output: tokenEmbeddingsOf(dimensions),
    isValid: ({ data }) => data.every(Number.isFinite),
    createEngine: (engineParts) => new LateInteraction({ ...engineParts, tokenizer, model: parts, sumUp: createSumUp() }),
  }
}

/** Queries and documents in turn. */
function lateInteractionCanaries(model: LoadedModel, { codes, terms, limits }: LateInteractionModel): Canaries<TokenEmbeddings> {
  const { encodeQuery, encodeDocument, textTemplate } = model.tokenizer
  const pairs = canaryPairs(model)
  const inputs = pairs.flatMap(({ query, document }) => [
    encodeText(encodeQuery(query, limits.queryMaxLength), textTemplate, limits.queryMaxLength),
    encodeText(encodeDocument(document, limits.maxLength), textTemplate, limits.maxLength),
  ])
  return {
    inputs,
    logits: (outputs) =>
      pairs.map((_, i) => {
        const asked = askQuery(outputs[2 * i] as TokenEmbeddings, (inputs[2 * i] as (typeof inputs)[number]).inputIds, codes)
        const kept = keepText(outputs[2 * i + 1] as TokenEmbeddings, codes)
        const [sums] = sumUp(asked, [kept], codes.bits)
        return logitOf(termsOf(sums as NonNullable<typeof sums>, asked, kept, unitOf(asked, codes, codes.bits)), terms)
      }),
    expected: pairs.map(({ logit }) => logit),
  }
}
