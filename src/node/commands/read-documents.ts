import { InvalidInputError } from '../../errors.js'
import { isObject, type Line, parseJson } from '../lines.js'
import { filledLines, type Input } from './input.js'
import { type JsonValue, jsonValues, kindOf } from './json-values.js'

/** A document as it was read: a line of text, or a JSON value that is a string or an object. */
export type Document = string | Record<string, unknown>

export interface Documents {
  documents: Document[]
  /** The text that is scored, one a document. */
  texts: string[]
}

/** How an input is read: one document a line, or JSON Lines or one JSON array. */
export const inputFormats = ['text', 'json'] as const

export interface DocumentsOptions {
  /** Dotted path of the text, or several with commas between them; their texts are joined by line ends. Needs JSON. */
  field?: string
  /** By default what the input looks like. */
  format?: (typeof inputFormats)[number]
}

/** Tried in this order where no field is named. */
const defaultFields = ['text', 'content', 'body']

/**
 * The documents of an input.
 *
 * @throws InvalidInputError naming the line or the element that cannot be read
 */
export async function readDocuments(input: Input, { field, format }: DocumentsOptions = {}): Promise<Documents> {
  const { name } = input
  const paths = field?.split(',').map((path) => path.trim())
  if (paths?.includes(''))
    throw new InvalidInputError('invalid-option', `--field is "${field}"; a path in it is empty.`, { option: 'field' })
  if (paths && format === 'text') {
    throw new InvalidInputError('invalid-option', '--field names a part of a JSON document; leave it out, or read the input as JSON.', {
      option: 'field',
    })
  }
  const lines = await filledLines(input)
  if (lines.length === 0) return { documents: [], texts: [] }
  if ((format ?? (paths ? 'json' : guessFormat(name, lines))) === 'text') {
    const texts = lines.map(({ text }) => text)
    return { documents: texts, texts }
  }
  const advice = paths ? '--field needs JSON objects' : 'mend it, or read every line as plain text with --input-format text'
  const values = jsonValues(name, lines, () => false, advice)
  refuseEnvelope(values, paths, name)
  const documents = values.map(({ value, where }, index) => {
    if ((typeof value === 'string' && !paths) || isObject(value)) return value
    const needed = paths ? '--field needs objects' : 'documents are objects or strings'
    throw new InvalidInputError('invalid-input', `${where} is ${kindOf(value)}; ${needed}.`, { index })
  })
  return { documents, texts: documents.map((document, index) => textOf(document, paths, values[index]?.where as string)) }
}

/**
 * JSON by the file's name or by how it begins. Text that merely starts with a brace or a bracket (`[12:04] ready`) is text.
 *
 * @throws InvalidInputError where lines of text and JSON objects are mixed
 */
function guessFormat(name: string, lines: readonly Line[]): 'text' | 'json' {
  const [first] = lines as [Line]
  if (/\.(json|jsonl|ndjson)$/i.test(name)) return 'json'
  if (/^\s*(\{\s*(["}]|$)|\[\s*(["{[\]]|$))/.test(first.text)) return 'json'
  const odd = lines.find(({ text }) => /^\s*\{\s*"/.test(text) && isObject(parseJson(text)))
  if (!odd) return 'text'
  throw new InvalidInputError(
    'invalid-input',
    `Line ${first.number} of ${name} is plain text and line ${odd.number} a JSON object; say how to read them with --input-format text or json.`,
  )
}

/** An answer of a search engine, saved whole: its hits are a list inside one object. */
function refuseEnvelope(values: readonly JsonValue[], paths: string[] | undefined, name: string): void {
  const [only] = values
  if (values.length !== 1 || paths || !isObject(only?.value) || defaultText(only.value) !== undefined) return
  const list = Object.entries(only.value).find(([, value]) => Array.isArray(value) && isObject(value[0]))
  if (!list) return
  throw new InvalidInputError('invalid-input', `All of ${name} is one JSON object, whose "${list[0]}" is a list; pass that list alone.`)
}

/** The text of one document. */
function textOf(document: Document, paths: string[] | undefined, where: string): string {
  if (typeof document === 'string') return document
  if (!paths) {
    const text = defaultText(document)
    if (text !== undefined) return text
    throw new InvalidInputError('invalid-input', `${where} has no text, content or body; name the field with --field.`)
  }
  const parts = paths.flatMap((path) => {
    const value = atPath(document, path)
    // With several fields, a record may lack some of them.
    if (value === undefined || value === null) return []
    if (typeof value === 'string') return [value]
    throw new InvalidInputError('invalid-input', `${where} has ${kindOf(value)} as "${path}"; it must be a string.`)
  })
  if (parts.length > 0) return parts.join('\n')
  throw new InvalidInputError('invalid-input', `${where} has no "${paths.join('" and no "')}".`)
}

function defaultText(document: Record<string, unknown>): string | undefined {
  for (const name of defaultFields) {
    const value = document[name]
    if (typeof value !== 'string') continue
    return name === 'text' && typeof document.title === 'string' && document.title !== '' ? `${document.title}\n${value}` : value
  }
  return undefined
}

/** The value at a dotted path; a key that itself holds the dots wins. */
function atPath(object: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(object, path)) return object[path]
  return path.split('.').reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
  }, object)
}
