import { readFileSync } from 'node:fs'
import MiniSearch from 'minisearch'
import type { Plugin } from 'vite'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Reranker } from '../../src/types.js'
import { pageRerank } from '../../src/vitepress/index.js'
import { LocaleSearch } from '../../src/vitepress/locale-search.js'
import { patchSearchBox, SEARCH_BOX_MODULE } from '../../src/vitepress/patch-search-box.js'
import { rerankSearchBox } from '../../src/vitepress/search-box.js'
import { noteSectionTexts, sectionText, textsOfIndex } from '../../src/vitepress/section-texts.js'
import { MISSED_MIN_SCORE, type SectionResult, withMissed } from '../../src/vitepress/with-missed.js'

const client = new URL('../../node_modules/vitepress/dist/client/', import.meta.url)
const box = readFileSync(new URL('theme-default/components/VPLocalSearchBox.vue', client), 'utf8')

const result = (id: string): SectionResult => ({ id, title: id, score: 1, terms: [], queryTerms: [], match: { [id]: ['text'] } })

describe('patchSearchBox', () => {
  test('the installed VitePress has the place that is patched, and nothing else of it changes', () => {
    const patched = patchSearchBox(box)
    if (!('code' in patched)) expect.fail(patched.missing)
    expect(patched.code).toContain(`import { watchReranked as __watchReranked } from '${SEARCH_BOX_MODULE}'`)
    const put = '__watchReranked(debouncedWatch, () => ({ el, results, selectedIndex, searchIndexData, localeIndex }))('
    expect(patched.code.split(put)).toHaveLength(2)
    const restored = patched.code.replace(put, 'debouncedWatch(').replace(/\nimport \{ watchReranked .*\n/, '')
    expect(restored).toBe(box)
  })

  test('the search box of VitePress 2, as its first alphas have it', () => {
    const next = box.replaceAll('debouncedWatch', 'watchDebounced').replace('] as const,', '],')
    expect(patchSearchBox(next)).toEqual({ code: expect.stringContaining('__watchReranked(watchDebounced, ') })
  })

  test.each([
    ['setup', 'nothing', '<script setup>'],
    ['searchIndex.value, filterText.value', 'filterText.value', 'the watcher'],
    ['.search(filterTextValue)', '.find(filterTextValue)', 'index.search'],
    ['const selectedIndex', 'const chosen', 'const selectedIndex'],
    ['const { localeIndex, ', 'const { ', 'const localeIndex'],
  ])('where %s is not there, it says what is missing', (from, to, missing) => {
    expect(patchSearchBox(box.replace(from, to))).toEqual({ missing: expect.stringContaining(missing) })
  })
})

describe('the texts of sections', () => {
  test('are noted as the index takes them, and found by what it holds', async () => {
    await noteSectionTexts(new URL('index.js', client).pathname)
    const index = new MiniSearch({ fields: ['title', 'titles', 'text'], storeFields: ['title', 'titles'] })
    index.add({ id: '/a.html#b', title: 'Undo', titles: ['Git &amp; more'], text: 'Call\n  &lt;reset&gt;&#8203; &#x41;' })
    expect(textsOfIndex(JSON.stringify(index), 100)).toEqual({ '/a.html#b': 'Git & more > Undo\nCall <reset> A' })
    expect(textsOfIndex(JSON.stringify(index), 3)).toEqual({ '/a.html#b': 'Git' })
    expect(textsOfIndex('{"documentIds":{"0":"/other.html"}}', 100)).toBeUndefined()
    expect(textsOfIndex('{}', 100)).toEqual({})
  })

  test('headings that are missing, and entities that are none, do no harm', () => {
    expect(sectionText([undefined, 'A'], undefined)).toBe('A\n')
    expect(sectionText(['A'], '&x; &#9999999999; &amp')).toBe('A\n&x; &#9999999999; &amp')
  })
})

describe('withMissed', () => {
  const missed = new Map(['a', 'missed', 'bad'].map((id) => [id, result(id)]))
  const scored = (all: Record<string, number>) =>
    new Map(Object.entries(all).map(([id, logit]) => [id, { logit, score: 1 / (1 + Math.exp(-logit)) }]))
  const order = (hits: string[], all: Record<string, number>, query = 'two words') =>
    withMissed(hits.map(result), scored(all), missed, query).map(({ id }) => id)

  test('the keywords’ first place counts for two logits, their last for hardly any', () => {
    expect(order(['a', 'b'], { a: 0, b: 0.9 })).toEqual(['a', 'b'])
    expect(order(['a', 'b'], { a: 0, b: 1.1 })).toEqual(['b', 'a'])
  })

  test('of a code or a name keywords know best where it stands', () => {
    for (const query of ['429', 'max-queue', ' CORS ']) expect(order(['a'], { a: -4, missed: 3 }, query)).toEqual(['a', 'missed'])
    for (const query of ['no answer', '怎么退货']) expect(order(['a'], { a: -4, missed: 3 }, query)).toEqual(['missed', 'a'])
  })

  test('what they missed comes in where it answers well enough and may be shown', () => {
    const edge = Math.log(MISSED_MIN_SCORE / (1 - MISSED_MIN_SCORE))
    expect(order(['a'], { a: -5, missed: edge + 0.01, bad: edge - 0.01, gone: 9 })).toEqual(['missed', 'a'])
    expect(withMissed([], scored({ missed: 3 }), missed, 'two words')).toEqual([result('missed')])
  })

  test('hits that were not ranked stay below, in their order', () => {
    expect(order(['a', 'b', 'c'], { c: -9 })).toEqual(['c', 'a', 'b'])
  })
})

test('a section that the site’s own search hides is not added: its filter and its boosts have a say in it', async () => {
  const searchOptions = { filter: ({ id }: { id: string }) => id !== 'secret', boostDocument: (id: string) => (id === 'old' ? 0 : 1) }
  const index = new MiniSearch<{ id: string }>({ fields: ['text'], storeFields: ['title'], searchOptions })
  const sections = { hit: 'keep', secret: 'lit', old: 'lit', missed: 'lit' }
  index.addAll(Object.entries(sections).map(([id, text]) => ({ id, text, title: `Title of ${id}` })))
  const reranker = {
    info: { kind: 'late-interaction' },
    prepare: async (all: unknown[], { onProgress }: { onProgress(done: object): void }) => onProgress({ scored: all.length }),
    rerank: async (_: string, all: object[]) => ({ results: all.map((document) => ({ document, scored: true, logit: 1, score: 0.7 })) }),
  }
  const search = new LocaleSearch(
    { options: {} },
    async () => async () => reranker as never as Reranker,
    async () => ({ sections }),
  )
  let last: SectionResult[] = []
  for await (const better of search.rank(index as never, 'keep', index.search('keep') as never, new AbortController().signal)) last = better
  expect(last.map(({ id, title, terms }) => [id, title, terms])).toEqual([
    ['hit', 'Title of hit', ['keep']],
    ['missed', 'Title of missed', []],
  ])
  // It asks for that once: a search of everything is felt by whoever types.
  const asked = vi.spyOn(index, 'search')
  for await (const _ of search.rank(index as never, 'kept', [], new AbortController().signal)) expect(asked).not.toHaveBeenCalled()
})

describe('the search box', () => {
  beforeEach(() => {
    vi.stubGlobal('navigator', {})
    return () => vi.unstubAllGlobals()
  })

  const index = { search: () => [result('a')] }

  /** What the patched box does, with VitePress's part in its shortest form. */
  function open(locale: string) {
    const selectedIndex = { value: 0 }
    const results = { value: [] as SectionResult[] }
    const olds: unknown[] = []
    const attributes: string[] = []
    const load = vi.fn(async () => ({}))
    const library = vi.fn()
    const el = { value: { setAttribute: (_: string, state: string) => attributes.push(state) } as unknown as HTMLElement }
    const boxOf = () => ({ el, results, selectedIndex, searchIndexData: { value: { root: load } }, localeIndex: { value: locale } })
    let called: (...values: never[]) => Promise<void> | void = () => {}
    const watch = (_: unknown, callback: typeof called) => {
      called = callback
    }
    rerankSearchBox({ root: { options: {} } }, library)(watch as never, boxOf)(
      () => [],
      ([given, query], old) => {
        olds.push(old?.[0] === given)
        results.value = given?.search(query) ?? []
      },
      {},
    )
    const type = (query: string, old?: unknown) => called(...([[index, query, false], old, () => {}] as never[]))
    return { type, results, olds, attributes, load }
  }

  test('a locale that is not reranked is searched as VitePress does', async () => {
    const { type, results, attributes, load } = open('fr')
    await type('query')
    expect(results.value.map(({ id }) => id)).toEqual(['a'])
    expect(attributes).toEqual([])
    expect(load).not.toHaveBeenCalled()
  })

  test('where the build gave no texts, the keywords’ list stays, and the box keeps its excerpts', async () => {
    const { type, results, olds, attributes } = open('root')
    await type('query')
    await type('query again', [index, 'query', false])
    expect(results.value.map(({ id }) => id)).toEqual(['a'])
    expect(attributes).toEqual(['ranking', 'as-found', 'ranking', 'as-found'])
    expect(olds).toEqual([false, true])
  })

  test('it loads what it needs when it is opened, before anybody types', async () => {
    const { type, load, attributes } = open('root')
    await type('')
    expect(load).toHaveBeenCalledOnce()
    expect(attributes).toEqual([])
  })

  test('readers who asked for less data keep the keywords’ order, and load nothing', async () => {
    vi.stubGlobal('navigator', { connection: { saveData: true } })
    const { type, results, load } = open('root')
    await type('query')
    expect(results.value.map(({ id }) => id)).toEqual(['a'])
    expect(load).not.toHaveBeenCalled()
  })
})

describe('pageRerank', () => {
  const resolve = async (site: object, given?: Parameters<typeof pageRerank>[0], alias = new URL('index.js', client).pathname) => {
    const plugin = pageRerank(given)
    // Any Vite takes it.
    plugin satisfies Plugin
    const warn = vi.fn()
    const config = { command: 'build', logger: { warn }, resolve: { alias: [{ find: /^vitepress$/, replacement: alias }] } }
    await plugin.configResolved({ ...config, ...site })
    return { plugin, said: () => warn.mock.calls.flat().join('\n') }
  }
  const site = (more: object = {}, search: object = { provider: 'local' }) => ({
    vitepress: { cacheDir: '', logger: {}, site: { lang: 'en-US', locales: {}, themeConfig: { search }, ...more } },
  })

  test('an option that does not exist is refused', () => {
    expect(() => pageRerank({ modle: 'x' } as never)).toThrow('pageRerank has no option modle. Did you mean model?')
    expect(() => pageRerank({ maxLength: 0 })).toThrow('maxLength is 0')
  })

  test('a search box that is another says so, and stays as it is', async () => {
    const { plugin, said } = await resolve(site())
    const changed = box.replace('const selectedIndex', 'const chosen')
    expect(await plugin.transform(changed, '/x/VPLocalSearchBox.vue')).toBeUndefined()
    expect(said()).toMatch(/another search box: there is no const selectedIndex in \/x\/VPLocalSearchBox\.vue.*works as it would without/)
    // Nor is an index built for it.
    expect(await plugin.transform('export default "{}"', '/@localSearchIndexroot')).toBeUndefined()
  })

  test('a site whose search box was replaced by another hears of it', async () => {
    const { plugin, said } = await resolve(site())
    await plugin.transform('export default {}', '/theme/index.js')
    plugin.buildEnd()
    expect(said()).toContain('no VPLocalSearchBox.vue')
  })

  test('an index whose texts were not seen leaves the search as it is', async () => {
    const { plugin, said } = await resolve(site())
    const json = JSON.stringify(JSON.stringify({ documentIds: { 0: '/never-seen.html' } }))
    expect(await plugin.transform(`export default ${json}`, '/@localSearchIndexroot')).toBeUndefined()
    expect(said()).toContain('texts were not seen')
  })

  test.each([
    [
      'Chinese pages of a site that says no lang',
      'en-US',
      '退货\n七天之内可以寄回。',
      /in root are in another script than English.*"en-US".*Set lang/,
    ],
    ['English pages that are said to be Chinese', 'zh-CN', 'Send it back\nYou have seven days to do so.', /another script than Chinese/],
    ['Chinese pages that are said to be', 'zh-CN', '退货\n七天之内可以寄回。', undefined],
    ['English pages of a site that says no lang', 'en-US', 'Send it back\nYou have seven days to do so.', undefined],
  ])('%s', async (name, lang, text, warned) => {
    const { plugin, said } = await resolve(site({ lang }), { index: false })
    const index = new MiniSearch({ fields: ['title', 'titles', 'text'], storeFields: ['title', 'titles'] })
    index.add({ id: `/${name}.html`, title: 'a', titles: [], text })
    const emitFile = () => 'file'
    await plugin.transform.call({ emitFile }, `export default ${JSON.stringify(JSON.stringify(index))}`, '/@localSearchIndexroot')
    if (warned) expect(said()).toMatch(warned)
    else expect(said()).toBe('')
  })

  test('another VitePress, whose MiniSearch is not where it was', async () => {
    const { plugin, said } = await resolve(site(), {}, '/nowhere/index.js')
    expect(said()).toContain("VitePress's MiniSearch was not found")
    expect(await plugin.transform(box, '/x/VPLocalSearchBox.vue')).toBeUndefined()
  })

  test.each([
    ['no VitePress', {}, 'no site of VitePress'],
    ['another search', site({}, { provider: 'algolia' }), "not { provider: 'local' }"],
  ])('%s: nothing to do, and a word of it', async (_, given, word) => {
    const { plugin, said } = await resolve(given)
    expect(said()).toContain(word)
    expect(await plugin.transform(box, '/x/VPLocalSearchBox.vue')).toBeUndefined()
  })

  test('what both builds of a site find is said once', async () => {
    const warn = vi.fn()
    const plugin = pageRerank()
    for (const _ of ['client', 'server']) await plugin.configResolved({ logger: { warn }, ...site({}, { provider: 'algolia' }) })
    expect(warn).toHaveBeenCalledTimes(1)
  })

  test('what is rendered on the server stays as it is', async () => {
    const { plugin } = await resolve(site())
    expect(await plugin.transform(box, '/x/VPLocalSearchBox.vue', { ssr: true })).toBeUndefined()
    expect(await plugin.transform(box, '/x/VPLocalSearchBox.vue')).toBeDefined()
  })

  test('each locale has the model of its language, of an option, or none', async () => {
    const locales = { root: {}, zh: { lang: 'zh-Hans' }, fr: { lang: 'fr' }, old: { lang: 'en' } }
    const { plugin } = await resolve(site({ locales }), { model: { fr: 'owner/french', old: false }, device: 'wasm' })
    const code = plugin.load(plugin.resolveId(SEARCH_BOX_MODULE) as string) as string
    expect(code).toContain('"root": { ...{"options":{"model":"page-rerank-small-en","device":"wasm"},"maxLength":64} }')
    expect(code).toMatch(/"zh": \{ .*importModel: \(\) => import\(".*page-rerank-small-zh\/index\.js"\)/)
    expect(code).toContain('no-webgpu.js')
    expect(code).toContain('"model":"owner/french"')
    expect(code).not.toContain('"old"')
  })
})
