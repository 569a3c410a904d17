import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { buildIndex } from 'page-rerank/node'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { readBundle } from '../../src/node/pagefind/bundle.js'
import { unwrapSite, type WrapOptions, wrapSite } from '../../src/node/pagefind/wrap-site.js'
import { exportsOf } from '../../src/node/pagefind/wrapper-file.js'
import { passagesOf } from '../../src/pagefind/page-texts.js'
import { buildSite, GIT_PAGES } from '../support/pagefind-site.js'
import { run } from './run.js'

let parent: string
/** A site as Pagefind wrote it. */
let original: string
/** A copy of it, for one test. */
let site: string
let folder: string

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'page-rerank-pagefind-'))
  original = join(parent, 'original')
  await buildSite(original, GIT_PAGES)
})
afterAll(() => rm(parent, { recursive: true }))
beforeEach(async () => {
  site = await mkdtemp(join(parent, 'site-'))
  await cp(original, site, { recursive: true, preserveTimestamps: true })
  folder = join(site, 'pagefind')
})

/** Writes which texts it was given, as quickly as can be. */
const fakeIndex = vi.fn(async (texts: readonly string[], { out }: { out: string }) => {
  await writeFile(out, texts.join('\0'))
  return { out, bytes: 1, documents: texts.length, tokens: 1, read: texts.length, model: 'm', revision: 'r', dtype: 'q8' as const }
})
beforeEach(() => {
  fakeIndex.mockClear()
})
const options: WrapOptions = { budgetMs: 400, buildIndex: fakeIndex as unknown as typeof buildIndex }

/** Every file below, by its path: what is in it, and when it was written. */
async function filesIn(at: string): Promise<Record<string, string>> {
  const entries = (await readdir(at, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const files = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name)
      const sha256 = createHash('sha256').update(await readFile(path))
      return [path.slice(at.length + 1), `${sha256.digest('hex')} ${(await stat(path)).mtimeMs}`] as const
    }),
  )
  return Object.fromEntries(files.sort())
}

describe('reading what Pagefind wrote', () => {
  test('gives every page, and those of shared files the same', async () => {
    const [language] = await readBundle(folder)
    expect(language?.name).toBe('en')
    expect(language?.pages.map(({ title }) => title).sort()).toEqual(
      Object.values(GIT_PAGES)
        .map(({ title }) => title)
        .sort(),
    )
    const texts = language?.pages.flatMap(passagesOf).map(({ text }) => text)
    expect(texts).toContain('git reset\nSoft\nUndoes the last commit and keeps your work staged.')

    const shared = await mkdtemp(join(parent, 'shared-'))
    await buildSite(shared, GIT_PAGES, ['--max-fragments', '3'])
    const names = await readdir(join(shared, 'pagefind/fragment'))
    expect(names.every((name) => name.startsWith('en_group_'))).toBe(true)
    const byId = (pages: { id: string }[] | undefined) => pages?.toSorted((one, other) => one.id.localeCompare(other.id))
    expect(byId((await readBundle(join(shared, 'pagefind')))[0]?.pages)).toEqual(byId(language?.pages))
  })

  test('leaves out what an earlier build left in the folder', async () => {
    await writeFile(join(folder, 'fragment/en_0000000.pf_fragment'), 'no fragment at all')
    const { push: _, ...fewer } = GIT_PAGES
    await rm(join(site, 'push'), { recursive: true })
    await buildSite(site, fewer)
    expect((await readdir(join(folder, 'fragment'))).length).toBeGreaterThan(10)
    expect((await readBundle(folder))[0]?.pages.map(({ title }) => title)).not.toContain('git push')
  })
})

describe('page-rerank pagefind', () => {
  test('puts a wrapper with the same exports in the place of pagefind.js, and keeps Pagefind’s own beside it', async () => {
    const before = await readFile(join(folder, 'pagefind.js'))
    const { bytes, ...told } = await wrapSite(folder, options)
    const languages = [{ name: 'en', pages: 10, model: 'page-rerank-small-en' }]
    expect(told).toEqual({ folder, changed: true, pages: 10, sections: 13, read: 13, languages })
    expect((await readFile(join(folder, 'pagefind.js.original.js'))).equals(before)).toBe(true)
    const wrapper = await readFile(join(folder, 'pagefind.js'), 'utf8')
    expect(wrapper).toContain("export * from './pagefind.js.original.js'")
    const wrapped = /export const \{ (.*) \} = wrapPagefind\(/.exec(wrapper)?.[1]?.split(', ')
    expect(wrapped?.sort()).toEqual(exportsOf(before.toString()).sort())
    expect(Buffer.byteLength(wrapper)).toBe(bytes.wrapper)
    expect(gzipSync(wrapper).length).toBeLessThan(5000)
    // What a page fetches, and nothing that only a GPU needs.
    const files = Object.keys(await filesIn(join(folder, 'page-rerank')))
    const needed = ['dist/index.js', 'dist/worker.js', 'dist/ort/ort-wasm-simd-threaded.wasm', 'en.index']
    expect(files).toEqual(expect.arrayContaining([...needed, 'models/page-rerank-small-en/onnx/model_quantized.onnx']))
    expect(files.filter((file) => /jspi|asyncify|q4|node|cli|pagefind\.js|small-zh/.test(file))).toEqual([])
    expect((await readdir(folder)).filter((name) => name.includes('unfinished'))).toEqual([])
  })

  test('the texts in the folder are those of the index', async () => {
    await wrapSite(folder, options)
    const name = (await readdir(join(folder, 'page-rerank'))).find((one) => one.endsWith('.pages')) as string
    const pages = JSON.parse(gunzipSync(await readFile(join(folder, 'page-rerank', name))).toString())
    expect(pages.flatMap(passagesOf).map(({ text }: { text: string }) => text)).toEqual(fakeIndex.mock.calls[0]?.[0])
  })

  test('run again it changes nothing; with another option, what depends on it', async () => {
    await wrapSite(folder, options)
    const before = await filesIn(folder)
    expect(await wrapSite(folder, options)).toMatchObject({ changed: false, read: 0 })
    expect(await filesIn(folder)).toEqual(before)
    expect(fakeIndex).toHaveBeenCalledOnce()
    expect(await wrapSite(folder, { ...options, budgetMs: 300 })).toMatchObject({ changed: true })
    const { 'pagefind.js': wrapper, ...others } = await filesIn(folder)
    expect(wrapper).not.toBe(before['pagefind.js'])
    expect(Object.keys(before)).toEqual(['pagefind.js', ...Object.keys(others)].sort())
  })

  test('two at once follow one another, and so does an undo: what is left is whole', async () => {
    let atWork = 0
    let most = 0
    const slow = (async (texts: readonly string[], given: { out: string }) => {
      most = Math.max(most, ++atWork)
      await new Promise((resolve) => setTimeout(resolve, 50))
      atWork--
      return fakeIndex(texts, given)
    }) as unknown as typeof buildIndex
    const before = await filesIn(folder)
    const both = await Promise.all([300, 400].map((budgetMs) => wrapSite(folder, { ...options, budgetMs, buildIndex: slow })))
    expect(most).toBe(1)
    expect(both.map(({ bytes }) => bytes.library > 1e6 && bytes.pages > 0)).toEqual([true, true])
    await Promise.all([wrapSite(folder, { ...options, budgetMs: 500, buildIndex: slow }), unwrapSite(folder)])
    if (Object.keys(await filesIn(folder)).length > Object.keys(before).length) await unwrapSite(folder)
    expect(await filesIn(folder)).toEqual(before)
  })

  test('what a run that was killed left goes, though nothing has changed', async () => {
    await wrapSite(folder, options)
    await mkdir(join(folder, 'page-rerank.0000.unfinished'))
    expect(await wrapSite(folder, options)).toMatchObject({ changed: false })
    expect((await readdir(folder)).filter((name) => name.includes('unfinished'))).toEqual([])
  })

  test('a file that went is written again', async () => {
    await wrapSite(folder, options)
    await rm(join(folder, 'page-rerank/dist/worker.js'))
    expect(await wrapSite(folder, options)).toMatchObject({ changed: true })
    expect(await stat(join(folder, 'page-rerank/dist/worker.js'))).toBeDefined()
  })

  test.each(['.index', '.pages'])('one that was cut is made again: %s', async (end) => {
    await wrapSite(folder, options)
    const name = Object.keys(await filesIn(folder)).find((path) => path.endsWith(end)) as string
    const before = await readFile(join(folder, name))
    await truncate(join(folder, name), 3)
    expect(await wrapSite(folder, options)).toMatchObject({ changed: true })
    expect(await readFile(join(folder, name))).toEqual(before)
    expect(await wrapSite(folder, options)).toMatchObject({ changed: false })
  })

  test('after the site was built over the wrapper, it wraps the new one', async () => {
    await wrapSite(folder, options)
    await rm(join(site, 'push'), { recursive: true })
    const { push: _, ...fewer } = GIT_PAGES
    await buildSite(site, fewer)
    const rebuilt = await readFile(join(folder, 'pagefind.js'), 'utf8')
    expect(rebuilt).toMatch(/^const pagefind_version/)
    expect(await wrapSite(folder, options)).toMatchObject({ changed: true, pages: 9 })
    expect(await readFile(join(folder, 'pagefind.js.original.js'), 'utf8')).toBe(rebuilt)
  })

  test('reads again only what is new', async () => {
    const modules = join(site, 'node_modules')
    await mkdir(modules)
    const { code, stdout, stderr } = await run(['pagefind', folder])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/10 pages, 13 sections; 13 read now\.\n.*library and model 38\.\d MB, index \d+\.\d kB, texts \d\.\d kB/)
    // As a build does that begins with an empty folder.
    await rm(folder, { recursive: true })
    const pages = { ...GIT_PAGES, fetch: { title: 'git fetch', main: '<p>Downloads what others have done.</p>' } }
    await buildSite(site, pages)
    expect(JSON.parse((await run(['pagefind', folder, '--json'])).stdout)).toMatchObject({ pages: 11, sections: 14, read: 1 })
    // What is kept may be lost, or damaged.
    const kept = join(modules, '.cache/page-rerank/pagefind-en.index')
    await rm(join(folder, 'page-rerank'), { recursive: true })
    await truncate(kept, 7)
    const again = await run(['pagefind', folder, '--json'])
    expect(again.stderr).toBe('')
    expect(JSON.parse(again.stdout)).toMatchObject({ read: 14 })
    expect((await stat(kept)).size).toBeGreaterThan(1000)
  })

  test('pages of languages without a model are left to Pagefind', async () => {
    const mixed = await mkdtemp(join(parent, 'mixed-'))
    const german = { title: 'Rückgängig', main: '<p>Nimmt eine Änderung zurück.</p>', lang: 'de' }
    const wrapped = join(await buildSite(mixed, { log: GIT_PAGES.log as never, rueck: german }))
    expect((await wrapSite(wrapped, options)).languages).toEqual([
      { name: 'de', pages: 1 },
      { name: 'en', pages: 1, model: 'page-rerank-small-en' },
    ])
    expect(fakeIndex.mock.calls.map(([texts]) => texts)).toEqual([['git log\nLists who made each commit, from the newest on.']])
  })
})

describe('page-rerank pagefind --undo', () => {
  test('restores everything byte for byte, and its time', async () => {
    const before = await filesIn(site)
    await wrapSite(folder, options)
    expect(await filesIn(site)).not.toEqual(before)
    const { code, stdout } = await run(['pagefind', folder, '--undo'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${folder} is as Pagefind wrote it.\n` })
    expect(await filesIn(site)).toEqual(before)
    expect((await run(['pagefind', folder, '--undo'])).stdout).toBe(`There was nothing to undo in ${folder}.\n`)
    expect(await filesIn(site)).toEqual(before)
  })

  test('where the wrapper went, what it wrapped is put back, and wrapped again', async () => {
    const before = await filesIn(folder)
    await wrapSite(folder, options)
    await rm(join(folder, 'pagefind.js'))
    expect(await wrapSite(folder, options)).toMatchObject({ changed: true })
    await rm(join(folder, 'pagefind.js'))
    expect(await unwrapSite(folder)).toBe(true)
    expect(await filesIn(folder)).toEqual(before)
  })

  test('after the site was built again, the new pagefind.js stays', async () => {
    await wrapSite(folder, options)
    await writeFile(join(folder, 'pagefind.js'), 'export { newer }')
    expect(await unwrapSite(folder)).toBe(true)
    expect(await readFile(join(folder, 'pagefind.js'), 'utf8')).toBe('export { newer }')
    expect((await readdir(folder)).filter((name) => /original|page-rerank/.test(name))).toEqual([])
  })
})

describe('what is refused leaves the site as it was', () => {
  const metaOf = async () => (await readdir(folder)).find((name) => name.endsWith('.pf_meta')) as string
  const fragmentOf = async () => join(folder, 'fragment', (await readdir(join(folder, 'fragment')))[0] as string)
  const entry = (change: (entry: { version: string; languages: Record<string, { hash: string }> }) => void) => async () => {
    const path = join(folder, 'pagefind-entry.json')
    const content = JSON.parse(await readFile(path, 'utf8'))
    change(content)
    await writeFile(path, JSON.stringify(content))
  }
  const again = /Run Pagefind again, then this command\.$/
  const newer = /Use Pagefind 1\.x, or a newer page-rerank\.$/

  test.each<[string, () => Promise<unknown>, RegExp[]]>([
    ['no folder', () => rm(folder, { recursive: true }), [/There is no Pagefind output/, /such as dist\/pagefind\.$/]],
    ['no pagefind.js', () => rm(join(folder, 'pagefind.js')), [/There is no pagefind\.js/, /such as dist\/pagefind\.$/]],
    ['another version', entry((one) => (one.version = '2.0.0')), [/version 2\.0\.0/, newer]],
    ['an entry that is none', () => writeFile(join(folder, 'pagefind-entry.json'), '[]'), [newer]],
    ['a path for a hash', entry((one) => (one.languages = { en: { hash: '../en' } })), [/language en/, newer]],
    ['no page list', async () => rm(join(folder, await metaOf())), [/not whole/, again]],
    ['a damaged page list', async () => writeFile(join(folder, await metaOf()), gzipSync('pagefind_dcd\u0081')), [newer]],
    ['a fragment that is missing', async () => rm(await fragmentOf()), [/not whole: fragment.*there is no such file/, again]],
    [
      'half a fragment',
      async () => writeFile(await fragmentOf(), (await readFile(await fragmentOf())).subarray(0, 40)),
      [/damaged/, again],
    ],
    ['a fragment of another form', async () => writeFile(await fragmentOf(), gzipSync('pagefind_dcd{"text":1}')), [/has no page/, newer]],
    [
      'another script',
      () => writeFile(join(folder, 'pagefind.js'), 'export {search, options as o}'),
      [/exports no debouncedSearch/, newer],
    ],
    ['a wrapper alone', () => writeFile(join(folder, 'pagefind.js'), '// page-rerank 0'), [/is the wrapper/, again]],
  ])('%s', async (_, spoil, messages) => {
    await spoil()
    const before = await filesIn(site)
    const error = await wrapSite(folder, options).catch((reason) => reason)
    expect(error).toMatchObject({ name: 'InvalidInputError', code: 'invalid-input', file: expect.any(String) })
    for (const message of messages) expect(error.message).toMatch(message)
    expect(await filesIn(site)).toEqual(before)
    expect(fakeIndex).not.toHaveBeenCalled()
  })

  test('pages of no language that a model reads', async () => {
    const other = await mkdtemp(join(parent, 'german-'))
    const german = await buildSite(other, { eins: { title: 'Eins', main: '<p>Ein Wort.</p>', lang: 'de' } })
    await expect(wrapSite(german, options)).rejects.toThrow(/nothing to rank.*de: 1 pages.*<html lang="en"> or <html lang="zh">/)
  })

  test('a name that something else has', async () => {
    await mkdir(join(folder, 'pagefind.js.original.js'))
    await writeFile(join(folder, 'pagefind.js.original.js/file'), '')
    const before = await readFile(join(folder, 'pagefind.js'), 'utf8')
    await expect(wrapSite(folder, options)).rejects.toThrow(/Cannot write in .*: .*run this again; until then the site searches as before/)
    expect(await readFile(join(folder, 'pagefind.js'), 'utf8')).toBe(before)
  })

  test('an index that cannot be built', async () => {
    const before = await filesIn(site)
    fakeIndex.mockRejectedValueOnce(new Error('interrupted'))
    await expect(wrapSite(folder, options)).rejects.toThrow('interrupted')
    expect(await filesIn(site)).toEqual(before)
  })

  test('no folder, and options that cannot be meant', async () => {
    expect((await run(['pagefind'])).stderr).toMatch(/Which folder\? The usage is/)
    expect((await run(['pagefind', folder, '--budget-ms', '0'])).stderr).toMatch(/--budget-ms is 0; it must be a number, 1 or more/)
  })
})
