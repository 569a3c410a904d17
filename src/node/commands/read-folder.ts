import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import { fileProblem } from '../lines.js'
import { identityOf } from '../output-file.js'
import { openInput } from './input.js'
import { type Documents, type DocumentsOptions, readDocuments } from './read-documents.js'

/** A file of a site, as a document. */
export interface SiteDocument extends Record<string, unknown> {
  /** Below the folder, with `/` between its parts. */
  path: string
  title?: string
  text: string
}

const PAGES: Record<string, (content: string) => { title?: string; text: string }> = {
  html: readHtml,
  htm: readHtml,
  md: readMarkdown,
  markdown: readMarkdown,
  txt: (content) => ({ text: content.trim() }),
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
      const page = read(await readText(file))
      if (page.text === '') continue
      all.documents.push({ path: path.split(sep).join('/'), ...page })
      all.texts.push(page.text)
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
function readMarkdown(content: string): { title?: string; text: string } {
  const [, matter, body = ''] = /^\s*(?:---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$))?([\s\S]*)$/.exec(content) ?? []
  const named = /^title:[ \t]*(?:"(.*)"|'(.*)'|(.*?))[ \t]*$/m.exec(matter ?? '')
  const text = body.trim()
  const heading = /^#[ \t]+(.*?)[ \t]*#*[ \t]*(?:\r?\n|$)/.exec(text)
  const title = (named?.[1] ?? named?.[2] ?? named?.[3])?.trim() || heading?.[1]
  const rest = heading && heading[1] === title ? text.slice(heading[0].length).trim() : text
  return titled(title, rest)
}

/** Elements without a page's own words. */
const SILENT = ['script', 'style', 'template', 'noscript', 'svg', 'nav', 'footer', 'head']
const BLOCK =
  /<\/?(?:address|article|aside|blockquote|br|dd|details|div|dl|dt|fieldset|figcaption|figure|form|h[1-6]|header|hr|li|main|ol|p|pre|section|summary|table|tbody|td|th|thead|tr|ul)\b[^>]*>/gi

/** What an HTML page says: of its `main` or `article` where it has one. */
function readHtml(content: string): { title?: string; text: string } {
  const plain = content.replace(/<!--[\s\S]*?-->/g, '')
  const title = wordsOf(/<title[^>]*>([\s\S]*?)<\/title>/i.exec(plain)?.[1] ?? '')
  const main = elementOf(plain, 'main') ?? elementOf(plain, 'article') ?? elementOf(plain, 'body') ?? plain
  const spoken = SILENT.reduce((html, name) => html.replace(new RegExp(`<${name}\\b[\\s\\S]*?</${name}\\s*>`, 'gi'), ' '), main)
  const lines = spoken.replace(BLOCK, '\n').split('\n').map(wordsOf)
  const text = lines.filter((line) => line !== '').join('\n')
  const heading = text.split('\n', 1)[0]
  return titled(title || undefined, heading === title ? text.slice(title.length).trim() : text)
}

function elementOf(html: string, name: string): string | undefined {
  const start = new RegExp(`<${name}\\b[^>]*>`, 'i').exec(html)
  if (!start) return undefined
  const from = start.index + start[0].length
  const end = html.toLowerCase().lastIndexOf(`</${name}`)
  return html.slice(from, end > from ? end : undefined)
}

function titled(title: string | undefined, rest: string): { title?: string; text: string } {
  if (!title) return { text: rest }
  return { title, text: rest === '' ? title : `${title}\n${rest}` }
}

const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  hellip: '…',
  mdash: '—',
  ndash: '–',
}

/** A piece of HTML as words, without its tags. */
function wordsOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{1,10}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] as string) : whole
      const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
    })
    .replace(/\s+/g, ' ')
    .trim()
}
