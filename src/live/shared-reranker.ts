import { DisposedError, InvalidInputError } from '../errors.js'
import type { CreateRerankerOptions } from '../index.js'
import type { ProgressEvent, Reranker } from '../types.js'
import { isSame } from './same.js'

/** `createReranker`'s options, but those that are about one caller's loading. */
export type RerankerOptions = Omit<CreateRerankerOptions, 'onProgress' | 'signal'>

/**
 * Where a reranker comes from: options, for one that is loaded here, shared by all that ask for the same, and disposed of when nobody
 * does; or a reranker, or its promise, which stay the caller's to dispose of.
 */
export type RerankerSource = RerankerOptions | Reranker | PromiseLike<Reranker>

/** How far the loading is, over all files known so far. */
export type LoadProgress = Pick<
  Extract<ProgressEvent, { status: 'progress_total' }>,
  'progress' | 'loaded' | 'total' | 'rate' | 'secondsLeft'
>

/** A reranker, or how far it is from being one. */
export interface RerankerState {
  /** `idle`: nobody asked for it yet. */
  readonly status: 'idle' | 'loading' | 'ready' | 'failed'
  /** There where it is `ready`. */
  readonly reranker?: Reranker
  /** There while it is `loading`, and something arrives. */
  readonly progress?: LoadProgress
  /** Why it `failed`. */
  readonly error?: unknown
  /** Where it failed: load it again. */
  readonly retry: () => void
}

/** A share in a reranker. */
export interface HeldReranker {
  readonly state: RerankerState
  /** Another promise after `retry`. */
  readonly ready: PromiseLike<Reranker>
  /** Let go of it; a second call does nothing. */
  release(): void
}

export const IDLE: RerankerState = { status: 'idle', retry: () => undefined }

/** One that nobody holds stays for so long: a page that changes its view, and React's StrictMode, let go and ask again. */
export const LINGER_MS = 1000

/** All that are held, or were a moment ago. */
const shared = new Set<SharedReranker>()

/** For rerankers that were handed in. */
const handedIn = new WeakMap<Reranker, RerankerState>()

/**
 * Take a share in what a source gives: the first one loads it.
 *
 * @param onChange called when `state` is another one
 */
export function holdReranker(source: RerankerSource, onChange: () => void): HeldReranker {
  if (isReranker(source)) return { state: stateOf(source), ready: Promise.resolve(source), release: () => undefined }
  const one = find(source) ?? new SharedReranker(source)
  // An own function for each share, whoever calls with the same.
  const listener = () => onChange()
  one.hold(listener)
  return {
    get state() {
      return one.state
    },
    get ready() {
      return one.ready
    },
    release: () => one.release(listener),
  }
}

/** The state of what a source gives, without asking for it. */
export function stateOf(source: RerankerSource | null): RerankerState {
  if (source === null) return IDLE
  if (!isReranker(source)) return find(source)?.state ?? IDLE
  const known = handedIn.get(source) ?? { ...IDLE, status: 'ready', reranker: source }
  handedIn.set(source, known)
  return known
}

/** The state where nobody holds it yet: a page's first rendering is the server's, whoever else in the page has it. */
export function stateUnheld(source: RerankerSource | null): RerankerState {
  return source !== null && isReranker(source) ? stateOf(source) : IDLE
}

function find(source: RerankerSource): SharedReranker | undefined {
  for (const one of shared) if (isSame(one.source, source)) return one
  return undefined
}

class SharedReranker {
  readonly source: RerankerOptions | PromiseLike<Reranker>
  state: RerankerState = IDLE
  ready: PromiseLike<Reranker> = Promise.resolve(undefined as never)
  readonly #listeners = new Set<() => void>()
  #loading = new AbortController()
  #lingering: ReturnType<typeof setTimeout> | undefined

  constructor(source: RerankerOptions | PromiseLike<Reranker>) {
    this.source = source
  }

  hold(listener: () => void): void {
    clearTimeout(this.#lingering)
    this.#listeners.add(listener)
    if (shared.has(this)) return
    shared.add(this)
    this.#load()
  }

  release(listener: () => void): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
    // Who asks next has it tried again.
    if (this.state.status === 'failed') this.#drop()
    else this.#lingering = setTimeout(() => this.#drop(), LINGER_MS)
  }

  #drop(): void {
    const { reranker } = this.state
    shared.delete(this)
    this.#loading.abort()
    this.state = IDLE
    if (!isPromise(this.source)) reranker?.dispose().catch(() => undefined)
  }

  #load(): void {
    this.#loading = new AbortController()
    const { signal } = this.#loading
    const { source } = this
    const onProgress = (progress: LoadProgress) => {
      // A worker that died is started again by the library: the reranker is as ready as before.
      if (this.state.status === 'loading') this.#tell({ status: 'loading', progress })
    }
    this.ready = isPromise(source) ? source : create(source, signal, onProgress).then((reranker) => this.#watched(reranker))
    this.#tell({ status: 'loading' })
    this.ready.then(
      (reranker) => {
        if (!signal.aborted) this.#tell({ status: 'ready', reranker })
        // It came to be in the moment in which it was given up.
        else if (!isPromise(source)) reranker.dispose().catch(() => undefined)
      },
      (error) => {
        if (!signal.aborted) this.#tell({ status: 'failed', error })
      },
    )
  }

  /** Whoever is handed it may dispose of it: the others are told that it is gone, and the next one loads it again. */
  #watched(reranker: Reranker): Reranker {
    const { dispose } = reranker
    reranker.dispose = () => {
      if (this.state.reranker === reranker) {
        if (this.#listeners.size === 0) this.#drop()
        else this.#tell({ status: 'failed', error: new DisposedError() })
      }
      return dispose.call(reranker)
    }
    return reranker
  }

  readonly #retry = () => {
    if (this.state.status === 'failed' && shared.has(this)) this.#load()
  }

  #tell(state: Omit<RerankerState, 'retry'>): void {
    this.state = { ...state, retry: this.#retry }
    for (const listener of [...this.#listeners]) listener()
  }
}

/** The library itself arrives when it is asked for: what is imported at once is small, and a server never has it. */
async function create(options: RerankerOptions, signal: AbortSignal, onProgress: (progress: LoadProgress) => void): Promise<Reranker> {
  for (const option of ['onProgress', 'signal']) {
    if (Object.keys(options).includes(option))
      throw new InvalidInputError('invalid-option', `A reranker that may be shared has no option ${option}.`, { option })
  }
  const { createReranker } = await import('../index.js')
  signal.throwIfAborted()
  return createReranker({
    ...options,
    signal,
    onProgress(event) {
      if (event.status !== 'progress_total' || signal.aborted) return
      const { progress, loaded, total, rate, secondsLeft } = event
      onProgress({ progress, loaded, total, ...(rate !== undefined && { rate }), ...(secondsLeft !== undefined && { secondsLeft }) })
    },
  })
}

function isReranker(source: RerankerSource): source is Reranker {
  return typeof source === 'object' && 'rerank' in source
}

function isPromise(source: RerankerOptions | PromiseLike<Reranker>): source is PromiseLike<Reranker> {
  return typeof source === 'object' && 'then' in source
}

/** Options, of which there may be others that say the same. */
export function isOptions(source: RerankerSource): source is RerankerOptions {
  return !isReranker(source) && !isPromise(source)
}
