import { InvalidInputError } from '../errors.js'
import { describe } from './options.js'

/**
 * The text of every document, in order.
 *
 * @throws InvalidInputError naming the index of a document without text, or saying that none has any; whatever `text` throws, unchanged
 */
export function extractTexts<T>(documents: readonly T[], text?: (document: T, index: number) => string): string[] {
  if (!Array.isArray(documents)) {
    throw new InvalidInputError('invalid-input', `The documents are ${describe(documents)}; pass an array.`)
  }
  const texts = documents.map((document: T, index) => {
    const value: unknown = text
      ? text(document, index)
      : typeof document === 'string'
        ? document
        : (document as { text?: unknown } | null)?.text
    if (typeof value === 'string') return value
    const advice = text ? 'The text option must return a string.' : 'Pass the text option, e.g. { text: (hit) => hit.title }.'
    throw new InvalidInputError('invalid-input', `The text of document ${index} is ${describe(value)}. ${advice}`, { index })
  })
  if (texts.length > 0 && texts.every(isMissing)) {
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
