import type { DocumentEntry } from './document-entry.js'

/** Above this a file is refused: it would be read whole. */
export const MAX_FILE_BYTES = 20 * 1024 * 1024
/** Above this the rest is left out, and said so. */
export const MAX_DOCUMENTS = 10_000

/** A document before it has a number. */
type Draft = Pick<DocumentEntry, 'title' | 'text'> & { url?: string }

/** What the reader should be told about a file that could not be used as it is; the page has the sentences. */
export type FileProblem =
  | { code: 'too-large'; megabytes: number }
  | { code: 'no-documents' | 'not-text' | 'no-array' }
  | { code: 'textless'; entries: number }
  | { code: 'no-room'; room: number; documents: number }
  | { code: 'not-json' | 'unreadable'; reason: string }
  | { code: 'line-not-json'; line: number; reason: string }
  | { code: 'open-quote'; row: number }

export class DocumentFileError extends Error {
  override readonly name = 'DocumentFileError'
  readonly problem: FileProblem

  constructor(problem: FileProblem) {
    super(problem.code)
    this.problem = problem
  }
}

const TITLE_FIELDS = ['title', 'name', 'subject', 'heading', 'question', 'headline']
const TEXT_FIELDS = ['text', 'body', 'content', 'passage', 'contents', 'abstract', 'description', 'summary', 'answer']
const URL_FIELDS = ['url', 'link', 'href']

export interface ParsedFile {
  drafts: Draft[]
  /** Entries that hold no text to search or to show. */
  textless: number
}

/**
 * A file's text.
 *
 * @throws DocumentFileError for what is no UTF-8 text, which would be shown as a jumble
 */
export function decodeText(bytes: ArrayBuffer): string {
  let text: string | undefined
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Said below.
  }
  if (text === undefined || text.includes('\0')) throw new DocumentFileError({ code: 'not-text' })
  return text
}

/** Splits a file into documents by what its name says it is; anything unknown is read as plain text. */
export function parseDocuments(fileName: string, content: string): ParsedFile {
  const entries = readEntries(fileName, content.replace(/^\uFEFF/, ''))
  const drafts = entries.filter((draft) => draft !== undefined)
  return { drafts, textless: entries.length - drafts.length }
}

function readEntries(fileName: string, text: string): (Draft | undefined)[] {
  const extension = /\.(\w+)$/.exec(fileName)?.[1]?.toLowerCase()
  switch (extension) {
    case 'json':
      return fromJson(text)
    case 'jsonl':
    case 'ndjson':
      return fromJsonLines(text)
    case 'csv':
      return fromRows(parseCsv(text, ','))
    case 'tsv':
      return fromRows(parseCsv(text, '\t'))
    case 'md':
    case 'markdown':
      return fromMarkdown(text)
    default:
      return fromPlainText(text)
  }
}

/** Paragraphs where blank lines part them, else one document a line. */
function fromPlainText(text: string): Draft[] {
  const separator = /\S[ \t]*\r?\n[ \t]*\r?\n\s*\S/.test(text) ? /\r?\n[ \t]*\r?\n\s*/ : /\r?\n/
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter(Boolean)
    .map(titled)
}

/** One document a section, with the headings above it in its title. */
function fromMarkdown(text: string): Draft[] {
  const drafts: Draft[] = []
  const headings: string[] = []
  let body: string[] = []
  let inFence = false
  const close = () => {
    const content = body.join('\n').trim()
    body = []
    if (!content) return
    const title = headings.filter(Boolean).join(' › ')
    drafts.push(title ? { title, text: content } : titled(content))
  }
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(```|~~~)/.test(line)) inFence = !inFence
    const heading = inFence ? null : /^(#{1,6})\s+(.*?)\s*#*$/.exec(line)
    if (!heading) {
      body.push(line)
      continue
    }
    close()
    const level = (heading[1] as string).length
    headings.length = level - 1
    headings[level - 1] = heading[2] as string
  }
  close()
  return drafts
}

function fromJson(text: string): (Draft | undefined)[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new DocumentFileError({ code: 'not-json', reason: (error as Error).message })
  }
  const list = Array.isArray(value) ? value : firstArray(value)
  if (!list) throw new DocumentFileError({ code: 'no-array' })
  return list.map(fromValue)
}

function firstArray(value: unknown): unknown[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.values(value).find((member) => Array.isArray(member))
}

function fromJsonLines(text: string): (Draft | undefined)[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (!line.trim()) return []
    try {
      return [fromValue(JSON.parse(line))]
    } catch (error) {
      throw new DocumentFileError({ code: 'line-not-json', line: at + 1, reason: (error as Error).message })
    }
  })
}

function fromRows([header, ...rows]: string[][]): (Draft | undefined)[] {
  if (!header) return []
  return rows.map((row) =>
    fromValue(Object.fromEntries(header.map((name, column) => [name.trim() || `column ${column + 1}`, row[column] ?? '']))),
  )
}

/** A document from a string, or from an object by the usual names of its fields (all of them where none is usual). */
function fromValue(value: unknown): Draft | undefined {
  if (typeof value === 'string') return value.trim() ? titled(value.trim()) : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const fields = new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]))
  const pick = (names: string[]) => {
    const name = names.find((candidate) => typeof fields.get(candidate) === 'string' && (fields.get(candidate) as string).trim())
    return name === undefined ? undefined : { name, value: (fields.get(name) as string).trim() }
  }
  const title = pick(TITLE_FIELDS)
  const url = pick(URL_FIELDS)?.value
  const text =
    pick(TEXT_FIELDS)?.value ??
    [...fields]
      .filter(([name, field]) => name !== title?.name && ['string', 'number'].includes(typeof field) && field !== '')
      .map(([name, field]) => `${name}: ${field}`)
      .join('\n')
  if (!title && !text) return undefined
  const link = url && /^https?:\/\//.test(url) ? { url } : {}
  return title ? { title: title.value, text, ...link } : { ...titled(text), ...link }
}

/** The first line, or the first words, as the title of a document that brings none. */
function titled(text: string): Draft {
  const [first = '', ...rest] = text.split(/\r?\n/)
  if (first.length <= 100) return { title: first.trim(), text: rest.join('\n').trim() }
  return { title: `${first.slice(0, 72).replace(/\s+\S*$/, '')} …`, text }
}

/** RFC 4180: quoted fields may hold separators, line breaks and doubled quotes. */
export function parseCsv(text: string, separator: ',' | '\t'): string[][] {
  // Spreadsheets of half of Europe write semicolons into their .csv.
  const firstLine = text.slice(0, text.search(/[\r\n]|$/))
  const mark = separator === ',' && !firstLine.includes(',') && firstLine.includes(';') ? ';' : separator
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (quoted) {
      if (char !== '"') field += char
      else if (text[at + 1] === '"') field += text[++at]
      else quoted = false
    } else if (char === '"' && field === '') quoted = true
    else if (char === mark) {
      row.push(field)
      field = ''
    } else if (char === '\n' || char === '\r') {
      if (char === '\r' && text[at + 1] === '\n') at++
      rows.push([...row, field])
      row = []
      field = ''
    } else field += char
  }
  if (quoted) throw new DocumentFileError({ code: 'open-quote', row: rows.length + 1 })
  if (field !== '' || row.length > 0) rows.push([...row, field])
  return rows.filter((cells) => cells.some((cell) => cell.trim() !== ''))
}
