import { InvalidInputError } from '../../errors.js'
import { isObject, type Line, parseJson } from '../lines.js'
import type { Input } from './input.js'

/** A document as it was read: a line of text, or the object of a JSON line. */
export type Document = string | Record<string, unknown>

export interface Documents {
  documents: Document[]
  /** The text that is scored, one a document. */
  texts: string[]
  /** Something the user should know about how the input was understood. */
  note?: string
}

/** Tried in this order where no field is named. */
const defaultFields = ['text', 'content', 'body']

/**
 * Lines of text or JSON Lines, whichever the input is: JSON Lines where every line that is not blank is a JSON object,
 * or where a field is named.
 *
 * @param field dotted path of the text, or several with commas between them; their texts are joined by line ends
 * @throws InvalidInputError naming the line
 */
export async function readDocuments({ name, lines }: Input, field?: string): Promise<Documents> {
  const kept: Line[] = []
  for await (const line of lines) if (line.text.trim() !== '') kept.push(line)

  const values = kept.map((line) => parseJson(line.text))
  const odd = values.findIndex((value) => !isObject(value))
  if (odd === -1) {
    const objects = values as Record<string, unknown>[]
    const paths = field?.split(',').map((path) => path.trim())
    return { documents: objects, texts: objects.map((object, index) => textOf(object, paths, `line ${kept[index]?.number} of ${name}`)) }
  }
  const line = kept[odd]?.number
  if (field !== undefined) {
    throw new InvalidInputError('invalid-input', `Line ${line} of ${name} is not a JSON object, which --field needs.`, { index: odd })
  }
  const texts = kept.map(({ text }) => text)
  if (odd === 0) return { documents: texts, texts }
  return { documents: texts, texts, note: `Line ${line} of ${name} is not a JSON object, so every line is taken as plain text.` }
}

/** The text of one JSON line. */
function textOf(object: Record<string, unknown>, paths: string[] | undefined, where: string): string {
  if (paths) {
    const parts = paths.flatMap((path) => {
      const value = atPath(object, path)
      // With several fields, a record may lack some of them.
      if (value === undefined || value === null) return []
      if (typeof value === 'string') return [value]
      throw new InvalidInputError('invalid-input', `The field "${path}" on ${where} is not a string.`)
    })
    if (parts.length > 0) return parts.join('\n')
    throw new InvalidInputError('invalid-input', `The field "${paths.join(',')}" is missing on ${where}.`)
  }
  for (const name of defaultFields) {
    const value = object[name]
    if (typeof value !== 'string') continue
    return name === 'text' && typeof object.title === 'string' && object.title !== '' ? `${object.title}\n${value}` : value
  }
  throw new InvalidInputError('invalid-input', `There is no text, content or body on ${where}; name the field with --field.`)
}

/** The value at a dotted path; a key that itself holds the dots wins. */
function atPath(object: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(object, path)) return object[path]
  return path.split('.').reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  }, object)
}
