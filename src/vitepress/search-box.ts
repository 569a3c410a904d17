import { type CreateReranker, LocaleSearch, type LocaleSettings, type LocaleTexts, type SectionIndex } from './locale-search.js'
import type { SectionResult } from './with-missed.js'

/** Of VitePress's search box. */
interface SearchBox {
  el: { value?: HTMLElement | null }
  results: { value: SectionResult[] }
  /** 0 until the reader chooses another one. */
  selectedIndex: { value: number }
  searchIndexData: { value: Record<string, (() => Promise<{ pageRerank?: LocaleTexts }>) | undefined> }
  localeIndex: { value: string }
}

type Values = readonly [index: SectionIndex | undefined, query: string, ...rest: unknown[]]
type OnCleanup = (work: () => void) => void
type Callback = (values: Values, old: Values | undefined, onCleanup: OnCleanup) => Promise<void> | void
type Watch = (source: unknown, callback: Callback, options: unknown) => unknown

/** Readers who asked for less data keep the keywords' order. */
const savesData = () => (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true

/**
 * The page's side of `page-rerank/vitepress`: what the patched search box calls in place of the function by which it watches its query.
 *
 * @param locales those that are reranked, by VitePress's keys
 * @param library imports `createReranker`, when the search is opened first
 */
export function rerankSearchBox(locales: Record<string, LocaleSettings>, library: () => Promise<CreateReranker>) {
  const searches = new Map<string, LocaleSearch>()

  function searchOf({ localeIndex, searchIndexData }: SearchBox): LocaleSearch | undefined {
    const locale = localeIndex.value
    const settings = Object.hasOwn(locales, locale) ? locales[locale] : undefined
    if (!settings || savesData()) return undefined
    const known = searches.get(locale)
    if (known) return known
    const search = new LocaleSearch(settings, library, async () => (await searchIndexData.value[locale]?.())?.pageRerank)
    searches.set(locale, search)
    return search
  }

  return (watch: Watch, getBox: () => SearchBox): Watch =>
    (source, callback, options) =>
      watch(source, twice(callback, getBox, searchOf), options)
}

/** Calls the box's callback with an index that gives the keywords' list, and again with one that gives the better one. */
function twice(callback: Callback, getBox: () => SearchBox, searchOf: (box: SearchBox) => LocaleSearch | undefined): Callback {
  return async (values, old, onCleanup) => {
    const [index, query, ...rest] = values
    const box = getBox()
    const search = index && searchOf(box)
    if (!search || query.trim() === '') return callback(values, old, onCleanup)
    const newer = new AbortController()
    let stop = () => {}
    onCleanup(() => {
      newer.abort()
      stop()
    })
    // The box forgets its excerpts where its index is another one than before.
    let isKnown = old?.[0] === index
    const show = (find: () => SectionResult[]) => {
      stop()
      const shown: SectionIndex = { search: find }
      const before: Values | undefined = isKnown ? [shown, '', ...rest] : undefined
      isKnown = true
      return callback([shown, query, ...rest], before, (work) => {
        stop = work
      })
    }
    const tell = (state: 'ranking' | 'ranked' | 'as-found') => box.el.value?.setAttribute('data-page-rerank', state)

    const known = search.orderOf(index, query)
    if (known) {
      tell('ranked')
      return show(() => known)
    }
    tell('ranking')
    let hits: SectionResult[] = []
    const asFound = show(() => {
      hits = index.search(query)
      return hits
    })
    let shown = asFound
    for await (const better of search.rank(index, query, hits, newer.signal)) {
      // A list in which the reader has begun to choose stays as it is.
      if (newer.signal.aborted || box.selectedIndex.value > 0) break
      // Excerpts that are there stay there.
      const excerpts = new Map(box.results.value.map(({ id, text }) => [id, text]))
      shown = show(() => better.map((result) => ({ ...result, text: excerpts.get(result.id) })))
    }
    if (!newer.signal.aborted) tell(shown === asFound ? 'as-found' : 'ranked')
    return shown
  }
}
