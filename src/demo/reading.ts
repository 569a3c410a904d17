import { isAbortError, type Reranker } from 'page-rerank'
import type { Entry } from './document-entry.js'

/** What the model has read of what is searched. */
export interface ReadingState {
  /**
   * - `waiting`: there is no model yet, or nothing to read.
   * - `reading`: under way; what has been read can be ranked.
   * - `done`: everything is read.
   * - `full`: no more fits into the memory that the library gives it.
   * - `unneeded`: the model reads documents anew for each query.
   * - `failed`: the model stopped.
   */
  status: 'waiting' | 'reading' | 'done' | 'full' | 'unneeded' | 'failed'
  /** Entries read, from the first one on. */
  read: number
  total: number
  /** Seconds until the rest is read at the pace so far. */
  secondsLeft?: number
  /** Bytes that the model keeps. */
  bytes: number
}

/** Shorter than this a pace says nothing. */
const MIN_PACE_MS = 2000

/** Has the model read what is searched ahead of the queries, and knows how far it is. */
export class Reading {
  readonly #listener: (state: ReadingState) => void
  #entries: readonly Entry[] = []
  #abort = new AbortController()
  #state: ReadingState = { status: 'waiting', read: 0, total: 0, bytes: 0 }

  constructor(listener: (state: ReadingState) => void) {
    this.#listener = listener
  }

  get state(): ReadingState {
    return this.#state
  }

  /** What of these entries is read: all of them, the first ones, or none where the model reads documents anew. */
  readOf(entries: readonly Entry[]): readonly Entry[] {
    if (entries !== this.#entries) return []
    return this.#state.read === entries.length ? entries : entries.slice(0, this.#state.read)
  }

  /** Another model, or other documents; what was under way ends. */
  async start(reranker: Reranker | undefined, entries: readonly Entry[]): Promise<void> {
    this.#abort.abort()
    const abort = new AbortController()
    this.#abort = abort
    this.#entries = entries
    const total = entries.length
    const show = (state: Partial<ReadingState>) => {
      if (abort.signal.aborted) return
      this.#state = { status: 'waiting', read: 0, total, bytes: reranker?.info.kept?.bytes ?? 0, ...state }
      this.#listener(this.#state)
    }
    if (!reranker || total === 0) return show({})
    if (reranker.info.kind === 'cross-encoder') return show({ status: 'unneeded' })
    show({ status: 'reading' })
    const begin = performance.now()
    let read = 0
    try {
      await reranker.prepare(entries, {
        text: (entry) => entry.read,
        signal: abort.signal,
        onProgress: ({ scored }) => {
          read = scored
          const spent = performance.now() - begin
          const secondsLeft = spent > MIN_PACE_MS && read > 0 ? ((total - read) * spent) / read / 1000 : undefined
          show({ status: 'reading', read, ...(secondsLeft !== undefined && { secondsLeft }) })
        },
      })
      show({ status: read < total ? 'full' : 'done', read })
    } catch (error) {
      if (!isAbortError(error)) show({ status: 'failed', read: 0 })
    }
  }
}
