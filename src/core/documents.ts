import { InvalidInputError } from '../errors.js'
import { isThenable } from './guarded.js'
import { describe } from './options.js'

/**
 * The caller's documents in an array of our own: the caller may go on to change the one that was passed.
 *
 * @throws InvalidInputError, naming the index where the array has a hole
 */
export function copyDocuments<T>(documents: readonly T[]): T[] {
  if (!Array.isArray(documents)) {
    throw new InvalidInputError('invalid-input', `The documents are ${describe(documents)}; pass an array.`)
  }
  const copy: T[] = []
  const { length } = documents
  for (let index = 0; index < length; index++) {
    if (!(index in documents)) {
      const message = `There is no document ${index}: the array has a hole there. Leave it out with documents.filter(() => true).`
      throw new InvalidInputError('invalid-input', message, { index })
    }
    copy.push(documents[index] as T)
  }
  return copy
}

/**
 * The text of every document, in order.
 *
 * @throws InvalidInputError naming the index of a document without text, or saying that `text` found none in any; whatever `text`
 *   throws, unchanged
 */
export function extractTexts<T>(documents: readonly T[], text?: (document: T, index: number) => string): string[] {
  const texts = documents.map((document: T, index) => {
    const value: unknown = text
      ? text(document, index)
      : typeof document === 'string'
        ? document
        : (document as { text?: unknown } | null | undefined)?.text
    if (typeof value === 'string') return value
    // Who hears of this need not hear how that ended.
    if (isThenable(value)) Promise.resolve(value).catch(() => undefined)
    const advice = text ? 'The text option must return a string.' : 'Pass the text option, e.g. { text: (hit) => hit.title }.'
    throw new InvalidInputError('invalid-input', `The text of document ${index} is ${describe(value)}. ${advice}`, { index })
  })
  // Texts that nothing was made into are what they say: a document may well be the word null.
  if (text && texts.length > 0 && texts.every(isMissing)) {
    throw new InvalidInputError(
      'invalid-input',
      `The text of every document is made of "undefined", "null" or "[object Object]", as of fields that are not there (document 0: ${JSON.stringify(texts[0])}). Name fields that the documents have in the text option.`,
      { index: 0 },
    )
  }
  return texts
}

/** What a template makes of fields that are not there, such as `undefined\\nundefined`, and nothing else. */
function isMissing(text: string): boolean {
  const rest = text.replaceAll(/\b(?:undefined|null)\b|\[object Object\]/g, '')
  return rest.length < text.length && !/[\p{L}\p{N}]/u.test(rest)
}
