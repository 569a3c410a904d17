import type { Reranker } from '../types.js'
import { fetchPages } from './fetch-pages.js'
import { inTime } from './in-time.js'
import { order, type PageScore, type Place } from './order.js'
import { type PageText, type Passage, passagesOf, readPage, SECTION_TOKENS } from './page-texts.js'
import type { Result } from './pagefind.js'
import { chooseLanguage, type LanguageSettings, type Settings } from './settings.js'

/** Results whose pages are ranked while there is no index, and those of other sites, which are in no index. */
const POOL = 20
/** Sections that are read of each. */
const POOL_SECTIONS = 3

interface Library {
  createReranker(options: { assetsPath: URL; model?: string; device: 'wasm'; signal: AbortSignal }): Promise<Reranker>
}

export interface RankerSurroundings {
  /** Folder of the library's files and the index. */
  base: URL
  /** The library itself, loaded when it is needed. */
  library: () => Promise<Library>
  /** The page's language. */
  lang: () => string
  /** Whether the reader asks to save bytes. */
  savesData: () => boolean
}

/** The new order, and what the texts of its pages are. */
export interface Ranked {
  places: Place[]
  pageOf: (id: string) => PageText | undefined
}

interface Loaded {
  reranker: Reranker
  /** By their ids; empty where their file is not there. */
  pages: ReadonlyMap<string, PageText>
  /** Of all pages by their ids, once the index is there. */
  passages?: ReadonlyMap<string, readonly Passage[]>
}

/** The model and the index of a site, loaded once for all that search in the page. Nothing here rejects. */
export class Ranker {
  readonly #settings: Settings
  readonly #surroundings: RankerSurroundings
  readonly #users = new Set<object>()
  #loaded: Loaded | undefined
  #loading: AbortController | undefined
  #hasFailed = false
  #hasWarned = false

  constructor(settings: Settings, surroundings: RankerSurroundings) {
    this.#settings = settings
    this.#surroundings = surroundings
  }

  /** Milliseconds that a search may wait for the model. */
  get budgetMs(): number {
    return this.#settings.budgetMs
  }

  /** Load what is not loaded. */
  start(user: object): void {
    this.#users.add(user)
    if (this.#loading || this.#hasFailed || this.#surroundings.savesData()) return
    const language = chooseLanguage(this.#settings, this.#surroundings.lang())
    if (!language?.model) return
    const loading = new AbortController()
    this.#loading = loading
    this.#load(language, loading.signal).catch((error) => {
      if (loading.signal.aborted) return
      // Once a page: what failed now would fail at the next key.
      this.#hasFailed = true
      this.#warn(error)
    })
  }

  /** When nobody is left, the model goes. */
  leave(user: object): void {
    this.#users.delete(user)
    if (this.#users.size > 0) return
    this.#loading?.abort()
    this.#loading = undefined
    this.#loaded?.reranker.dispose().catch(() => undefined)
    this.#loaded = undefined
  }

  /** @returns nothing where Pagefind's order has to do: the model is not there yet, does not fit the query, is too slow, or failed. */
  async rank(query: string, found: readonly Result[], signal: AbortSignal): Promise<Ranked | undefined> {
    const loaded = this.#loaded
    if (!loaded) return undefined
    const late = new AbortController()
    const stop = AbortSignal.any([signal, late.signal])
    const { budgetMs } = this
    try {
      // Once more by a timer, for fragments may take their time, too; a little later, so that what is ranked by then comes.
      return await inTime(budgetMs + 100, rankBy(loaded, { query, found, budgetMs, signal: stop }))
    } catch (error) {
      // With the model gone there is nothing to say.
      if (!stop.aborted && this.#loaded === loaded) this.#warn(error)
      return undefined
    } finally {
      late.abort()
    }
  }

  async #load({ model, pages, index }: LanguageSettings, signal: AbortSignal): Promise<void> {
    const { base, library } = this.#surroundings
    const { createReranker } = await library()
    signal.throwIfAborted()
    // Queries are short, and pages are in the index: a GPU would cost more bytes than it saves time.
    const reranker = await createReranker({ assetsPath: base, model, device: 'wasm', signal })
    if (signal.aborted) return reranker.dispose()
    this.#loaded = { reranker, pages: new Map() }
    if (!pages) return
    try {
      const texts = await fetchPages(new URL(pages, base), signal)
      const loaded = { reranker, pages: new Map(texts.map((page) => [page.id, page])) }
      this.#loaded = loaded
      if (!index) return
      await reranker.prepare({ index: new URL(index, base) }, { signal })
      if (!signal.aborted) this.#loaded = { ...loaded, passages: new Map(texts.map((page) => [page.id, passagesOf(page)])) }
    } catch (error) {
      // What the keywords found is ranked all the same.
      if (!signal.aborted) this.#warn(error)
    }
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    console.warn(
      'page-rerank: these results are in Pagefind’s own order, or ranked without the index. After a build, run "npx page-rerank pagefind" on its folder.',
      error,
    )
  }
}

async function rankBy(
  { reranker, pages, passages }: Loaded,
  { query, found, budgetMs, signal }: { query: string; found: readonly Result[]; budgetMs: number; signal: AbortSignal },
): Promise<Ranked | undefined> {
  const begin = performance.now()
  const unindexed = passages ? found.filter(({ id }) => !pages.has(id)) : found
  const pool = await readPool(unindexed.slice(0, POOL), pages)
  const left = budgetMs - (performance.now() - begin)
  const all = [...(passages ? foundFirst(passages, found) : []), ...roundRobin(pool)]
  if (left <= 0 || all.length === 0) return undefined
  const { results, mismatch } = await reranker.rerank(query, all, {
    text: ({ text }) => text,
    maxLength: SECTION_TOKENS,
    // It is a page's, not a section's.
    firstStageWeight: 0,
    budgetMs: left,
    signal,
  })
  if (mismatch) return undefined
  const scores = new Map<string, PageScore>()
  // Best first: a page's first one is its best.
  for (const { document, logit } of results) {
    if (logit === undefined) continue
    const { page, section } = document
    const score = scores.get(page.id) ?? { logit, best: section.at, sections: new Map() }
    scores.set(page.id, score)
    score.sections.set(section.at, logit)
  }
  if (scores.size === 0) return undefined
  const read = new Map(pool.flatMap(([first]) => (first ? [[first.page.id, first.page]] : [])))
  return {
    places: order(found, scores, { weight: reranker.info.firstStageWeight ?? 0, takeMissed: !isExact(query) }),
    pageOf: (id) => pages.get(id) ?? read.get(id),
  }
}

/** So that these are ranked at least, where there is no time for all. */
function foundFirst(passages: ReadonlyMap<string, readonly Passage[]>, found: readonly Result[]): Passage[] {
  const ids = new Set([...found.map(({ id }) => id), ...passages.keys()])
  return [...ids].flatMap((id) => passages.get(id) ?? [])
}

/** Pagefind takes what stands in quotation marks to the letter. */
function isExact(query: string): boolean {
  return /^\s*".+"\s*$/.test(query)
}

/** Of each result the sections with the most words found, and its beginning. */
async function readPool(results: readonly Result[], pages: ReadonlyMap<string, PageText>): Promise<Passage[][]> {
  return Promise.all(
    results.map(async (result) => {
      // One that cannot be read has no section, and stays where it is.
      const page =
        pages.get(result.id) ??
        (await result.data().then(
          (data) => readPage(result.id, data),
          () => undefined,
        ))
      if (!page) return []
      const hits = page.sections.map(({ at }, i) => countBetween(result.words, at, page.sections[i + 1]?.at))
      const byHits = page.sections.map((_, i) => i).sort((one, other) => (hits[other] ?? 0) - (hits[one] ?? 0))
      const chosen = [...new Set([byHits[0], 0, ...byHits.slice(1)])].slice(0, POOL_SECTIONS)
      const all = passagesOf(page)
      return chosen.flatMap((i) => all[i as number] ?? [])
    }),
  )
}

function countBetween(places: readonly number[] | undefined, from: number, to = Number.POSITIVE_INFINITY): number {
  return places?.filter((place) => place >= from && place < to).length ?? 0
}

/** The first of each, then the second of each: when the time is over, every page had its turn. */
function roundRobin<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat()
}
