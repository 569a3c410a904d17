/** Where the patched search box finds the page's side. */
export const SEARCH_BOX_MODULE = 'virtual:page-rerank/search-box'

/** How VitePress's search box searches: it watches its index, the query and whether excerpts are shown. */
const WATCH =
  /\b(debouncedWatch|watchDebounced)\((?=\s*\(\)\s*=>\s*\[\s*searchIndex\.value,\s*filterText\.value,\s*showDetailedList\.value,?\s*\])/g

/** The watcher's callback takes its list from the index that it is handed. */
const SEARCH = /\bindex\s*\.search\(\s*filterTextValue\s*\)/

const SCRIPT = /<script\b[^>]*\bsetup\b[^>]*>/

/** Of the box's own, what the page's side looks at or changes. */
const NAMES = ['el', 'results', 'selectedIndex', 'searchIndexData', 'localeIndex'] as const

/** A patched search box, or what of VitePress's own was not found in it. */
export type Patched = { code: string } | { missing: string }

/**
 * Put the page's side between VitePress's search box and the function by which it watches its query. The box's own code stays as it is: its
 * callback is called once with the index, and again with one that gives the better order.
 *
 * @param code a single-file component: VPLocalSearchBox.vue
 */
export function patchSearchBox(code: string): Patched {
  if (!SCRIPT.test(code)) return { missing: '<script setup>' }
  if (code.match(WATCH)?.length !== 1) return { missing: 'the watcher of searchIndex, filterText and showDetailedList' }
  if (!SEARCH.test(code)) return { missing: 'index.search(filterTextValue)' }
  const name = NAMES.find((one) => !new RegExp(`\\bconst (\\{[^}]*)?\\b${one}\\b`).test(code))
  if (name) return { missing: `const ${name}` }
  return {
    code: code
      .replace(SCRIPT, (tag) => `${tag}\nimport { watchReranked as __watchReranked } from '${SEARCH_BOX_MODULE}'\n`)
      .replace(WATCH, (_, watch) => `__watchReranked(${watch}, () => ({ ${NAMES.join(', ')} }))(`),
  }
}
