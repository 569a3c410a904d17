import type { CreateRerankerOptions } from '../client/options.js'
import type { Reranker } from '../types.js'
import { type SectionResult, withMissed } from './with-missed.js'

export type CreateReranker = (options: CreateRerankerOptions) => Promise<Reranker>

/** What a site's plugin says of a locale that is reranked: see `PageRerankOptions`. */
export interface LocaleSettings {
  options: Pick<CreateRerankerOptions, 'model' | 'device' | 'host' | 'assetsPath'>
  /** The model's own package, imported when the search is opened first. */
  importModel?: () => Promise<CreateRerankerOptions['model']>
  maxLength?: number
}

/** What the plugin adds to the module of a locale's index. */
export interface LocaleTexts {
  /** Address of a file of all texts by section, or the texts. */
  sections: string | Record<string, string>
  /** Address of the model's index of them. */
  index?: string
}

/** Of MiniSearch. */
export interface SectionIndex {
  search(query: string | symbol): SectionResult[]
}

/** Of each index, once: it takes a search of everything, on the page's thread. VitePress's indexes never change. */
const shown = new WeakMap<SectionIndex, ReadonlyMap<string, SectionResult>>()

/** All sections that the site's own search would show: a filter and boosts that its options name have a say in it. */
function shownBy(index: SectionIndex): ReadonlyMap<string, SectionResult> {
  const known = shown.get(index)
  if (known) return known
  const { wildcard } = index.constructor as unknown as { wildcard: symbol }
  let all: ReadonlyMap<string, SectionResult>
  try {
    all = new Map(index.search(wildcard).flatMap((result) => (result.score > 0 ? [[result.id, result]] : [])))
  } catch (error) {
    // Such as a filter that wants words of the query.
    console.warn('page-rerank: what the keywords missed is not added.', error)
    all = new Map()
  }
  shown.set(index, all)
  return all
}

interface Section {
  id: string
  text: string
}

/** What is there once the model is. */
interface Loaded {
  reranker: Reranker
  sections: ReadonlyMap<string, Section>
  /** Whether the model has read all sections, once it has; false where it never will. */
  reading: Promise<boolean>
  isRead: boolean
}

/** Sections that the model ranks while it has not read all of them. */
const POOL = 50

/** More sections than this are not ranked whole: each query would cost a noticeable time. */
const MAX_SECTIONS = 10_000

/** One locale's search. It lives as long as the page: a box that is opened again finds everything loaded. */
export class LocaleSearch {
  readonly #settings: LocaleSettings
  readonly #library: () => Promise<CreateReranker>
  readonly #loadTexts: () => Promise<LocaleTexts | undefined>
  readonly #loaded: Promise<Loaded | undefined>
  #last: { index: SectionIndex; query: string; results: SectionResult[] } | undefined

  /** Begins to load what it needs. What fails is said once, and the keywords' order stays. */
  constructor(settings: LocaleSettings, library: () => Promise<CreateReranker>, loadTexts: () => Promise<LocaleTexts | undefined>) {
    this.#settings = settings
    this.#library = library
    this.#loadTexts = loadTexts
    this.#loaded = this.#load().catch((error) => {
      console.warn('page-rerank: the search goes on without reranking.', error)
      return undefined
    })
  }

  /** The order of a query that was ranked just now: the box asks again where only its view changes. */
  orderOf(index: SectionIndex, query: string): SectionResult[] | undefined {
    return this.#last?.index === index && this.#last.query === query ? this.#last.results : undefined
  }

  /**
   * Better orders of what the keywords found, and of what they missed: while the model has not read everything, of the keywords' first
   * ones alone, then of everything.
   *
   * @param signal aborted when a newer query has come
   * @returns none where there is none
   */
  async *rank(index: SectionIndex, query: string, hits: readonly SectionResult[], signal: AbortSignal): AsyncGenerator<SectionResult[]> {
    const loaded = await this.#loaded
    for (let isWhole = false; loaded && !isWhole && !signal.aborted; ) {
      isWhole = loaded.isRead
      const { reranker, sections } = loaded
      const pool = hits.slice(0, POOL).flatMap(({ id }) => sections.get(id) ?? [])
      const scored = await this.#score(reranker, query, isWhole ? [...sections.values()] : pool, signal)
      if (!scored) return
      const results = withMissed(hits, scored, shownBy(index), query)
      if (isWhole) this.#last = { index, query, results }
      if (isWhole || results.length > 0) yield results
      if (!isWhole && !(await loaded.reading)) return
    }
  }

  /** `undefined` where the model does not fit, fails or is not asked any more. */
  async #score(reranker: Reranker, query: string, sections: Section[], signal: AbortSignal) {
    if (sections.length === 0) return new Map()
    const { maxLength } = this.#settings
    try {
      const { results, mismatch } = await reranker.rerank(query, sections, { maxLength, firstStageWeight: 0, signal })
      if (mismatch) return undefined
      return new Map(results.flatMap((result) => (result.scored ? [[result.document.id, result]] : [])))
    } catch (error) {
      if (!signal.aborted) console.warn('page-rerank: this order is the keywords’.', error)
      return undefined
    }
  }

  async #load(): Promise<Loaded | undefined> {
    const texts = await this.#loadTexts()
    if (!texts) return undefined
    const { options, importModel } = this.#settings
    const [createReranker, model, byId] = await Promise.all([this.#library(), importModel?.(), readTexts(texts.sections)])
    const reranker = await createReranker({ ...options, ...(model && { model }) })
    const sections = new Map(Object.entries(byId).map(([id, text]) => [id, { id, text }]))
    const reading = this.#read(reranker, [...sections.values()], texts.index).catch((error) => {
      console.warn('page-rerank: what the keywords miss is not found.', error)
      return false
    })
    const loaded: Loaded = { reranker, sections, reading, isRead: false }
    reading.then((isRead) => {
      loaded.isRead = isRead
    })
    return loaded
  }

  async #read(reranker: Reranker, sections: Section[], index: string | undefined): Promise<boolean> {
    if (reranker.info.kind !== 'late-interaction' || sections.length > MAX_SECTIONS) return false
    const warn = (error: unknown) => console.warn('page-rerank: the sections are read in the page.', error)
    if (index !== undefined) await reranker.prepare({ index }).catch(warn)
    let read = 0
    await reranker.prepare(sections, {
      maxLength: this.#settings.maxLength,
      onProgress({ scored }) {
        read = scored
      },
    })
    // Less where the model keeps no more.
    return read === sections.length
  }
}

async function readTexts(sections: LocaleTexts['sections']): Promise<Record<string, string>> {
  if (typeof sections !== 'string') return sections
  const response = await fetch(sections)
  if (!response.ok) throw new Error(`${sections} answered ${response.status}; it is a file of the site's build.`)
  return response.json()
}
