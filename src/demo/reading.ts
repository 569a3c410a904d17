import { isAbortError, type Reranker } from 'page-rerank'
import type { Entry } from './document-entry.js'

/** What the model has read of what is searched. */
export interface ReadingState {
  /**
   * - `waiting`: there is no model yet, or nothing to read.
   * - `index`: what was read when the page was built is arriving.
   * - `reading`: the model reads in the page; what has been read can be ranked.
   * - `done`: everything is read.
   * - `full`: no more fits into the memory that the library gives it.
   * - `unneeded`: the model reads documents anew for each query.
   * - `failed`: the model stopped.
   */
  status: 'waiting' | 'index' | 'reading' | 'done' | 'full' | 'unneeded' | 'failed'
  /** Entries that can be ranked, from the first one on. */
  read: number
  total: number
  /** How much of it is there, from 0 to 1; of an index that arrives, more than what can be ranked. */
  share: number
  /** Seconds until the rest is read at the pace so far. */
  secondsLeft?: number
  /** Bytes that the model keeps. */
  bytes: number
  /** Why there is no index, where there should be one. */
  problem?: unknown
}

/** Shorter than this a pace says nothing. */
const MIN_PACE_MS = 2000

/** Has the model read what is searched ahead of the queries, and knows how far it is. */
export class Reading {
  readonly #listener: (state: ReadingState) => void
  #entries: readonly Entry[] = []
  #abort = new AbortController()
  #state: ReadingState = { status: 'waiting', read: 0, total: 0, share: 0, bytes: 0 }

  constructor(listener: (state: ReadingState) => void) {
    this.#listener = listener
  }

  get status(): ReadingState['status'] {
    return this.#state.status
  }

  /** What of these entries is read: all of them, the first ones, or none where the model reads documents anew. */
  readOf(entries: readonly Entry[]): readonly Entry[] {
    if (entries !== this.#entries) return []
    return this.#state.read === entries.length ? entries : entries.slice(0, this.#state.read)
  }

  /**
   * Another model, or other documents; what was under way ends.
   *
   * @param index where what the model would read has been read before
   */
  async start(reranker: Reranker | undefined, entries: readonly Entry[], index?: string): Promise<void> {
    this.#abort.abort()
    this.#abort = new AbortController()
    const { signal } = this.#abort
    this.#entries = entries
    const total = entries.length
    const show = (state: Partial<ReadingState>) => {
      if (signal.aborted) return
      this.#state = { status: 'waiting', read: 0, total, share: 0, bytes: reranker?.info.kept?.bytes ?? 0, ...state }
      this.#listener(this.#state)
    }
    if (!reranker || total === 0) return show({})
    if (reranker.info.kind === 'cross-encoder') return show({ status: 'unneeded' })
    try {
      const problem = index && (await loadIndex(reranker, index, total, signal, show))
      await read(reranker, entries, signal, (state) => show({ ...state, ...(problem !== undefined && { problem }) }))
    } catch (error) {
      if (!isAbortError(error)) show({ status: 'failed' })
    }
  }
}

/** @returns why it could not be used; undefined where it is there */
async function loadIndex(
  reranker: Reranker,
  index: string,
  total: number,
  signal: AbortSignal,
  show: (state: Partial<ReadingState>) => void,
): Promise<unknown> {
  show({ status: 'index' })
  try {
    await reranker.prepare(
      { index },
      {
        signal,
        onProgress({ scored, total: all }) {
          // With its first part everything can be ranked.
          const { kept } = reranker.info
          show({ status: 'index', read: kept && kept.documents >= total ? total : 0, share: scored / all })
        },
      },
    )
    return undefined
  } catch (error) {
    if (isAbortError(error)) throw error
    return error
  }
}

/** What is there already, of an index or of an earlier visit to these documents, costs nothing. */
async function read(
  reranker: Reranker,
  entries: readonly Entry[],
  signal: AbortSignal,
  show: (state: Partial<ReadingState>) => void,
): Promise<void> {
  const total = entries.length
  const begin = performance.now()
  let read = 0
  const reading = () => {
    const spent = performance.now() - begin
    const secondsLeft = spent > MIN_PACE_MS && read > 0 ? ((total - read) * spent) / read / 1000 : undefined
    show({ status: 'reading', read, share: read / total, ...(secondsLeft !== undefined && { secondsLeft }) })
  }
  await reranker.prepare(entries, {
    text: (entry) => entry.read,
    signal,
    onProgress({ scored }) {
      read = scored
      reading()
    },
  })
  show({ status: read < total ? 'full' : 'done', read, share: read / total })
}
