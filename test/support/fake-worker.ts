import type { LocalEngine, RerankRequest, ScoreRequest, Scores } from '../../src/core/engine.js'
import type { TextReferences } from '../../src/protocol.js'
import type { LocalRerankerInfo } from '../../src/types.js'
import { type OpenEngine, serveReranker } from '../../src/worker/api.js'

/**
 * The browser's side of a worker, in this thread: messages go through a real channel to the library's own worker code, and
 * only the engine behind it is made up. It can be killed as a browser kills one: without a word, its locks set free.
 */
export class FakeWorker extends EventTarget {
  /** Calls that reached the worker: the method, and the query of a call or the id that is cancelled. */
  readonly received: string[] = []
  /** Texts that came with each call. */
  readonly texts: string[][] = []
  isTerminated = false
  #isHung = false
  readonly #openEngine: OpenEngine
  readonly #isSilent: boolean
  readonly #ports: MessagePort[] = []
  readonly #locks: string[] = []

  /** @param options.silent a worker whose script never comes to run */
  constructor(openEngine: OpenEngine, { silent = false } = {}) {
    super()
    this.#openEngine = openEngine
    this.#isSilent = silent
  }

  postMessage(message: { 'page-rerank': MessagePort }): void {
    if (this.#isSilent) return
    const port = message['page-rerank']
    this.#ports.push(port)
    port.addEventListener('message', (event) => {
      if (this.#isHung) return event.stopImmediatePropagation()
      const { data } = event
      const { path = [], argumentList = [] } = data as { path?: string[]; argumentList?: { value: unknown }[] }
      const [first, second] = argumentList.map(({ value }) => value)
      if (path[0] === 'holdLock') this.#locks.push(first as string)
      const added = (second as { texts?: Partial<TextReferences> } | undefined)?.texts?.added
      if (added) this.texts.push(added)
      const detail = (second as Partial<RerankRequest> | undefined)?.query ?? (path[0] === 'cancel' ? first : '')
      if (![undefined, 'holdLock', 'releaseLock', 'ping'].includes(path[0])) this.received.push(`${path[0]} ${detail}`.trim())
    })
    serveReranker(port, this.#openEngine)
  }

  terminate(): void {
    this.isTerminated = true
    this.kill()
  }

  kill(): void {
    for (const port of this.#ports) port.close()
    for (const name of this.#locks) FakeLocks.current?.free(name)
  }

  /** It lives, and never looks at its messages again: it is in a loop that does not end. */
  hang(): void {
    this.#isHung = true
  }

  /** What a browser tells of a script that cannot be loaded. */
  failToLoad(): void {
    this.dispatchEvent(new Event('error'))
  }
}

type Grant = () => unknown

/** `navigator.locks`, as far as the library uses it. */
export class FakeLocks {
  static current: FakeLocks | undefined
  /** Names held now. */
  readonly held = new Set<string>()
  readonly #queues = new Map<string, (() => void)[]>()

  /** Locks asked for and not had yet. */
  get waiting(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.length, 0)
  }

  request(name: string, ...rest: [Grant] | [{ signal: AbortSignal }, Grant]): Promise<unknown> {
    const grant = rest.at(-1) as Grant
    const signal = rest.length === 2 ? (rest[0] as { signal: AbortSignal }).signal : undefined
    return new Promise((resolve, reject) => {
      const take = async () => {
        this.held.add(name)
        resolve(await grant())
        this.free(name)
      }
      if (signal?.aborted) return reject(signal.reason)
      if (!this.held.has(name)) return void take()
      const queue = this.#queues.get(name) ?? []
      this.#queues.set(name, queue)
      queue.push(take)
      signal?.addEventListener('abort', () => {
        queue.splice(queue.indexOf(take), 1)
        reject(signal.reason)
      })
    })
  }

  free(name: string): void {
    if (!this.held.delete(name)) return
    this.#queues.get(name)?.shift()?.()
  }
}

/** What a fake engine does with a query, by the query's first word. */
export type Behaviour = (request: RerankRequest) => Promise<Scores> | Scores

/** An engine that answers at the next turn of the event loop: the logit of a text is its length. */
export function fakeEngine(behaviours: Record<string, Behaviour> = {}): LocalEngine & { disposed: boolean; queries: string[] } {
  const engine = {
    disposed: false,
    /** That were begun. */
    queries: [] as string[],
    info: {
      kind: 'cross-encoder',
      model: 'fake',
      device: 'wasm',
      dtype: 'q8',
      worker: true,
      fallbacks: [],
      firstStageWeight: 0,
    } as unknown as LocalRerankerInfo,
    async rerank(request: RerankRequest) {
      engine.queries.push(request.query)
      const behaviour = behaviours[request.query.split(' ')[0] as string]
      if (behaviour) return behaviour(request)
      await turn()
      request.signal?.throwIfAborted()
      return scoresOf(request)
    },
    async computeScore({ pairs, signal }: ScoreRequest) {
      await turn()
      signal?.throwIfAborted()
      return pairs.map(([, document]) => document.length)
    },
    async prepare() {},
    async prepareIndex() {},
    async dispose() {
      engine.disposed = true
    },
  }
  return engine
}

/** The scores of all texts, or of the first ones: a text's length. */
export function scoresOf({ texts }: RerankRequest, count = texts.length): Scores {
  return { logits: Float64Array.from(texts, (text, i) => (i < count ? text.length : Number.NaN)), scored: count }
}

export const never = () => new Promise<never>(() => undefined)

/** Rejects when the call is cancelled, and does nothing else. */
export const untilCancelled: Behaviour = ({ signal }) =>
  new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))

/** One turn of the event loop; messages between ports take a few. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

/** Turns until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (holds()) return
    await turn()
  }
  throw new Error(`It never came to hold: ${holds}`)
}
