import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { decode } from 'cborg'
import { InvalidInputError } from '../../errors.js'
import { type Fragment, type PageText, readPage } from '../../pagefind/page-texts.js'
import { fileProblem, isObject, parseJson } from '../lines.js'

/** What every file of Pagefind's begins with, once it is decompressed. */
const MAGIC = 'pagefind_dcd'
/** Fragments that are open at a time. */
const AT_A_TIME = 32

/** The pages of one language. */
export interface BundleLanguage {
  /** As Pagefind names it: `en`, `zh-cn`, `unknown`. */
  name: string
  pages: PageText[]
}

const unzipped = promisify(gunzip)

/**
 * The pages of a site as Pagefind has written them down: those that its search finds now, whatever else an earlier build left in the folder.
 *
 * @throws InvalidInputError where it is no such folder, one of another layout, or not whole
 */
export async function readBundle(folder: string): Promise<BundleLanguage[]> {
  const entry = await readEntry(folder)
  const languages: BundleLanguage[] = []
  for (const [name, { hash }] of Object.entries(entry)) {
    const ids = await readPageList(folder, hash)
    const files = new Map(ids.map(({ id, group }) => [id, group || id]))
    const pages: PageText[] = []
    const groups = new Map<string, Promise<unknown>>()
    for (let at = 0; at < ids.length; at += AT_A_TIME) {
      const some = [...files].slice(at, at + AT_A_TIME).map(async ([id, file]) => {
        const path = join('fragment', `${file}.pf_fragment`)
        const read = groups.get(file) ?? readJson(folder, path)
        groups.set(file, read)
        const fragment = file === id ? await read : ((await read) as Record<string, unknown>)[id]
        if (!isFragment(fragment)) throw unknownLayout(folder, `${path} has no page ${id}`)
        return readPage(id, fragment)
      })
      pages.push(...(await Promise.all(some)))
    }
    languages.push({ name, pages })
  }
  return languages
}

async function readEntry(folder: string): Promise<Record<string, { hash: string }>> {
  const path = join(folder, 'pagefind-entry.json')
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new InvalidInputError(
      'invalid-input',
      `There is no Pagefind output in ${folder} (${path}: ${fileProblem(cause)}). Run Pagefind first, and name the folder that it wrote, such as dist/pagefind.`,
      { file: path, cause },
    )
  })
  const entry = parseJson(text)
  if (!isObject(entry) || typeof entry.version !== 'string' || !isObject(entry.languages))
    throw unknownLayout(folder, `${path} is not as expected`)
  if (!/^1\./.test(entry.version)) throw unknownLayout(folder, `it was written by version ${entry.version}`)
  const languages = Object.entries(entry.languages)
  for (const [name, language] of languages)
    if (!isObject(language) || typeof language.hash !== 'string' || !/^[\w-]+$/.test(language.hash))
      throw unknownLayout(folder, `language ${name} in ${path} has no hash`)
  return Object.fromEntries(languages) as Record<string, { hash: string }>
}

/** Pages of a language, by the list that Pagefind's search itself reads, and the files that they share. */
async function readPageList(folder: string, hash: string): Promise<{ id: string; group?: string }[]> {
  const name = `pagefind.${hash}.pf_meta`
  const meta = await readPart(folder, name)
  let pages: unknown
  try {
    pages = (decode(meta) as unknown[])[1]
  } catch (cause) {
    throw unknownLayout(folder, `${name} cannot be read`, cause)
  }
  if (!Array.isArray(pages)) throw unknownLayout(folder, `${name} lists no pages`)
  return pages.map((page) => {
    const [id, , group] = Array.isArray(page) ? page : []
    for (const file of [id, group || id])
      if (typeof file !== 'string' || !/^[\w-]+$/.test(file)) throw unknownLayout(folder, `${name} lists pages in another way`)
    return { id, group }
  })
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const value = parseJson((await readPart(folder, name)).toString('utf8'))
  if (value === undefined) throw notWhole(folder, `${name} is no JSON`)
  return value
}

async function readPart(folder: string, name: string): Promise<Buffer> {
  const file = await readFile(join(folder, name)).catch((cause) => {
    throw notWhole(folder, `${name}: ${fileProblem(cause)}`, cause)
  })
  // They are compressed, but need not be.
  const isPlain = file.subarray(0, MAGIC.length).toString('latin1') === MAGIC
  const bytes = isPlain
    ? file
    : await unzipped(file).catch((cause) => {
        throw notWhole(folder, `${name} is damaged`, cause)
      })
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC)
    throw unknownLayout(folder, `${name} does not begin as Pagefind's files do`)
  return bytes.subarray(MAGIC.length)
}

function isFragment(value: unknown): value is Fragment {
  return (
    isObject(value) &&
    typeof value.content === 'string' &&
    isObject(value.meta) &&
    (value.anchors === undefined || Array.isArray(value.anchors))
  )
}

function notWhole(folder: string, why: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(
    'invalid-input',
    `The Pagefind output in ${folder} is not whole: ${why}. Run Pagefind again, then this command.`,
    {
      file: folder,
      cause,
    },
  )
}

export function unknownLayout(folder: string, why: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(
    'invalid-input',
    `The Pagefind output in ${folder} is laid out in a way that this version does not know: ${why}. Use Pagefind 1.x, or a newer page-rerank.`,
    { file: folder, cause },
  )
}

/** Names of what is there. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
