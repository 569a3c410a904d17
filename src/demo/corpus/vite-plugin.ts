import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { type DocumentEntry, rerankText } from '../document-entry.js'
import { count } from '../format.js'
import { extractWebApis } from './web-apis.js'

const VIRTUAL = 'virtual:web-apis'
const DEV_PATH = '/web-apis.json'

/** Where the page says how many there are. */
const COUNT = '<!-- web-apis-count -->'

/** What was read at an earlier build: only what is new is read again. */
const KEPT_INDEX = fileURLToPath(new URL('../../../node_modules/.cache/page-rerank/web-apis.index', import.meta.url))

/**
 * Extracts the Web API entries from `@types/web` while the demo is built or served, and gives the page their address, their number
 * and, in a build, an index of what the bundled model read of them:
 * `import { entriesUrl, indexUrl } from 'virtual:web-apis'`. Nothing of the corpus is in the repository.
 */
export function webApisCorpus(): Plugin {
  let corpus: Promise<{ json: string; entries: DocumentEntry[] }> | undefined
  const read = () => {
    corpus ??= (async () => {
      const source = await readFile(createRequire(import.meta.url).resolve('@types/web/index.d.ts'), 'utf8')
      const entries = extractWebApis(source)
      // A changed form of the file would otherwise give an empty demo without a word.
      if (entries.length < 4000) throw new Error(`@types/web gave ${entries.length} documented names; some 4,700 were expected.`)
      return { json: JSON.stringify(entries), entries }
    })()
    return corpus
  }

  let serving = false
  return {
    name: 'web-apis-corpus',
    configResolved(config) {
      serving = config.command === 'serve'
    },
    configureServer(server) {
      server.middlewares.use(DEV_PATH, (_request, response, next) => {
        read().then(({ json }) => {
          response.setHeader('Content-Type', 'application/json')
          response.end(json)
        }, next)
      })
    },
    transformIndexHtml: {
      order: 'pre',
      async handler(html) {
        if (!html.includes(COUNT)) throw new Error(`The page has no ${COUNT}.`)
        return html.replace(COUNT, count((await read()).entries.length))
      },
    },
    resolveId(id) {
      return id === VIRTUAL ? `\0${VIRTUAL}` : undefined
    },
    async load(id) {
      if (id !== `\0${VIRTUAL}`) return undefined
      // With live reload the page reads for itself: building an index would keep it waiting.
      if (serving) return `export const entriesUrl = ${JSON.stringify(DEV_PATH)}; export const indexUrl = undefined`
      const { json, entries } = await read()
      const emit = (extension: string, source: string | Uint8Array) => {
        const hash = createHash('sha256').update(source).digest('hex').slice(0, 8)
        const fileName = `assets/web-apis-${hash}.${extension}`
        this.emitFile({ type: 'asset', fileName, source })
        // Relative to the page, so that the demo can live in any folder.
        return `new URL(${JSON.stringify(fileName)}, document.baseURI).href`
      }
      const index = await buildWebApisIndex(entries, (message) => this.info(message))
      return [
        `export const entriesUrl = ${emit('json', json)}`,
        `export const indexUrl = ${index ? emit('index', await readFile(index)) : 'undefined'}`,
      ].join('\n')
    },
  }
}

/**
 * What the bundled model reads of the entries, read once at build time.
 *
 * @returns the file; undefined where the bundled model is a cross-encoder, which reads anew for each query
 */
async function buildWebApisIndex(entries: readonly DocumentEntry[], say: (message: string) => void): Promise<string | undefined> {
  // The built library, as any site's build would use it.
  const { buildIndex, isRerankerError } = await import('page-rerank/node')
  try {
    const start = performance.now()
    const { documents, bytes, read } = await buildIndex(entries, { out: KEPT_INDEX, text: rerankText })
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    say(`index: ${count(documents)} documents, ${count(read)} of them read now, ${(bytes / 1e6).toFixed(1)} MB, in ${seconds} s`)
    return KEPT_INDEX
  } catch (error) {
    if (isRerankerError(error) && error.code === 'invalid-option' && error.option === 'model') return undefined
    throw error
  }
}
