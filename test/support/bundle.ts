import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** This package's entries, as a page's code names them, that have to be bundled since they import what the page has too. */
const BUNDLED = ['react', 'vue']

/** The frameworks' own warnings are wanted. */
const DEVELOPMENT = {
  'process.env.NODE_ENV': '"development"',
  __VUE_OPTIONS_API__: 'true',
  __VUE_PROD_DEVTOOLS__: 'false',
  __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
}

/**
 * A page's script, with the packages that it imports. The library itself is fetched from `/dist/`, as it was built.
 *
 * @param entry a file of this repository
 */
export async function bundle(entry: string): Promise<string> {
  const build = await rolldown({
    input: `${root}${entry}`,
    platform: 'browser',
    logLevel: 'silent',
    transform: { define: DEVELOPMENT },
    plugins: [
      {
        name: 'library',
        resolveId(id, importer) {
          const [, name] = /^page-rerank(?:\/([\w-]+))?$/.exec(id) ?? []
          if (name && BUNDLED.includes(name)) return `${root}dist/${name}.js`
          if (id.startsWith('page-rerank')) return { id: `/dist/${name ?? 'index'}.js`, external: true }
          if (importer?.startsWith(`${root}dist/`) && id.startsWith('./')) return { id: `/dist/${id.slice(2)}`, external: true }
          return undefined
        },
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  return output[0].code
}
