import { expose } from 'comlink'
import type { BuiltCorpus } from './corpus/corpora.js'
import type { DocumentEntry } from './document-entry.js'
import { FirstStage, type Found } from './first-stage.js'
import { type Request, requestOf } from './request.js'

/** Which documents are searched: some that the page was built with, or the reader's own. */
export type Corpus = BuiltCorpus | 'own'

export interface FirstStageAnswer extends Found {
  /** Milliseconds in the index. */
  duration: number
  /** There is nothing to search yet. */
  isEmpty: boolean
}

/** Why a corpus could not be had; the page has the sentences. */
export type CorpusProblem = { code: 'network' | 'damaged' } | { code: 'status'; status: number }

// Promises, so that a query that comes before its index is answered when the index is there.
const indexes = new Map<Corpus, Promise<FirstStage>>()
const requests: Request[] = []

new PerformanceObserver((list) => {
  requests.push(...list.getEntries().map(requestOf))
}).observe({ type: 'resource', buffered: true })

const api = {
  /** Fetches a corpus that the page was built with; it is indexed while the page has it already. */
  async loadBuilt(corpus: BuiltCorpus, url: string): Promise<{ entries: DocumentEntry[] } | { problem: CorpusProblem }> {
    const entries = fetchEntries(url)
    const index = entries.then(indexOf)
    // The answer says so; whoever searches all the same hears of it too.
    index.catch(() => {})
    indexes.set(corpus, index)
    try {
      return { entries: await entries }
    } catch (error) {
      if (error instanceof CorpusError) return { problem: error.problem }
      throw error
    }
  },

  /** Replaces the reader's own documents: those of the newest call are searched. */
  useOwn(entries: readonly DocumentEntry[]): void {
    indexes.set('own', indexOf(entries))
  },

  /** @param termsOf how many of the best are told with their words */
  async search(corpus: Corpus, query: string, termsOf: number): Promise<FirstStageAnswer> {
    const index = await indexes.get(corpus)
    if (!index) return { places: new Uint32Array(), terms: [], duration: 0, isEmpty: true }
    const start = performance.now()
    const found = index.search(query, termsOf)
    return { ...found, duration: performance.now() - start, isEmpty: index.size === 0 }
  },

  /** Requests that this worker has made so far. */
  requests: () => requests,
}

async function indexOf(entries: readonly DocumentEntry[]): Promise<FirstStage> {
  const index = new FirstStage()
  await index.add(entries)
  return index
}

class CorpusError extends Error {
  readonly problem: CorpusProblem

  constructor(problem: CorpusProblem, cause?: unknown) {
    super(`The entries could not be had: ${problem.code}.`, { cause })
    this.problem = problem
  }
}

async function fetchEntries(url: string): Promise<DocumentEntry[]> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw new CorpusError({ code: 'network' }, cause)
  })
  if (!response.ok) throw new CorpusError({ code: 'status', status: response.status })
  return response.json().catch((cause: unknown) => {
    throw new CorpusError({ code: 'damaged' }, cause)
  })
}

export type SearchWorkerApi = typeof api

expose(api)
