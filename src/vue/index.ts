import {
  type ComputedRef,
  computed,
  getCurrentInstance,
  getCurrentScope,
  type MaybeRef,
  type MaybeRefOrGetter,
  onMounted,
  onScopeDispose,
  type ShallowRef,
  shallowRef,
  toRaw,
  toValue,
  unref,
  watch,
} from 'vue'
import { LiveSearch, type LiveSearchOptions, type SearchState } from '../live/live-search.js'
import { isSame } from '../live/same.js'
import { type HeldReranker, holdReranker, IDLE, isOptions, type RerankerSource, type RerankerState } from '../live/shared-reranker.js'

/** Each field of a state as a ref of its own. */
export type Refs<State> = { readonly [K in keyof State]-?: ComputedRef<State[K]> }

/** Options that may be refs. */
export type MaybeRefs<Options> = { [K in keyof Options]: MaybeRef<Options[K]> }

/**
 * A reranker for as long as the component is there. Components that ask for the same options have the same one, and the last that goes
 * has it disposed of. On a server, and where the source is null, nothing is loaded.
 *
 * @example
 * const { status, reranker, progress, error, retry } = useReranker({ device: 'wasm' })
 */
export function useReranker(
  source: MaybeRefOrGetter<RerankerSource | null> = {},
): Refs<Omit<RerankerState, 'retry'>> & Pick<RerankerState, 'retry'> {
  const state = shallowRef(IDLE)
  let held: HeldReranker | undefined
  let known: RerankerSource | null = null
  const hold = (source: RerankerSource | null) => {
    const before = held
    known = source
    const now = source === null ? undefined : holdReranker(source, () => tell())
    held = now
    before?.release()
    tell()
  }
  const tell = () => {
    state.value = held?.state ?? IDLE
  }
  whileUsed(() => {
    const stop = watch(
      () => plain(toValue(source)),
      (source) => {
        if (!isSame(source, known)) hold(source)
      },
      { immediate: true },
    )
    return () => {
      stop()
      hold(null)
    }
  })
  return {
    status: computed(() => state.value.status),
    reranker: computed(() => state.value.reranker),
    progress: computed(() => state.value.progress),
    error: computed(() => state.value.error),
    retry: () => state.value.retry(),
  }
}

/**
 * Search results for a query: the first stage's order at once, then the model's.
 *
 * @example
 * const query = ref('')
 * const { results, pending, error, model } = useSearch(query, {
 *   firstStage: (query, { signal }) => fetchHits(query, signal),
 *   text: (hit) => `${hit.title}\n${hit.body}`,
 * })
 */
export function useSearch<T>(
  query: MaybeRefOrGetter<string | null | undefined>,
  options: MaybeRefOrGetter<MaybeRefs<LiveSearchOptions<T>>>,
): Refs<SearchState<T>> {
  const read = () => {
    const given = Object.entries(toValue(options)).map(([name, value]) => [name, copied(unref(value))])
    const { reranker = {}, ...rest } = Object.fromEntries(given) as LiveSearchOptions<T>
    return [toValue(query), { ...rest, reranker: plain(reranker) }] as const
  }
  const search = new LiveSearch<T>(...read())
  const state: ShallowRef<SearchState<T>> = shallowRef(search.state)
  whileUsed(() => {
    let newest = read()
    const show = () => {
      state.value = search.stateWith(newest[1])
    }
    const stop = watch(read, (given) => {
      newest = given
      search.update(...given)
      show()
    })
    search.update(...newest)
    search.start(show)
    return () => {
      stop()
      search.stop()
    }
  })
  return {
    query: computed(() => state.value.query),
    results: computed(() => state.value.results),
    stage: computed(() => state.value.stage),
    pending: computed(() => state.value.pending),
    mismatch: computed(() => state.value.mismatch),
    error: computed(() => state.value.error),
    model: computed(() => state.value.model),
  }
}

/** A list as it is now: reading all of it is what has changes in it noticed, and the search compares it with what it becomes. */
function copied<V>(value: V): V {
  return Array.isArray(value) ? ([...value] as V) : value
}

/** What a proxy stands for: it has none of a reranker's private fields, and the options in it may change. */
function plain(source: RerankerSource | null): RerankerSource | null {
  return source !== null && isOptions(source) ? { ...source } : toRaw(source)
}

/** In a component from when it is mounted, which never happens on a server; elsewhere at once; until its scope ends. */
function whileUsed(start: () => () => void): void {
  const scope = getCurrentScope()
  let stop: (() => void) | undefined
  const begin = () => {
    // It may have ended before.
    if (scope?.active) stop = start()
  }
  onScopeDispose(() => stop?.())
  if (getCurrentInstance()) onMounted(begin)
  else if (typeof document !== 'undefined') begin()
}

export type { LiveSearchOptions, SearchState } from '../live/live-search.js'
export type { LoadProgress, RerankerOptions, RerankerSource, RerankerState } from '../live/shared-reranker.js'
