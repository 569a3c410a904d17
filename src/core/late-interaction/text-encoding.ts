import type { EncodedInput, TokenEmbeddings } from '../session.js'

/** What stands around a single text: `[CLS]` before it and `[SEP]` behind it, in BERT's terms. */
export interface TextTemplate {
  before: readonly number[]
  after: readonly number[]
}

/** What a model makes of a text beside its own tokens: a query's form, or a document's. */
export interface TextForm extends TextTemplate {
  /** A text is filled up to its greatest length with this token, which other tokens attend to only where `attended`. */
  fill?: { tokenId: number; attended: boolean }
  /** Tokens that are read and then left out of account. */
  skip?: ReadonlySet<number>
}

/** What a model reads of a text: its first tokens, with the template around them, `maxLength` tokens at the most. */
export function encodeText(ids: ArrayLike<number>, { before, after, fill }: TextForm, maxLength: number): EncodedInput {
  const count = Math.min(ids.length, Math.max(0, maxLength - before.length - after.length))
  const own = before.length + count + after.length
  const length = fill ? Math.max(own, maxLength) : own
  const inputIds = new Int32Array(length)
  inputIds.set(before)
  for (let i = 0; i < count; i++) inputIds[before.length + i] = ids[i] as number
  inputIds.set(after, before.length + count)
  if (fill) inputIds.fill(fill.tokenId, own)
  return { inputIds, tokenTypeIds: new Int32Array(length), ...(fill && !fill.attended && { attended: own }) }
}

/** Places of the tokens that count, in order; all of them where none would. */
export function countedTokens(ids: ArrayLike<number>, { skip }: Pick<TextForm, 'skip'>): number[] {
  const all = Array.from({ length: ids.length }, (_, i) => i)
  const counted = all.filter((i) => !skip?.has(ids[i] as number))
  return counted.length > 0 ? counted : all
}

/** The embeddings of the tokens that count. */
export function countedEmbeddings(embeddings: TokenEmbeddings, ids: ArrayLike<number>, form: Pick<TextForm, 'skip'>): TokenEmbeddings {
  const counted = form.skip ? countedTokens(ids, form) : undefined
  if (!counted || counted.length === embeddings.tokens) return embeddings
  const width = embeddings.data.length / embeddings.tokens
  const data = new Float32Array(counted.length * width)
  counted.forEach((token, i) => {
    data.set(embeddings.data.subarray(token * width, (token + 1) * width), i * width)
  })
  return { tokens: counted.length, data }
}
