import { inTime } from '../core/in-time.js'
import { describe } from '../core/options.js'
import { orAborted } from '../core/or-aborted.js'
import { InvalidInputError, isRerankerError } from '../errors.js'
import type { Reranker, RerankerInfo } from '../types.js'

/** Makes a reranker when it is needed. @param hooks.signal aborted by `dispose()` */
export type RerankerMaker = (hooks: { signal: AbortSignal }) => Reranker | PromiseLike<Reranker>

export interface FallbackOptions {
  /** Milliseconds for which one that failed is asked only where no other can answer. @default 60000 */
  retryAfterMs?: number
  /** Called when one has failed, or could not be made, with what it failed with and its place in the list. */
  onFallback?: (error: unknown, place: number) => void
}

/** One of the rerankers, made or not. */
interface Member {
  make: RerankerMaker
  place: number
  /** Absent until it is needed, and when it could not be made. */
  made?: Promise<Reranker>
  /** Where it is made and there. */
  reranker?: Reranker
  /** Until when it is left alone, in `performance.now()` time. */
  restsUntil: number
}

/** Several rerankers, of which the first that can does what is to be done. */
export class FallbackMembers {
  readonly #members: Member[]
  readonly #retryAfterMs: number
  readonly #onFallback: FallbackOptions['onFallback']
  readonly #life = new AbortController()
  #info: () => RerankerInfo = () => ({})

  constructor(makers: readonly RerankerMaker[], { retryAfterMs = 60_000, onFallback }: FallbackOptions) {
    this.#members = makers.map((make, place) => ({ make, place, restsUntil: 0 }))
    this.#retryAfterMs = retryAfterMs
    this.#onFallback = onFallback
  }

  /** Of the one that answered last. */
  get info(): RerankerInfo {
    return this.#info()
  }

  /** Make the first that can be made. */
  async open(): Promise<void> {
    await this.first(this.#life.signal, async () => undefined)
  }

  /**
   * What the first that can comes to.
   *
   * @param work must hear itself of what the caller's own functions throw, and abort the signal with it
   * @param end `performance.now()` time when it is too late to begin: then the answer is undefined
   */
  first<R>(signal: AbortSignal, work: (reranker: Reranker) => Promise<R>): Promise<R>
  first<R>(signal: AbortSignal, work: (reranker: Reranker) => Promise<R>, end: number | undefined): Promise<R | undefined>
  async first<R>(signal: AbortSignal, work: (reranker: Reranker) => Promise<R>, end?: number): Promise<R | undefined> {
    let last: unknown
    for (const member of this.#inOrder()) {
      // Whoever was told of a failure may have ended the call.
      signal.throwIfAborted()
      let reranker: Reranker | undefined
      try {
        const made = () => orAborted(this.#made(member), signal)
        reranker = await (end === undefined ? made() : inTime(end, made, () => undefined))
        if (!reranker) return undefined
        const own = reranker
        const answer = await work(own)
        member.restsUntil = 0
        this.#info = () => own.info
        return answer
      } catch (error) {
        signal.throwIfAborted()
        // What is wrong with an index counts for nothing where making one loads it.
        if (hasName(error, 'InvalidInputError') || (reranker && hasName(error, 'IndexError'))) throw error
        last = error
        if (!reranker) continue
        this.#failed(member, error)
        // It is made anew where somebody else has disposed of it.
        const isGone = hasName(error, 'DisposedError') || hasName((error as Error | undefined)?.cause, 'DisposedError')
        if (isGone && member.reranker === reranker) member.made = member.reranker = undefined
      }
    }
    throw last
  }

  /** Dispose of all that were made, and of one that is still being made when it is there, whoever waits for it. */
  async dispose(reason: unknown): Promise<void> {
    this.#life.abort(reason)
    await Promise.allSettled(this.#members.map(async ({ made }) => (await made)?.dispose()))
  }

  /**
   * Those that may well answer first: one that rests after all others, one that is not made after those that are, else in the list's
   * order. One that this puts behind is made meanwhile, for later calls: making it may take long, or never end.
   */
  #inOrder(): Member[] {
    const now = performance.now()
    const after = ({ restsUntil, reranker }: Member) => (restsUntil > now ? 2 : 0) + (reranker ? 0 : 1)
    const order = this.#members.toSorted((a, b) => after(a) - after(b))
    for (const member of this.#members.slice(0, order[0]?.place)) if (member.restsUntil <= now) this.#made(member)
    return order
  }

  #made(member: Member): Promise<Reranker> {
    if (member.made) return member.made
    const made = (async () => checked(await member.make({ signal: this.#life.signal }), member.place))()
    member.made = made
    // Heard here: whoever asked for it may have been answered by then.
    made.then(
      (reranker) => {
        member.reranker = reranker
      },
      (error) => {
        member.made = undefined
        this.#failed(member, error)
      },
    )
    return made
  }

  #failed(member: Member, error: unknown): void {
    if (this.#life.signal.aborted) return
    member.restsUntil = performance.now() + this.#retryAfterMs
    const tell = async () => this.#onFallback?.(error, member.place)
    tell().catch((thrown) => console.error('page-rerank: onFallback failed.', thrown))
  }
}

function checked(made: Reranker, place: number): Reranker {
  if (typeof made?.rerank === 'function') return made
  const message = `Function ${place} of createFallbackReranker gave ${describe(made)}; it must return a Reranker, or the promise of one.`
  throw new InvalidInputError('invalid-input', message, { index: place })
}

function hasName(error: unknown, name: string): boolean {
  return isRerankerError(error) && error.name === name
}
