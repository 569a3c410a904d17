import { InvalidInputError } from '../errors.js'
import { describe } from './options.js'

/**
 * The text of every document, in order.
 *
 * @throws InvalidInputError naming the index of a document without text; whatever `text` throws, unchanged
 */
export function extractTexts<T>(documents: readonly T[], text?: (document: T, index: number) => string): string[] {
  if (!Array.isArray(documents)) {
    throw new InvalidInputError('invalid-input', `The documents are ${describe(documents)}; pass an array.`)
  }
  return documents.map((document: T, index) => {
    const value: unknown = text
      ? text(document, index)
      : typeof document === 'string'
        ? document
        : (document as { text?: unknown } | null)?.text
    if (typeof value === 'string') return value
    const advice = text ? 'The text option must return a string.' : 'Pass the text option, e.g. { text: (hit) => hit.title }.'
    throw new InvalidInputError('invalid-input', `The text of document ${index} is ${describe(value)}. ${advice}`, { index })
  })
}
