import { ModelLoadError } from '../errors.js'
import type { Truncation } from '../types.js'
import type { TextTemplate } from './late-interaction/text-encoding.js'
import type { EncodedInput } from './session.js'

/** One piece of the pair template: a special token, or a place for the query (`A`) or the document (`B`). */
export type TemplatePiece = { tokenId: number; type: number } | { sequence: 'A' | 'B'; type: number }

/** How the two texts are joined, read from tokenizer.json. */
export interface PairTemplate {
  pieces: TemplatePiece[]
  /** Special tokens in it. */
  specialTokens: number
  /** Prompts are one text to their model: `longest_first` cuts it at its end, before so many closing tokens. */
  tail?: number
}

type TemplateJson = { SpecialToken: { id: string; type_id: number } } | { Sequence: { id: 'A' | 'B'; type_id: number } }

interface PostProcessor {
  type: string
  single?: TemplateJson[]
  pair?: TemplateJson[]
  special_tokens?: Record<string, { ids: number[] }>
  cls?: [string, number]
  sep?: [string, number]
  processors?: PostProcessor[]
}

/**
 * The pair template of a tokenizer.json's `post_processor`. Reading it as data, instead of knowing that BERT says
 * `[CLS] A [SEP] B [SEP]` and RoBERTa `<s> A </s></s> B </s>`, lets a model bring a template of its own.
 */
export function readPairTemplate(postProcessor: PostProcessor | null | undefined): PairTemplate {
  const pieces = templatePieces(postProcessor) ?? [
    { sequence: 'A', type: 0 },
    { sequence: 'B', type: 0 },
  ]
  return { pieces: checkedPieces(pieces), specialTokens: pieces.filter((piece) => 'tokenId' in piece).length }
}

/** Special tokens around a pair: templates have three or four, prompts a hundred. */
const MAX_PIECES = 1000

/** @throws Error where a template is none that a pair can be put into */
function checkedPieces(pieces: TemplatePiece[]): TemplatePiece[] {
  if (pieces.length > MAX_PIECES) throw new Error(`its pair template has more than ${MAX_PIECES} pieces`)
  for (const piece of pieces) {
    const isPlace = 'sequence' in piece && (piece.sequence === 'A' || piece.sequence === 'B')
    const isToken = 'tokenId' in piece && Number.isSafeInteger(piece.tokenId) && piece.tokenId >= 0
    if (!isPlace && !isToken) throw new Error('its pair template has a piece that is neither a token nor a text')
  }
  return pieces
}

/**
 * What the same post-processor puts around a single text; nothing where it has none.
 *
 * @throws ModelLoadError (`model-file-invalid`)
 */
export function readTextTemplate(postProcessor: PostProcessor | null | undefined): TextTemplate {
  const pieces = checkedPieces(templatePieces(postProcessor, 'single') ?? [])
  const place = pieces.findIndex((piece) => 'sequence' in piece)
  const ids = (some: TemplatePiece[]) => some.flatMap((piece) => ('tokenId' in piece ? [piece.tokenId] : []))
  return { before: ids(pieces.slice(0, place)), after: ids(pieces.slice(place)) }
}

function templatePieces(processor: PostProcessor | null | undefined, of: 'single' | 'pair' = 'pair'): TemplatePiece[] | undefined {
  const sep = processor?.sep?.[1] as number
  const cls = processor?.cls?.[1] as number
  switch (processor?.type) {
    case 'TemplateProcessing':
      return processor[of]?.flatMap((piece): TemplatePiece[] => {
        if ('Sequence' in piece) return [{ sequence: piece.Sequence.id, type: piece.Sequence.type_id }]
        const { id, type_id: type } = piece.SpecialToken
        const ids = processor.special_tokens?.[id]?.ids
        if (!ids)
          throw new ModelLoadError('model-file-invalid', `tokenizer.json's pair template names ${id} without an id for it.`, {
            file: 'tokenizer.json',
          })
        return ids.map((tokenId) => ({ tokenId, type }))
      })
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const query: TemplatePiece[] = [
        { tokenId: cls, type: 0 },
        { sequence: 'A', type: 0 },
        { tokenId: sep, type: 0 },
      ]
      if (of === 'single') return query
      const isBert = processor.type === 'BertProcessing'
      const type = isBert ? 1 : 0
      return [...query, ...(isBert ? [] : [{ tokenId: sep, type }]), { sequence: 'B', type }, { tokenId: sep, type }]
    }
    case 'Sequence':
      return processor.processors?.map((one) => templatePieces(one, of)).find((pieces) => pieces !== undefined)
    default:
      return undefined
  }
}

export interface PairLimits {
  /** Tokens of the whole pair, special tokens included. */
  maxLength: number
  /** Tokens of the query (`only_second`). */
  queryMaxLength: number
  truncation: Truncation
}

/** Tokens kept of the query where nobody says how many: FlagReranker's `max_length * 3 // 4`. */
export function defaultQueryMaxLength(maxLength: number): number {
  return Math.floor((maxLength * 3) / 4)
}

/** Join token ids of a query and a document into what the model reads, cut to the limits. */
export function encodePair(
  queryIds: ArrayLike<number>,
  documentIds: ArrayLike<number>,
  template: PairTemplate,
  limits: PairLimits,
): EncodedInput {
  const { specialTokens, tail } = template
  const atEnd = tail !== undefined && limits.truncation === 'longest_first'
  const [queryLength, documentLength] = atEnd
    ? [queryIds.length, documentIds.length]
    : truncatedLengths(queryIds.length, documentIds.length, specialTokens, limits)
  const length = queryLength + documentLength + specialTokens
  const inputIds = new Int32Array(length)
  const tokenTypeIds = new Int32Array(length)
  let at = 0
  for (const piece of template.pieces) {
    const start = at
    if ('tokenId' in piece) inputIds[at++] = piece.tokenId
    else {
      const [ids, count] = piece.sequence === 'A' ? [queryIds, queryLength] : [documentIds, documentLength]
      for (let i = 0; i < count; i++) inputIds[at++] = ids[i] as number
    }
    tokenTypeIds.fill(piece.type, start, at)
  }
  return atEnd ? cutAtEnd({ inputIds, tokenTypeIds }, limits.maxLength, tail) : { inputIds, tokenTypeIds }
}

/** Keep the start of a pair and its last `tail` tokens. */
function cutAtEnd({ inputIds, tokenTypeIds }: EncodedInput, maxLength: number, tail: number): EncodedInput {
  const length = inputIds.length
  if (length <= maxLength) return { inputIds, tokenTypeIds }
  const cut = (ids: Int32Array) => ids.copyWithin(maxLength - tail, length - tail).slice(0, maxLength)
  return { inputIds: cut(inputIds), tokenTypeIds: cut(tokenTypeIds) }
}

/** Tokens to keep of query and document. */
function truncatedLengths(
  query: number,
  document: number,
  special: number,
  { maxLength, queryMaxLength, truncation }: PairLimits,
): [number, number] {
  if (truncation === 'only_second') {
    const kept = Math.min(query, queryMaxLength, Math.max(0, maxLength - special))
    return [kept, Math.min(document, documentRoom(query, special, { maxLength, queryMaxLength }))]
  }
  return longestFirst(query, document, Math.max(0, maxLength - special))
}

/** Tokens that `only_second` leaves to the document. */
export function documentRoom(query: number, special: number, { maxLength, queryMaxLength }: Omit<PairLimits, 'truncation'>): number {
  return Math.max(0, maxLength - special - Math.min(query, queryMaxLength))
}

/** `truncate_encodings` of Hugging Face tokenizers (Rust) for `TruncationStrategy::LongestFirst`. */
function longestFirst(query: number, document: number, room: number): [number, number] {
  if (query + document <= room) return [query, document]
  const swap = query > document
  let [shorter, longer] = swap ? [document, query] : [query, document]
  longer = shorter > room ? shorter : Math.max(shorter, room - shorter)
  if (shorter + longer > room) {
    shorter = Math.floor(room / 2)
    longer = shorter + (room % 2)
  }
  return swap ? [longer, shorter] : [shorter, longer]
}
