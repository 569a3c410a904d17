import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'
import type { DocumentEntry } from '../document-entry.js'
import { count } from '../format.js'
import { type BuiltCorpus, CORPORA } from './corpora.js'

const VIRTUAL = 'virtual:corpora'
const NAMES = Object.keys(CORPORA) as BuiltCorpus[]
const devPath = (name: BuiltCorpus) => `/${name}.json`
/** Where the page says how many there are. */
const countPlace = (name: BuiltCorpus) => `<!-- ${name}-count -->`

/**
 * Extracts the corpora while the demo is built or served, and gives the page their addresses, their numbers and, in a build, indexes of
 * what their models read of them: `import { corpora } from 'virtual:corpora'`.
 */
export function builtCorpora(): Plugin {
  const read = memoized(async (name: BuiltCorpus) => {
    const { file, extract, least } = CORPORA[name]
    const entries = extract(await readFile(createRequire(import.meta.url).resolve(file), 'utf8'))
    // A changed form of the file would otherwise give an empty demo without a word.
    if (entries.length < least) throw new Error(`${file} gave ${entries.length} documented names; ${least} were expected at the least.`)
    return { json: JSON.stringify(entries), entries }
  })

  let serving = false
  return {
    name: 'corpora',
    configResolved(config) {
      serving = config.command === 'serve'
    },
    configureServer(server) {
      for (const name of NAMES) {
        server.middlewares.use(devPath(name), (_request, response, next) => {
          read(name).then(({ json }) => {
            response.setHeader('Content-Type', 'application/json')
            response.end(json)
          }, next)
        })
      }
    },
    transformIndexHtml: {
      order: 'pre',
      async handler(html) {
        let page = html
        for (const name of NAMES) {
          if (!page.includes(countPlace(name))) throw new Error(`The page has no ${countPlace(name)}.`)
          page = page.replace(countPlace(name), count((await read(name)).entries.length))
        }
        return page
      },
    },
    resolveId(id) {
      return id === VIRTUAL ? `\0${VIRTUAL}` : undefined
    },
    async load(id) {
      if (id !== `\0${VIRTUAL}`) return undefined
      const emit = (name: BuiltCorpus, extension: string, source: string | Uint8Array) => {
        const hash = createHash('sha256').update(source).digest('hex').slice(0, 8)
        const fileName = `assets/${name}-${hash}.${extension}`
        this.emitFile({ type: 'asset', fileName, source })
        // Relative to the page, so that the demo can live in any folder.
        return `new URL(${JSON.stringify(fileName)}, document.baseURI).href`
      }
      const emitIndex = async (name: BuiltCorpus, entries: readonly DocumentEntry[]) => {
        // Only here: the built library is not there yet when this file is read.
        const { buildCorpusIndex } = await import('./corpus-index.js')
        const index = await buildCorpusIndex(name, entries)
        if (!index) return 'undefined'
        this.info(
          `${name}: ${count(index.documents)} documents, ${count(index.read)} of them read now, ${(index.bytes / 1e6).toFixed(1)} MB`,
        )
        return emit(name, 'index', await readFile(index.out))
      }
      const lines: string[] = []
      for (const name of NAMES) {
        const { json, entries } = await read(name)
        const entriesUrl = serving ? JSON.stringify(devPath(name)) : emit(name, 'json', json)
        // With live reload the page reads for itself: building an index would keep it waiting.
        const indexUrl = serving ? 'undefined' : await emitIndex(name, entries)
        lines.push(`${JSON.stringify(name)}: { entriesUrl: ${entriesUrl}, indexUrl: ${indexUrl} },`)
      }
      return `export const corpora = {\n${lines.join('\n')}\n}`
    },
  }
}

function memoized<Key, Value>(make: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const made = new Map<Key, Promise<Value>>()
  return (key) => {
    const value = made.get(key) ?? make(key)
    made.set(key, value)
    return value
  }
}
