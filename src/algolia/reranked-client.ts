import { aReranker, rerankChecks } from '../core/call-options.js'
import { aFunction, kind, numberFrom, type OptionChecks, readOptions } from '../core/options.js'
import { InvalidInputError } from '../errors.js'
import type { Reranker, RerankOptions } from '../types.js'
import { type Answer, cut, type Indices, type Plan, planOf, type Request } from './paging.js'

export interface RerankedClientOptions<Hit>
  extends Pick<RerankOptions<Hit>, 'maxLength' | 'longDocuments' | 'onMismatch' | 'firstStageWeight' | 'budgetMs'> {
  /** From `createReranker()`, or its promise. It stays yours to dispose of. */
  reranker: Reranker | PromiseLike<Reranker>
  /** The text of a hit, as the model reads it. @default the hit's `text` */
  text?: (hit: Hit, index: number) => string
  /** Hits that are ranked: so many are fetched at once, rounded up to whole pages, and pages are cut from them. @default 50 */
  pool?: number
  /**
   * Names of the indices whose hits are ranked, or a function that says whether a name is one: others are answered as they are. For indices that are
   * sorted by something else than relevance, as those of InstantSearch's `sortBy` are. @default all
   */
  indices?: Indices
  /**
   * Milliseconds that a search may wait for a model that is still loading. Until then, and where it fails, hits come in Algolia's order.
   * @default 0
   */
  wait?: number
  /** Called once when the model is there, if searches were answered without it: `() => search.refresh()` in InstantSearch. */
  onReady?: () => void
  /** Called where the model does not load, or a ranking fails: the hits came in Algolia's order. */
  onError?: (error: unknown) => void
}

/** Whatever has Algolia's `search`. */
export interface SearchClient {
  // biome-ignore lint/suspicious/noExplicitAny: the versions of the client have types of their own
  search: (...args: any[]) => any
}

const POOL = 50

/** Searches of which the order is known, so that their other pages have the same. */
const KEPT_ORDERS = 50

/**
 * An Algolia client whose `search` gives hits in the model's order, for InstantSearch, Autocomplete, or calls of your own. Everything else is the
 * client's.
 *
 * @example
 * const searchClient = rerankedClient(liteClient(APP_ID, KEY), { reranker: createReranker(), text: (hit) => `${hit.title}\n${hit.content}` })
 *
 * @throws InvalidInputError (`invalid-option`)
 */
export function rerankedClient<Client extends SearchClient, Hit = unknown>(client: Client, given: RerankedClientOptions<Hit>): Client {
  if (typeof client?.search !== 'function')
    throw new InvalidInputError('invalid-option', 'rerankedClient needs a client of Algolia: an object with search.', { option: 'client' })
  const options = readOptions<RerankedClientOptions<Hit>>('rerankedClient', given, checks)
  if (options.reranker === undefined)
    throw new InvalidInputError('invalid-option', 'rerankedClient needs reranker. docs/algolia.md has examples.', { option: 'reranker' })
  const ranking = new Ranking(options)
  const { pool = POOL, indices } = options

  async function search(asked: unknown, ...rest: unknown[]): Promise<unknown> {
    const isList = Array.isArray(asked)
    const requests = isList ? asked : (asked as { requests?: unknown } | undefined)?.requests
    // What this does not know, the client may.
    if (!Array.isArray(requests)) return client.search(asked, ...rest)
    const plans = requests.map((request: Request) => planOf(request, pool, indices))
    if (plans.every((plan) => plan === undefined)) return client.search(asked, ...rest)
    const changed = requests.map((request, i) => plans[i]?.request ?? request)
    const answer = await client.search(isList ? changed : { ...(asked as object), requests: changed }, ...rest)
    // What is no answer of Algolia's is the caller's to look at.
    const { results } = (answer ?? {}) as { results?: unknown }
    if (!Array.isArray(results)) return answer
    return { ...answer, results: await Promise.all(results.map((one: Answer, i) => ranking.answer(one, plans[i], changed))) }
  }

  // Not a copy: a client may have methods that look at it, or search by it, and InstantSearch looks at all of them. What cannot be changed cannot
  // be seen as another.
  const own = Object.getOwnPropertyDescriptor(client, 'search')
  const isFixed = own !== undefined && !own.configurable && !own.writable
  const seen: Client = isFixed ? Object.assign(Object.create(Object.getPrototypeOf(client)), client) : client
  const methods = new Map<unknown, unknown>()
  return new Proxy(seen, {
    get(target, name) {
      if (name === 'search') return search
      const value = Reflect.get(target, name, client)
      if (typeof value !== 'function' || name === 'constructor' || isPlain(client) || Object.hasOwn(client, name)) return value
      // Private fields of a class are those of its instance alone.
      const bound = methods.get(value) ?? value.bind(client)
      methods.set(value, bound)
      return bound
    },
  })
}

/** Not an instance of some class. */
function isPlain(client: object): boolean {
  const prototype = Object.getPrototypeOf(client)
  return prototype === null || prototype === Object.prototype
}

const { text, maxLength, longDocuments, onMismatch, firstStageWeight, budgetMs } = rerankChecks

const checks: OptionChecks<RerankedClientOptions<never>> = {
  reranker: aReranker,
  text,
  pool: numberFrom({ min: 1, max: 1000, integer: true }),
  indices: kind(
    'names of indices, or a function of a name',
    (value) => typeof value === 'function' || (Array.isArray(value) && value.every((name) => typeof name === 'string')),
  ),
  wait: numberFrom({ min: 0 }),
  onReady: aFunction,
  onError: aFunction,
  maxLength,
  longDocuments,
  onMismatch,
  firstStageWeight,
  budgetMs,
}

/** A ranking under way. */
interface Run<Hit> {
  plan: Plan
  /** The newest of the caller's calls that it is part of. */
  batch: object
  abort: AbortController
  /** As they came. */
  hits: Hit[]
  ranked: Promise<Hit[]>
}

/** The model, once it is there, and the orders that it gave. */
class Ranking<Hit> {
  readonly #options: RerankedClientOptions<Hit>
  readonly #orders = new Map<string, readonly unknown[]>()
  readonly #loaded: Promise<unknown>
  /** By their searches: pages that are asked for at the same time are cut from one order. */
  readonly #runs = new Map<string, Run<Hit>>()
  #reranker: Reranker | undefined
  #isMissed = false

  constructor(options: RerankedClientOptions<Hit>) {
    this.#options = options
    this.#loaded = Promise.resolve(options.reranker).then(
      (reranker) => {
        this.#reranker = reranker
        if (!this.#isMissed || !options.onReady) return
        // The orders without the model are over; whoever is not told keeps those that are shown.
        this.#orders.clear()
        options.onReady()
      },
      (error) => options.onError?.(error),
    )
    // What the caller's own functions throw is not the search's.
    this.#loaded.catch((error) => console.error(error))
  }

  /**
   * An answer as it is shown: in the model's order, and with the page that was asked for.
   *
   * @param batch of all that was asked with it
   */
  async answer(answer: Answer, plan: Plan | undefined, batch: object): Promise<Answer> {
    const hits = answer?.hits
    if (!plan || !Array.isArray(hits)) return answer
    return cut(answer, await this.#order(hits, plan, batch), plan.page)
  }

  async #order(hits: Hit[], plan: Plan, batch: object): Promise<Hit[]> {
    const running = this.#runs.get(plan.search)
    if (running) {
      running.batch = batch
      return inOrder(hits, namesOf(await running.ranked))
    }
    const known = plan.page && plan.page.number > 0 ? this.#orders.get(plan.search) : undefined
    return known ? inOrder(hits, known) : this.#start(hits, plan, batch)
  }

  /** Nothing may be awaited before the run is there for others to find. */
  #start(hits: Hit[], plan: Plan, batch: object): Promise<Hit[]> {
    // Whoever types has no use for the order of what was typed before.
    for (const run of this.#runs.values())
      if (run.plan.box === plan.box && run.plan.query !== plan.query && run.batch !== batch) this.#end(run)
    const abort = new AbortController()
    const ranked = this.#rank(hits, plan, abort.signal).then((order) => {
      // What was ended has its order already.
      if (this.#runs.get(plan.search) !== run) return hits
      this.#runs.delete(plan.search)
      this.#keep(plan, order)
      return order
    })
    const run: Run<Hit> = { plan, batch, abort, hits, ranked }
    this.#runs.set(plan.search, run)
    return ranked
  }

  /** Its pages are Algolia's, those that are asked for later too; the same search, when it is made again, is ranked anew. */
  #end({ plan, abort, hits }: Run<Hit>): void {
    this.#runs.delete(plan.search)
    this.#keep(plan, hits)
    abort.abort()
  }

  #keep({ search }: Plan, hits: readonly Hit[]): void {
    // Put last, so that what was not asked for longest goes first.
    this.#orders.delete(search)
    this.#orders.set(search, namesOf(hits))
    for (const one of this.#orders.keys()) {
      if (this.#orders.size <= KEPT_ORDERS) break
      this.#orders.delete(one)
    }
  }

  async #rank(hits: Hit[], { query }: Plan, signal: AbortSignal): Promise<Hit[]> {
    const { reranker: _, pool = POOL, indices, wait = 0, onReady, onError, ...ranking } = this.#options
    if (!this.#reranker && wait > 0) await Promise.race([this.#loaded, new Promise((resolve) => setTimeout(resolve, wait))])
    if (!this.#reranker) {
      this.#isMissed = true
      return hits
    }
    if (signal.aborted) return hits
    try {
      const { results } = await this.#reranker.rerank(query, hits.slice(0, pool), { ...ranking, signal })
      return [...results.map(({ document }) => document), ...hits.slice(pool)]
    } catch (error) {
      try {
        if (!signal.aborted) onError?.(error)
      } catch (own) {
        // As above: the hits are there all the same.
        console.error(own)
      }
      return hits
    }
  }
}

/** What hits are known by in another answer, each by a name of its own: of equal ones, which of them it is. */
function namesOf(hits: readonly unknown[]): unknown[] {
  const counts = new Map<unknown, number>()
  return hits.map((hit) => {
    const name = nameOf(hit)
    const count = counts.get(name) ?? 0
    counts.set(name, count + 1)
    return count === 0 ? name : `${name}\0${count}`
  })
}

/** Those of other engines' adapters may have none, and what they hold need not be JSON. */
function nameOf(hit: unknown): unknown {
  try {
    return (hit as { objectID?: unknown } | null)?.objectID ?? JSON.stringify(hit)
  } catch {
    return hit
  }
}

/** Hits in the order of an answer before; those that are new come last. */
function inOrder<Hit>(hits: readonly Hit[], order: readonly unknown[]): Hit[] {
  const places = new Map(order.map((name, place) => [name, place]))
  const named = namesOf(hits).map((name, i) => ({ hit: hits[i] as Hit, place: places.get(name) ?? order.length }))
  return named.sort((one, other) => one.place - other.place).map(({ hit }) => hit)
}
