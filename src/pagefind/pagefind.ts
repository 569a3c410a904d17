import type { Fragment } from './page-texts.js'

/** The parts of Pagefind's module that are reranked; everything else passes through. Written down from its versions 1.0 to 1.6. */

export interface SubResult {
  title: string
  url: string
  excerpt: string
  plain_excerpt?: string
  /** Places of the words that were found. */
  locations?: number[]
  weighted_locations?: { weight: number; balanced_score: number; location: number }[]
  anchor?: { element: string; id: string; text?: string; location: number }
}

/** What `data()` gives. */
export interface ResultData extends Fragment {
  excerpt: string
  plain_excerpt?: string
  sub_results: SubResult[]
}

export interface Result {
  id: string
  score: number
  /** Places of the words that were found. */
  words: number[]
  data: () => Promise<ResultData>
}

export interface Results {
  results: Result[]
  unfilteredResultCount: number
}

export interface SearchOptions {
  filters?: object
  sort?: Record<string, string>
}

/** The module, or what its `createInstance` gives. */
export interface Pagefind {
  search(term: string | null, options?: SearchOptions): Promise<Results>
  debouncedSearch(term: string | null, options?: SearchOptions, milliseconds?: number): Promise<Results | null>
  init?(): Promise<void>
  preload?(term: string, options?: SearchOptions): Promise<void>
  filters?(): Promise<unknown>
  options?(options: unknown): Promise<void>
  mergeIndex?(address: string, options?: unknown): Promise<void>
  destroy?(): Promise<void>
  createInstance?(options?: unknown): Pagefind
}
