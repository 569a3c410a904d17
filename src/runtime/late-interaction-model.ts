import { defaultMaxLength } from '../core/cross-encoder.js'
import { askQuery } from '../core/late-interaction/asked-query.js'
import { type Codes, exactCodes, findFault, isExact } from '../core/late-interaction/codes.js'
import { keepText } from '../core/late-interaction/kept-text.js'
import { LateInteraction, type LateInteractionModel } from '../core/late-interaction/late-interaction.js'
import { withoutSpaceAround } from '../core/late-interaction/plain-text.js'
import type { DenseLayer } from '../core/late-interaction/projection.js'
import { sumUp } from '../core/late-interaction/sums.js'
import { logitOf, termsOf, unitOf } from '../core/late-interaction/terms.js'
import { countedEmbeddings, encodeText } from '../core/late-interaction/text-encoding.js'
import type { Canaries } from '../core/self-test.js'
import type { TokenEmbeddings } from '../core/session.js'
import type { Tokenizer } from '../core/tokenizer.js'
import { ModelLoadError } from '../errors.js'
import type { ModelManifest } from '../model/describe/manifest.js'
import { readTensor } from '../model/describe/safetensors.js'
import { invalidFile } from '../model/download/verify.js'
import type { LoadedModel } from '../model/load-model.js'
import { canaryPairs, type OpenedKind } from './model-kinds.js'
import { type TokenEmbeddingsFormat, tokenEmbeddingsOf } from './onnx.js'
import { createSumUp } from './sum-up-kernel.js'

/**
 * A model that reads texts one by one.
 *
 * @throws ModelLoadError where the manifest or the files it names say too little
 */
export async function openLateInteraction(model: LoadedModel): Promise<OpenedKind<TokenEmbeddings>> {
  const { manifest } = model
  const { dimensions, terms, queryMaxLength } = manifest
  if (!dimensions || !terms || !queryMaxLength) return refuse(manifest, 'dimensions, terms or queryMaxLength are missing')
  const tokenizer = readerOfTexts(model.tokenizer, manifest)
  const rarity = terms.rarity === undefined ? undefined : await model.read(terms.rarity)
  const codes = { ...codesOf(manifest, dimensions), rarity }
  const parts: LateInteractionModel = {
    codes,
    forms: formsOf(manifest, tokenizer),
    terms,
    shortlist: manifest.codes?.shortlist ?? Number.POSITIVE_INFINITY,
    limits: { ...manifest, maxLength: defaultMaxLength(manifest), queryMaxLength },
  }
  return {
    canaries: lateInteractionCanaries(model, tokenizer, parts),
    output: tokenEmbeddingsOf({ dimensions, ...(await readProjection(model)) }),
    isValid: ({ data }) => data.every(Number.isFinite),
    createEngine: (engineParts) =>
      new LateInteraction({ ...engineParts, tokenizer, model: parts, sumUp: isExact(codes) ? sumUp : createSumUp() }),
  }
}

function refuse({ id }: ModelManifest, why: string): never {
  throw new ModelLoadError('model-file-invalid', `${id} cannot be read as a late-interaction model: ${why} (docs/late-interaction.md).`, {
    file: 'page-rerank.json',
  })
}

function codesOf(manifest: ModelManifest, dimensions: number): Codes {
  const { codes } = manifest
  const fault = findFault(codes ? { dimensions, ...codes } : { ...exactCodes(dimensions), bits: 1, scales: [1] })
  if (fault) refuse(manifest, fault)
  return codes ? { dimensions, bits: codes.bits, step: codes.step, scales: codes.scales } : exactCodes(dimensions)
}

/** The tokenizer as the model was shown texts: without white space around them, perhaps in lower case. */
export function readerOfTexts(tokenizer: Tokenizer, { lowercase }: ModelManifest): Tokenizer {
  const plain = (text: string) => (lowercase ? withoutSpaceAround(text).toLowerCase() : withoutSpaceAround(text))
  return {
    ...tokenizer,
    encodeQuery: (text, atLeast) => tokenizer.encodeQuery(plain(text), atLeast),
    encodeDocument: (text, atLeast) => tokenizer.encodeDocument(plain(text), atLeast),
  }
}

export function formsOf(manifest: ModelManifest, tokenizer: Tokenizer): LateInteractionModel['forms'] {
  const { markers = {}, queryExpansion, skipWords = [] } = manifest
  const { textTemplate, unknownTokenId, maskTokenId, tokenId } = tokenizer
  const marked = (marker: string | undefined) => {
    if (marker === undefined) return textTemplate
    const id = tokenId(marker) ?? refuse(manifest, `tokenizer.json has no token ${JSON.stringify(marker)}, its marker`)
    const { before, after } = textTemplate
    return { before: [...before.slice(0, 1), id, ...before.slice(1)], after }
  }
  const skip = new Set(skipWords.flatMap((word) => tokenId(word) ?? unknownTokenId ?? []))
  const fill = queryExpansion && {
    tokenId: maskTokenId ?? refuse(manifest, 'tokenizer.json has no mask token to fill queries up with'),
    attended: queryExpansion === 'attended',
  }
  return {
    query: { ...marked(markers.query), ...(fill && { fill }) },
    document: { ...marked(markers.document), ...(skip.size > 0 && { skip }) },
  }
}

/** The layers behind the encoder, or that their weights are not to be had. */
async function readProjection(model: LoadedModel): Promise<Omit<TokenEmbeddingsFormat, 'dimensions'>> {
  const { projection = [] } = model.manifest
  const layers: DenseLayer[] = []
  for (const { file, inputs, outputs, bias, activation, residual } of projection) {
    const bytes = await model.readProjection(file)
    if (!bytes) return { unprojected: projection[0]?.inputs }
    const weights = (name: string, count: number) => {
      const tensor = readTensor(bytes, name, file)
      if (tensor?.data.length === count) return tensor.data
      throw invalidFile(file, `has no ${name} of ${count} numbers`)
    }
    layers.push({
      inputs,
      outputs,
      weight: weights('linear.weight', inputs * outputs),
      ...(bias && { bias: weights('linear.bias', outputs) }),
      activation,
      ...(residual && { residual: inputs === outputs ? ('input' as const) : weights('residual.weight', inputs * outputs) }),
    })
  }
  return layers.length > 0 ? { projection: layers } : {}
}

/** Queries and documents in turn. */
function lateInteractionCanaries(model: LoadedModel, tokenizer: Tokenizer, parts: LateInteractionModel): Canaries<TokenEmbeddings> {
  const { codes, forms, terms, limits } = parts
  const pairs = canaryPairs(model)
  const inputs = pairs.flatMap(({ query, document }) => [
    encodeText(tokenizer.encodeQuery(query, limits.queryMaxLength), forms.query, limits.queryMaxLength),
    encodeText(tokenizer.encodeDocument(document, limits.maxLength), forms.document, limits.maxLength),
  ])
  const idsOf = (i: number) => (inputs[i] as (typeof inputs)[number]).inputIds
  return {
    inputs,
    logits: (outputs) =>
      pairs.map((_, i) => {
        const asked = askQuery(outputs[2 * i] as TokenEmbeddings, idsOf(2 * i), codes)
        const told = countedEmbeddings(outputs[2 * i + 1] as TokenEmbeddings, idsOf(2 * i + 1), forms.document)
        const kept = keepText(told, codes)
        const [sums] = sumUp(asked, [kept], codes.bits)
        return logitOf(termsOf(sums as NonNullable<typeof sums>, asked, kept, unitOf(asked, codes, codes.bits)), terms)
      }),
    expected: pairs.map(({ logit }) => logit),
    distance,
    maxPositions: limits.maxPositions,
  }
}

function distance({ data: one }: TokenEmbeddings, { data: other }: TokenEmbeddings): number {
  let most = 0
  let size = 0
  for (const [i, value] of one.entries()) {
    most = Math.max(most, Math.abs(value - (other[i] as number)))
    size = Math.max(size, Math.abs(value))
  }
  return most / size
}
