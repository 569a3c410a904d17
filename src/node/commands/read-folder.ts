import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import { fileProblem } from '../lines.js'
import { identityOf } from '../output-file.js'
import { openInput } from './input.js'
import { type Documents, type DocumentsOptions, readDocuments } from './read-documents.js'
import { readHtml } from './read-html.js'

/** A file of a site, as a document. */
export interface SiteDocument extends Record<string, unknown> {
  /** Below the folder, with `/` between its parts. */
  path: string
  title?: string
  text: string
}

/** A page's title, and its text without that. */
interface Page {
  title?: string
  rest: string
}

const PAGES: Record<string, (content: string) => Page> = {
  html: readPage,
  htm: readPage,
  md: readMarkdown,
  markdown: readMarkdown,
  txt: (content) => ({ rest: content.trim() }),
}
const DATA = ['json', 'jsonl', 'ndjson']

/**
 * The documents of a folder: a page each of HTML, Markdown and text, and those in files of JSON. In the order of their paths;
 * hidden files and node_modules are left out, and what is written.
 *
 * @param outputs files that are written: what an earlier run left there is nobody's document
 * @throws InvalidInputError where the folder or a file cannot be read
 */
export async function readFolder(
  folder: string,
  { outputs, signal, ...options }: DocumentsOptions & { outputs: readonly string[]; signal: AbortSignal },
): Promise<Documents> {
  const all: Documents = { documents: [], texts: [] }
  const written = (await Promise.all(outputs.map(identityOf))).filter((identity) => identity !== undefined)
  for (const path of await filesIn(folder)) {
    signal.throwIfAborted()
    const extension = extensionOf(path)
    const file = join(folder, path)
    if (written.includes((await identityOf(file)) ?? '')) continue
    const read = PAGES[extension]
    if (read) {
      const { title, rest } = read(await readText(file))
      const text = [title, rest].filter(Boolean).join('\n')
      if (text === '') continue
      all.documents.push({ path: path.split(sep).join('/'), ...(title && { title }), text })
      all.texts.push(text)
    } else {
      // No terminal is asked: the file is named.
      const { documents, texts } = await readDocuments(openInput(file, process.stdin, signal), options)
      for (const document of documents) all.documents.push(document)
      for (const text of texts) all.texts.push(text)
    }
  }
  return all
}

function extensionOf(path: string): string {
  return /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    const isMeant = (path: string) =>
      (extensionOf(path) in PAGES || DATA.includes(extensionOf(path))) &&
      !path.split(sep).some((part) => part.startsWith('.') || part === 'node_modules')
    return paths.filter(isMeant).sort()
  } catch (cause) {
    throw new InvalidInputError('invalid-input', `Cannot read ${folder}: ${fileProblem(cause)}.`, { file: folder, cause })
  }
}

async function readText(path: string): Promise<string> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
    if (text.includes('\0')) throw new Error('it is not text, it holds zero bytes')
    return text
  } catch (cause) {
    throw new InvalidInputError('invalid-input', `Cannot read ${path}: ${fileProblem(cause)}.`, { file: path, cause })
  }
}

/** Markdown as it is, without its front matter; the title that this or the first heading names goes before it. */
function readMarkdown(content: string): Page {
  const [, matter, body = ''] = /^\s*(?:---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$))?([\s\S]*)$/.exec(content) ?? []
  const text = body.trim()
  const [first = ''] = text.split('\n', 1)
  const heading = headingOf(first)
  const title = titleOf(matter) || heading
  return { title, rest: heading && heading === title ? text.slice(first.length).trim() : text }
}

/** What front matter names as the title. */
function titleOf(matter = ''): string | undefined {
  const named = /^title:(.*)$/m.exec(matter)?.[1]?.trim()
  return (/^"(.*)"$/.exec(named ?? '') ?? /^'(.*)'$/.exec(named ?? ''))?.[1]?.trim() ?? named
}

/** Of a line of Markdown; what closes a heading is no part of it. */
function headingOf(line: string): string | undefined {
  if (!/^#[ \t]/.test(line)) return undefined
  const words = line.slice(1).trim()
  let end = words.length
  while (words[end - 1] === '#') end--
  return words.slice(0, end).trim() || undefined
}

/** HTML; a heading that says what the title does is not said twice. */
function readPage(content: string): Page {
  const { title, lines } = readHtml(content)
  return { title, rest: (lines[0] === title ? lines.slice(1) : lines).join('\n') }
}
