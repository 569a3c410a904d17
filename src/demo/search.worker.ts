import { expose } from 'comlink'
import type { DocumentEntry } from './document-entry.js'
import { DocumentFileError, decodeText, MAX_DOCUMENTS, MAX_FILE_BYTES, parseDocuments } from './document-files.js'
import { FirstStage, type Hit } from './first-stage.js'
import { type Request, requestOf } from './request.js'

/** Which documents are searched: the Web APIs, or the reader's own. */
export type Corpus = 'web-apis' | 'own'

/** What came of the reader's own documents. */
export interface OwnDocuments {
  documents: number
  files: { name: string; documents: number; problem?: string }[]
}

export interface FirstStageAnswer {
  hits: Hit[]
  /** Entries that matched at all. */
  total: number
  /** Milliseconds in the index. */
  duration: number
  /** There is nothing to search yet. */
  isEmpty: boolean
}

// Promises, so that a query that comes before its index is answered when the index is there.
const indexes = new Map<Corpus, Promise<FirstStage>>()
const requests: Request[] = []

new PerformanceObserver((list) => {
  requests.push(...list.getEntries().map(requestOf))
}).observe({ type: 'resource', buffered: true })

const api = {
  /** Fetches the Web APIs and indexes them. */
  async loadWebApis(url: string): Promise<void> {
    const index = fetchIndex(url)
    indexes.set('web-apis', index)
    await index
  },

  /** Replaces the reader's own documents by what the files hold. One bad file does not spoil the others. */
  async loadOwn(files: File[]): Promise<OwnDocuments> {
    const entries: DocumentEntry[] = []
    const report: OwnDocuments['files'] = []
    for (const file of files) {
      const before = entries.length
      let problem: string | undefined
      try {
        if (file.size > MAX_FILE_BYTES) throw new DocumentFileError(`Files over ${MAX_FILE_BYTES / 1024 / 1024} MB are not read.`)
        const { drafts, textless } = parseDocuments(file.name, decodeText(await file.arrayBuffer()))
        const room = MAX_DOCUMENTS - entries.length
        if (drafts.length === 0) problem = 'No documents in it.'
        else if (textless > 0) problem = `${textless} of its entries have no text and were left out.`
        if (drafts.length > room) problem = `Only the first ${room} of its ${drafts.length} documents were taken.`
        for (const draft of drafts.slice(0, room)) entries.push({ ...draft, id: `own-${entries.length + 1}`, kind: file.name })
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error)
      }
      report.push({ name: file.name, documents: entries.length - before, ...(problem && { problem }) })
    }
    const index = new FirstStage()
    indexes.set(
      'own',
      index.add(entries).then(() => index),
    )
    await indexes.get('own')
    return { documents: entries.length, files: report }
  },

  async search(corpus: Corpus, query: string, limit: number): Promise<FirstStageAnswer> {
    const index = await indexes.get(corpus)
    if (!index) return { hits: [], total: 0, duration: 0, isEmpty: true }
    const start = performance.now()
    // The reader's own documents may be few enough to read them all.
    const found = index.search(query, limit, { fill: corpus === 'own' })
    return { ...found, duration: performance.now() - start, isEmpty: index.size === 0 }
  },

  /** Requests that this worker has made so far. */
  requests: () => requests,
}

async function fetchIndex(url: string): Promise<FirstStage> {
  const index = new FirstStage()
  await index.add(await fetchEntries(url))
  return index
}

/** The sentence goes to the reader as it is: what the browser says of a failed fetch helps nobody. */
async function fetchEntries(url: string): Promise<DocumentEntry[]> {
  const advice = 'Look at the network connection, then try again; your own documents can be searched without them.'
  const response = await fetch(url).catch((cause: unknown) => {
    throw new Error(`Their file did not arrive. ${advice}`, { cause })
  })
  if (!response.ok) throw new Error(`The server answered ${response.status} for their file. ${advice}`)
  return response.json().catch((cause: unknown) => {
    throw new Error(`Their file broke off or is damaged. ${advice}`, { cause })
  })
}

export type SearchWorkerApi = typeof api

expose(api)
