import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { LiveSearch, type LiveSearchOptions, type SearchState } from '../live/live-search.js'
import { isSame } from '../live/same.js'
import { holdReranker, IDLE, type RerankerSource, type RerankerState, stateOf } from '../live/shared-reranker.js'

/**
 * A reranker for as long as the component is there. Components that ask for the same options have the same one, and the last that goes
 * has it disposed of. On a server, and where the source is null, nothing is loaded.
 *
 * @example
 * const { status, reranker, progress, error, retry } = useReranker({ device: 'wasm' })
 */
export function useReranker(source: RerankerSource | null = {}): RerankerState {
  // Options are written anew at each rendering.
  const [stable, setStable] = useState(source)
  const isChanged = !isSame(stable, source)
  if (isChanged) setStable(source)
  const now = isChanged ? source : stable
  const subscribe = useCallback((onChange: () => void) => (now === null ? nothing : holdReranker(now, onChange).release), [now])
  return useSyncExternalStore(
    subscribe,
    () => stateOf(now),
    () => IDLE,
  )
}

/**
 * Search results for a query: the first stage's order at once, then the model's.
 *
 * @example
 * const [query, setQuery] = useState('')
 * const { results, pending, error, model } = useSearch(query, {
 *   firstStage: (query, { signal }) => fetchHits(query, signal),
 *   text: (hit) => `${hit.title}\n${hit.body}`,
 * })
 */
export function useSearch<T>(query: string | null | undefined, options: LiveSearchOptions<T>): SearchState<T> {
  const [search] = useState(() => new LiveSearch(query, options))
  const subscribe = useCallback(
    (onChange: () => void) => {
      search.start(onChange)
      return () => search.stop()
    },
    [search],
  )
  const getState = () => search.state
  const state = useSyncExternalStore(subscribe, getState, getState)
  // At each rendering: what is the same is found to be so.
  useEffect(() => search.update(query, options))
  // biome-ignore lint/correctness/useExhaustiveDependencies: the state is the search's; a function that is new at each rendering counts from the next change on.
  return useMemo(() => search.stateWith(options), [search, state, options.hits])
}

const nothing = () => undefined

export type { LiveSearchOptions, SearchState } from '../live/live-search.js'
export type { LoadProgress, RerankerOptions, RerankerSource, RerankerState } from '../live/shared-reranker.js'
