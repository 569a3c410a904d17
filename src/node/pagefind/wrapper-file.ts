import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '../../pagefind/settings.js'
import { VERSION } from '../../version.js'
import { packageFolder } from '../package-folder.js'

/** What a page loads. */
export const WRAPPER = 'pagefind.js'
/** Pagefind's own. It finds its folder by its address, in which it looks for `pagefind.js`: this name has that in it. */
export const ORIGINAL = 'pagefind.js.original.js'
/** The library, the model and the index. */
export const FOLDER = 'page-rerank'

const MARK = '// page-rerank '

export function isWrapper(script: string): boolean {
  return script.startsWith(MARK)
}

/** Names that a built module exports, as others know them. */
export function exportsOf(script: string): string[] {
  return [...script.matchAll(/\bexport\s*\{([^}]*)\}/g)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((one) => one.trim().replace(/^.*\sas\s+/s, ''))
      .filter((name) => name !== ''),
  )
}

/**
 * A module with the same exports as Pagefind's.
 *
 * @param names that it exports
 * @param from what it was made of, so that one made of the same is known
 */
export async function wrapperOf(names: readonly string[], settings: Settings, from: string): Promise<string> {
  const script = await readFile(join(packageFolder(), 'dist/pagefind.js'), 'utf8')
  return `${MARK}${VERSION}: reranks what Pagefind finds. Pagefind's own is ${ORIGINAL}; "npx page-rerank pagefind DIR --undo" puts it back.
// ${from}
import * as original from './${ORIGINAL}'
export * from './${ORIGINAL}'
${script.trim()}
export const { ${names.filter((name) => WRAPPED.has(name)).join(', ')} } = wrapPagefind(original, ${JSON.stringify(settings)}, {
  base: new URL('./${FOLDER}/', import.meta.url),
  library: () => import('./${FOLDER}/dist/index.js'),
})
`
}

/** Without these it is no Pagefind. */
export const NEEDED = ['search', 'debouncedSearch', 'options', 'filters']
const WRAPPED = new Set([...NEEDED, 'init', 'preload', 'mergeIndex', 'destroy', 'createInstance'])
