import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'
import type { DocumentEntry } from '../document-entry.js'
import { count } from '../format.js'
import { extractWebApis } from './web-apis.js'

const VIRTUAL = 'virtual:web-apis'
const DEV_PATH = '/web-apis.json'

/** Where the page says how many there are. */
const COUNT = '<!-- web-apis-count -->'

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
      // Only here: the built library is not there yet when this file is read.
      const { buildWebApisIndex } = await import('./web-apis-index.js')
      const index = await buildWebApisIndex(entries)
      if (index)
        this.info(`index: ${count(index.documents)} documents, ${count(index.read)} of them read now, ${(index.bytes / 1e6).toFixed(1)} MB`)
      return [
        `export const entriesUrl = ${emit('json', json)}`,
        `export const indexUrl = ${index ? emit('index', await readFile(index.out)) : 'undefined'}`,
      ].join('\n')
    },
  }
}
