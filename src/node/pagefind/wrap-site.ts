import { createHash, randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { copyFile, mkdir, readFile, realpath, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { InvalidInputError, isAbortError, isRerankerError, RerankerError } from '../../errors.js'
import { MODEL_OF_LANGUAGE } from '../../model/packages.js'
import { type PageText, passagesOf, SECTION_TOKENS } from '../../pagefind/page-texts.js'
import type { LanguageSettings, Settings } from '../../pagefind/settings.js'
import type { ProgressEvent, ScoreProgress } from '../../types.js'
import type { buildIndex } from '../build-index.js'
import { withFileLock } from '../file-lock.js'
import { fileProblem } from '../lines.js'
import { copyPageFiles, type PageFile, packagedModelFolder, pageFiles } from '../page-files.js'
import { type BundleLanguage, namesIn, readBundle, unknownLayout } from './bundle.js'
import { exportsOf, FOLDER, isWrapper, NEEDED, ORIGINAL, WRAPPER, wrapperOf } from './wrapper-file.js'

export interface WrapOptions {
  budgetMs: number
  buildIndex: typeof buildIndex
  onLoad?: (event: ProgressEvent) => void
  onRead?: (progress: ScoreProgress) => void
  signal?: AbortSignal
}

/** What was done to a site. */
export interface WrappedSite {
  folder: string
  /** False where everything was as it would be. */
  changed: boolean
  pages: number
  /** Texts of them that are ranked. */
  sections: number
  /** Texts that were read now; the others were in an earlier index. */
  read: number
  languages: { name: string; pages: number; model?: string }[]
  /** Of the files that a reader's browser may fetch, by what they are. */
  bytes: { wrapper: number; index: number; pages: number; library: number }
}

/**
 * Put a wrapper in the place of a site's `pagefind.js`. What the wrapper needs is written first, and each file or folder comes to its name
 * whole: whenever this stops, the site searches. Two that are run at once follow one another.
 *
 * @throws InvalidInputError; what `buildIndex` throws
 */
export function wrapSite(folder: string, options: WrapOptions): Promise<WrappedSite> {
  return alone(folder, options.signal, () => wrap(folder, options))
}

async function wrap(folder: string, options: WrapOptions): Promise<WrappedSite> {
  const bundle = await readBundle(folder)
  const { script, isWrapped } = await readScripts(folder)
  await removeUnfinished(folder)
  const names = exportsOf(script)
  const missing = NEEDED.find((name) => !names.includes(name))
  if (missing) throw unknownLayout(folder, `${WRAPPER} exports no ${missing}`)
  const models = modelsOf(folder, bundle)
  const texts = bundle.flatMap(({ name, pages }) => (models[name] ? [{ name, pages, bytes: packed(pages) }] : []))
  const settings: Settings = { budgetMs: options.budgetMs, languages: {} }
  for (const { name, pages } of bundle) {
    const own = texts.find((one) => one.name === name)
    const files: Partial<LanguageSettings> = own ? { pages: pagesFile(name, own.bytes), index: indexFile(name) } : {}
    settings.languages[name] = { count: pages.length, ...(models[name] && { model: models[name] }), ...files }
  }
  const used = [...new Set(Object.values(models))]
  const wrapper = await wrapperOf(names, settings, await fingerprint(script, texts, used))
  const files = await pageFiles(used, false)
  const sections = texts.reduce((sum, { pages }) => sum + pages.flatMap(passagesOf).length, 0)
  const done = {
    folder,
    pages: bundle.reduce((sum, { pages }) => sum + pages.length, 0),
    sections,
    languages: bundle.map(({ name, pages }) => ({ name, pages: pages.length, ...(models[name] && { model: models[name] }) })),
  }
  const generated = Object.values(settings.languages).flatMap(({ pages, index }) => (pages && index ? [pages, index] : []))
  if (isWrapped && (await isSame(folder, wrapper, files, generated))) {
    return { ...done, changed: false, read: 0, bytes: await sizes(folder, settings, files) }
  }

  const unfinished = join(folder, `${FOLDER}.${randomUUID()}.unfinished`)
  let read = 0
  try {
    await written(folder, () => mkdir(unfinished))
    await written(folder, () => copyPageFiles(files, unfinished))
    for (const { name, pages, bytes } of texts) {
      await written(folder, () => writeFile(join(unfinished, pagesFile(name, bytes)), bytes))
      const built = await buildFrom(
        pages.flatMap(passagesOf).map(({ text }) => text),
        {
          ...options,
          model: models[name] as string,
          out: join(unfinished, indexFile(name)),
          earlier: [join(folder, FOLDER, indexFile(name)), ...cacheFile(folder, name)],
        },
      )
      read += built.read
    }
    options.signal?.throwIfAborted()
    const made = await Promise.all(generated.map(async (path) => [path, await sizeOf(join(unfinished, path))]))
    await written(folder, () => writeFile(join(unfinished, SIZES), JSON.stringify(Object.fromEntries(made))))
    await written(folder, async () => {
      if (!isWrapped) await replaceBy(folder, ORIGINAL, (path) => copyWhole(join(folder, WRAPPER), path))
      await replaceFolder(unfinished, join(folder, FOLDER))
      await replaceBy(folder, WRAPPER, (path) => writeFile(path, wrapper))
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined)
  }
  return { ...done, changed: true, read, bytes: await sizes(folder, settings, files) }
}

/**
 * Everything as Pagefind wrote it. Where Pagefind ran again over the wrapper, its new `pagefind.js` stays, and only the rest goes.
 *
 * @returns whether there was anything to undo
 * @throws InvalidInputError
 */
export function unwrapSite(folder: string, signal?: AbortSignal): Promise<boolean> {
  return alone(folder, signal, () => unwrap(folder))
}

async function unwrap(folder: string): Promise<boolean> {
  const { isWrapped } = await readScripts(folder)
  const before = await namesIn(folder)
  const rest = before.filter((name) => name === ORIGINAL || name === FOLDER || isUnfinished(name))
  await written(folder, async () => {
    if (isWrapped) await rename(join(folder, ORIGINAL), join(folder, WRAPPER))
    for (const name of rest) await rm(join(folder, name), { recursive: true, force: true })
  })
  return isWrapped || rest.length > 0
}

/** With no other process of this machine at the same folder. The lock is not in it: what is deployed is Pagefind's and ours. */
async function alone<T>(folder: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const path = await realpath(folder).catch(() => resolve(folder))
  return withFileLock(join(tmpdir(), `page-rerank-pagefind-${sha256(path).slice(0, 16)}.lock`), signal, work)
}

/** Pagefind's own script, wherever it is. */
async function readScripts(folder: string): Promise<{ script: string; isWrapped: boolean }> {
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const now = await read(WRAPPER).catch(async (cause) => {
    // The wrapper went, and what it wraps is still there.
    if ((await sizeOf(join(folder, ORIGINAL))) !== undefined) return undefined
    throw new InvalidInputError(
      'invalid-input',
      `There is no ${WRAPPER} in ${folder} (${fileProblem(cause)}). Run Pagefind first, and name the folder that it wrote, such as dist/pagefind.`,
      { file: join(folder, WRAPPER), cause },
    )
  })
  if (now !== undefined && !isWrapper(now)) return { script: now, isWrapped: false }
  const script = await read(ORIGINAL).catch((cause) => {
    throw new InvalidInputError(
      'invalid-input',
      `${join(folder, WRAPPER)} is the wrapper, and Pagefind's own, ${ORIGINAL}, is not beside it (${fileProblem(cause)}). Run Pagefind again, then this command.`,
      { file: join(folder, ORIGINAL), cause },
    )
  })
  return { script, isWrapped: true }
}

/** The model of each language that has one. @throws InvalidInputError where none has */
function modelsOf(folder: string, bundle: readonly BundleLanguage[]): Record<string, string> {
  const models: Record<string, string> = {}
  let notInstalled: unknown
  for (const { name, pages } of bundle) {
    const model = MODEL_OF_LANGUAGE[name.split('-')[0] as string]
    if (!model || pages.every((page) => passagesOf(page).length === 0)) continue
    try {
      packagedModelFolder(model)
      models[name] = model
    } catch (error) {
      notInstalled = error
    }
  }
  if (Object.keys(models).length > 0) return models
  if (notInstalled) throw notInstalled
  const found = bundle.map(({ name, pages }) => `${name}: ${pages.length} pages`).join(', ') || 'no pages'
  throw new InvalidInputError(
    'invalid-input',
    `There is nothing to rank in ${folder}: the models read English and Chinese, and Pagefind found ${found}. Say the pages' language in <html lang="en"> or <html lang="zh">, and run Pagefind again.`,
    { file: folder },
  )
}

/** So that no earlier visit's file is taken for this build's. */
function pagesFile(language: string, bytes: Uint8Array): string {
  return `${language}.${sha256(bytes).slice(0, 10)}.pages`
}

/** One name, so that what has not changed is taken over. */
function indexFile(language: string): string {
  return `${language}.index`
}

function packed(pages: readonly PageText[]): Uint8Array {
  return gzipSync(JSON.stringify(pages), { level: 9 })
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

async function fingerprint(script: string, texts: readonly { bytes: Uint8Array }[], models: readonly string[]): Promise<string> {
  const manifests = await Promise.all(models.map((model) => readFile(join(packagedModelFolder(model), 'page-rerank.json'))))
  return sha256([script, ...texts.map(({ bytes }) => bytes), ...manifests].map(sha256).join())
}

/** Whether a wrapper stands there that was made of the same, with all that it needs. */
async function isSame(folder: string, wrapper: string, files: readonly PageFile[], generated: readonly string[]): Promise<boolean> {
  if ((await readFile(join(folder, WRAPPER), 'utf8').catch(() => undefined)) !== wrapper) return false
  const there = (path: string) => sizeOf(join(folder, FOLDER, path))
  const copies = await Promise.all(files.map(async ({ source, path }) => (await there(path)) === (await sizeOf(source))))
  const written = await generatedSizes(folder)
  const others = await Promise.all(generated.map(async (path) => written[path] !== undefined && (await there(path)) === written[path]))
  return [...copies, ...others].every(Boolean)
}

/** What the files that were made for the site had when they were written: one that is damaged since is made again. */
const SIZES = 'sizes.json'

async function generatedSizes(folder: string): Promise<Record<string, number>> {
  try {
    return JSON.parse(await readFile(join(folder, FOLDER, SIZES), 'utf8'))
  } catch {
    return {}
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size
}

async function sizes(folder: string, { languages }: Settings, files: readonly PageFile[]): Promise<WrappedSite['bytes']> {
  const sum = async (names: readonly (string | undefined)[]) => {
    const all = await Promise.all(names.map((name) => (name ? sizeOf(join(folder, FOLDER, name)) : 0)))
    return all.reduce((total: number, one) => total + (one ?? 0), 0)
  }
  const each = Object.values(languages)
  return {
    wrapper: (await sizeOf(join(folder, WRAPPER))) ?? 0,
    index: await sum(each.map(({ index }) => index)),
    pages: await sum(each.map(({ pages }) => pages)),
    library: await sum(files.map(({ path }) => path)),
  }
}

/** An index of texts; what an earlier one has is not read again. One that is damaged is as good as none. */
async function buildFrom(
  texts: readonly string[],
  { earlier, out, model, buildIndex, onLoad, onRead, signal }: WrapOptions & { earlier: string[]; out: string; model: string },
): Promise<{ read: number }> {
  const options = {
    out,
    model,
    maxLength: SECTION_TOKENS,
    ...(onLoad && { onProgress: onLoad }),
    ...(onRead && { onRead }),
    ...(signal && { signal }),
  }
  let built: { read: number } | undefined
  for (const path of earlier) {
    const isCopied = await copyFile(path, out).then(
      () => true,
      () => false,
    )
    if (!isCopied) continue
    built = await buildIndex(texts, options).catch((error) => {
      // What is no index is not written over, for it may be somebody's; this is a copy of ours.
      if (!(isRerankerError(error) && error.code === 'invalid-option')) throw error
      return rm(out, { force: true }).then(() => undefined)
    })
    if (built) break
  }
  built ??= await buildIndex(texts, options)
  const [, kept] = earlier
  // The next build begins with an empty folder, as a rule. It is only faster with this.
  if (kept) {
    const unfinished = `${kept}.${randomUUID()}.unfinished`
    await mkdir(dirname(kept), { recursive: true })
      .then(() => copyFile(out, unfinished))
      .then(() => rename(unfinished, kept))
      .catch(() => rm(unfinished, { force: true }))
  }
  return built
}

/** Where the project's tools keep what they may lose. */
function cacheFile(folder: string, language: string): string[] {
  for (let at = resolve(folder); dirname(at) !== at; at = dirname(at)) {
    const modules = join(at, 'node_modules')
    if (statSync(modules, { throwIfNoEntry: false })?.isDirectory())
      return [join(modules, '.cache/page-rerank', `pagefind-${language}.index`)]
  }
  return []
}

/** To its name in one step. */
async function replaceBy(folder: string, name: string, write: (path: string) => Promise<unknown>): Promise<void> {
  const unfinished = join(folder, `${name}.${randomUUID()}.unfinished`)
  try {
    await write(unfinished)
    await rename(unfinished, join(folder, name))
  } finally {
    await rm(unfinished, { force: true })
  }
}

async function copyWhole(from: string, to: string): Promise<void> {
  const { atime, mtime } = await stat(from)
  await copyFile(from, to)
  await utimes(to, atime, mtime)
}

async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${to}.${randomUUID()}.unfinished`
  await rename(to, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rename(from, to)
  await rm(old, { recursive: true, force: true })
}

function isUnfinished(name: string): boolean {
  return name.endsWith('.unfinished') && [WRAPPER, ORIGINAL, FOLDER].some((one) => name.startsWith(`${one}.`))
}

/** What a run that was ended left; nobody else is at work here. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await namesIn(folder))
    if (isUnfinished(name)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined)
}

async function written<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof RerankerError || isAbortError(cause)) throw cause
    const message = `Cannot write in ${folder}: ${fileProblem(cause)}. Make room or give the right to write there, and run this again; until then the site searches as before.`
    throw new InvalidInputError('invalid-input', message, { file: folder, cause })
  }
}
