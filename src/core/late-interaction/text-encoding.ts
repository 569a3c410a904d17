import type { EncodedInput } from '../session.js'

/** What stands around a single text: `[CLS]` before it and `[SEP]` behind it, in BERT's terms. */
export interface TextTemplate {
  before: readonly number[]
  after: readonly number[]
}

/** What a model reads of a text: its first tokens, with the template around them, `maxLength` tokens at the most. */
export function encodeText(ids: ArrayLike<number>, { before, after }: TextTemplate, maxLength: number): EncodedInput {
  const count = Math.min(ids.length, Math.max(0, maxLength - before.length - after.length))
  const inputIds = new Int32Array(before.length + count + after.length)
  inputIds.set(before)
  for (let i = 0; i < count; i++) inputIds[before.length + i] = ids[i] as number
  inputIds.set(after, before.length + count)
  return { inputIds, tokenTypeIds: new Int32Array(inputIds.length) }
}
