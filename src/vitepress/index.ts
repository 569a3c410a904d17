import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findLanguage, isInAnotherScript, lacksOwnScript } from '../core/languages.js'
import { aBoolean, aString, kind, numberFrom, type OptionChecks, oneOf, readOptions } from '../core/options.js'
import { InvalidInputError } from '../errors.js'
import { BUNDLED_MODEL } from '../model/location.js'
import { MODEL_OF_LANGUAGE, MODEL_PACKAGES, packagedExport } from '../model/packages.js'
import { installedModelFolder } from '../node/installed-model.js'
import { patchSearchBox, SEARCH_BOX_MODULE } from './patch-search-box.js'
import { noteSectionTexts, textsOfIndex } from './section-texts.js'

export interface PageRerankOptions {
  /**
   * Model of all locales, or of each by its key in `locales` (`false`: not reranked).
   * @default English ones have `page-rerank-small-en`, Chinese ones `page-rerank-small-zh` where that is installed, others none
   */
  model?: string | Record<string, string | false>
  /**
   * Build an index with the site, by which the page finds at once what the keywords miss. Without one only the keywords' first 50 are reranked
   * until the page has read all sections. @default true
   */
  index?: boolean
  /** Tokens that are read of a section: more of them find a little more, and make the index larger. @default 64 */
  maxLength?: number
  /** What the page runs the model on. @default 'auto' */
  device?: 'auto' | 'webgpu' | 'wasm'
  /** Address of the hub, for models of it. @default 'https://huggingface.co' */
  host?: string
  /** Address of a folder or a CDN that has the package's files. @default beside the site's scripts, where its build copies them */
  assetsPath?: string
}

const checks: OptionChecks<PageRerankOptions> = {
  model: kind(
    'a model’s name, or an object of them',
    (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  ),
  index: aBoolean,
  maxLength: numberFrom({ min: 1, integer: true }),
  device: oneOf(['auto', 'webgpu', 'wasm']),
  host: aString,
  assetsPath: aString,
}

const MAX_LENGTH = 64

/** Letters that are kept of a section for each token that is read: as good as always enough, and less to load. */
const LETTERS_OF_TOKEN = 8

const INDEX_MODULE = /^\/?@localSearchIndex([^?]+)/
const LOADED_SEARCH_BOX = `\0${SEARCH_BOX_MODULE}`

/** Of Vite's and VitePress's types what is used, since each VitePress brings a Vite of its own. */
interface ResolvedConfig {
  command: 'build' | 'serve'
  logger: { warn(message: string): void }
  resolve: { alias: readonly { find: string | RegExp; replacement: string }[] }
}
interface SiteConfig {
  cacheDir: string
  /** Shows more than Vite's, which VitePress keeps quiet. */
  logger: { info(message: string): void }
  site: {
    lang: string
    locales: Record<string, { lang?: string }>
    themeConfig?: { search?: { provider?: string } }
  }
}
interface Emitter {
  emitFile(file: { type: 'asset'; name: string; source: string | Uint8Array }): string
}

/** A Vite plugin, of any Vite's types. */
export interface PageRerankPlugin {
  name: string
  enforce: 'pre'
  config(): { optimizeDeps: { exclude: string[] } }
  configResolved(config: object): Promise<void>
  resolveId(id: string): string | undefined
  load(id: string): string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: `this` is another type in each Vite
  transform(this: any, code: string, id: string, options?: { ssr?: boolean }): Promise<{ code: string; map: null } | undefined>
  buildEnd(error?: Error): void
}

/**
 * Rerank VitePress's local search: the keywords' list at once, then the model's. An index that is built with the site finds sections that
 * the keywords miss.
 *
 * @example
 * // .vitepress/config.js
 * import { pageRerank } from 'page-rerank/vitepress'
 * export default { themeConfig: { search: { provider: 'local' } }, vite: { plugins: [pageRerank()] } }
 *
 * @throws InvalidInputError (`invalid-option`); where an index is built, what `buildIndex` throws
 */
export function pageRerank(given: PageRerankOptions = {}): PageRerankPlugin {
  const options = readOptions<PageRerankOptions>('pageRerank', given, checks)
  const { maxLength = MAX_LENGTH } = options
  let config: ResolvedConfig
  let site: SiteConfig | undefined
  /** By locale. */
  let models = new Map<string, string>()
  let isPatched = false
  let sawPages = false

  const warned = new Set<string>()

  /** Once: VitePress builds the site twice, for browsers and for its server. */
  const warn = (message: string) => {
    if (!warned.has(message)) config.logger.warn(`page-rerank: ${message}`)
    warned.add(message)
  }

  /** A search that cannot be reranked works as it does without this plugin. */
  const giveUp = (what: string) => {
    models = new Map()
    warn(`${what} The site's search works as it would without page-rerank/vitepress, which knows VitePress 1.6 and 2.0.0-alpha.20.`)
  }

  /** VitePress takes a site that says no `lang` for an English one, and its Chinese pages would go to the English model. */
  const warnOfOtherScript = (locale: string, texts: readonly string[]) => {
    const lang = langOf(site as SiteConfig, locale)
    const own = findLanguage(lang)
    if (!own || models.get(locale) !== MODEL_OF_LANGUAGE[own.code]) return
    const foreign = texts.filter((text) => isInAnotherScript(text, own) || lacksOwnScript(text, own))
    if (2 * foreign.length <= texts.length) return
    const which = `most sections in ${locale} are in another script than ${own.name}, their language by lang: ${JSON.stringify(lang)}`
    warn(`${which}. Its model does not rank them. Set lang in .vitepress/config to the language that they are in, such as 'zh-CN'.`)
  }

  async function indexOf(locale: string, texts: Record<string, string>): Promise<Uint8Array | undefined> {
    const { buildIndex } = await import('../node/index.js')
    const folder = join((site as SiteConfig).cacheDir, 'page-rerank')
    const out = join(folder, `${locale}.index`)
    await mkdir(folder, { recursive: true })
    const start = performance.now()
    const { host } = options
    const model = models.get(locale)
    try {
      const { documents, read, bytes } = await buildIndex(Object.values(texts), { out, model, host, maxLength })
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      site?.logger.info(`page-rerank: ${locale}: ${documents} sections, ${read} of them read now, ${megabytes(bytes)}, ${seconds} s`)
    } catch (error) {
      if (!(error instanceof InvalidInputError && error.option === 'model')) throw error
      warn(`${error.message} So the keywords' first 50 are reranked; index: false says that you know.`)
      return undefined
    }
    return readFile(out)
  }

  /** The module of a locale's index, with what the page needs besides it. */
  async function withTexts(emitter: Emitter, code: string, locale: string): Promise<string | undefined> {
    const json = /^export default (".*")\s*;?\s*$/s.exec(code)?.[1]
    const texts = json && textsOfIndex(JSON.parse(json), maxLength * LETTERS_OF_TOKEN)
    if (!texts) return giveUp("VitePress's index has sections whose texts were not seen.") as undefined
    if (Object.keys(texts).length === 0) return undefined
    warnOfOtherScript(locale, Object.values(texts))
    if (config.command === 'serve') return `${code}\nexport const pageRerank = { sections: ${JSON.stringify(texts)} }`
    const file = (ending: string, source: string | Uint8Array) =>
      `import.meta.ROLLUP_FILE_URL_${emitter.emitFile({ type: 'asset', name: `page-rerank-${locale}.${ending}`, source })}`
    const parts = [`sections: ${file('json', JSON.stringify(texts))}`]
    const index = options.index === false ? undefined : await indexOf(locale, texts)
    if (index) parts.push(`index: ${file('index', index)}`)
    return `${code}\nexport const pageRerank = { ${parts.join(', ')} }`
  }

  return {
    name: 'page-rerank',
    enforce: 'pre',

    // Their files are found beside their scripts, which a bundle of dependencies would move.
    config: () => ({ optimizeDeps: { exclude: ['page-rerank', ...Object.keys(MODEL_PACKAGES)] } }),

    async configResolved(resolved) {
      config = resolved as ResolvedConfig
      site = (resolved as { vitepress?: SiteConfig }).vitepress
      if (!site) return warn('this is no site of VitePress; page-rerank/vitepress has nothing to do.')
      if (site.site.themeConfig?.search?.provider !== 'local')
        return warn("themeConfig.search is not { provider: 'local' }; page-rerank/vitepress has nothing to do.")
      models = modelsOf(site, options.model)
      for (const [locale, model] of models) {
        try {
          if (packagedExport(model)) installedModelFolder(model)
        } catch (error) {
          models.delete(locale)
          warn(`the search in ${locale} is not reranked. ${(error as Error).message}`)
        }
      }
      const client = config.resolve.alias.find(({ find }) => String(find) === String(/^vitepress$/))?.replacement
      try {
        if (client === undefined) throw new Error('There is no alias of vitepress.')
        await noteSectionTexts(client)
      } catch (error) {
        giveUp(`VitePress's MiniSearch was not found (${(error as Error).message}).`)
      }
    },

    resolveId: (id) => (id === SEARCH_BOX_MODULE ? LOADED_SEARCH_BOX : undefined),
    load: (id) => (id === LOADED_SEARCH_BOX ? pageModule(models, { ...options, maxLength }) : undefined),

    async transform(code, id, { ssr } = {}) {
      // What is rendered on the server has no search box.
      if (ssr || models.size === 0) return undefined
      sawPages = true
      const locale = INDEX_MODULE.exec(id)?.[1]
      if (locale !== undefined) {
        const added = models.has(locale) ? await withTexts(this, code, locale) : undefined
        return added === undefined ? undefined : { code: added, map: null }
      }
      if (!/[\\/]VPLocalSearchBox\.vue$/.test(id)) return undefined
      const patched = patchSearchBox(code)
      if ('missing' in patched)
        return giveUp(`This VitePress has another search box: there is no ${patched.missing} in ${id}.`) as undefined
      isPatched = true
      return { code: patched.code, map: null }
    },

    buildEnd(error) {
      if (!error && sawPages && !isPatched && models.size > 0) giveUp('The site has no VPLocalSearchBox.vue.')
    },
  }
}

function modelsOf({ site }: SiteConfig, given: PageRerankOptions['model']): Map<string, string> {
  const locales = [...new Set(['root', ...Object.keys(site.locales)])]
  return new Map(
    locales.flatMap((locale): [string, string][] => {
      const language = langOf({ site }, locale).toLowerCase().split('-')[0] as string
      const model = typeof given === 'string' ? given : (given?.[locale] ?? MODEL_OF_LANGUAGE[language])
      return model ? [[locale, model]] : []
    }),
  )
}

const langOf = ({ site }: Pick<SiteConfig, 'site'>, locale: string): string => site.locales[locale]?.lang ?? site.lang

/** The module that the search box imports: settings of each locale, and the way to the library and its model. */
function pageModule(models: ReadonlyMap<string, string>, { device, host, assetsPath, maxLength }: PageRerankOptions): string {
  const importOf = (path: string, name: string) => `() => import(${JSON.stringify(path)}).then((module) => module.${name})`
  const settings = [...models].map(([locale, model]) => {
    const packaged = packagedExport(model)
    const json = JSON.stringify({ options: { ...(!packaged && { model }), device, host, assetsPath }, maxLength })
    const importModel = packaged ? `, importModel: ${importOf(join(installedModelFolder(model), 'index.js'), packaged)}` : ''
    return `${JSON.stringify(locale)}: { ...${json}${importModel} }`
  })
  // The smallest entry: of what it names the site's build has a copy.
  const isDefault = [...models.values()].includes(BUNDLED_MODEL)
  const library = device === 'wasm' ? 'no-webgpu.js' : isDefault ? 'index.js' : 'no-model.js'
  return `import { rerankSearchBox } from ${JSON.stringify(dist('vitepress-search-box.js'))}
export const watchReranked = rerankSearchBox({ ${settings.join(', ')} }, ${importOf(dist(library), 'createReranker')})
`
}

const dist = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
