import type { Reranker, RerankOptions, RerankResponse, ScoredResult } from '../../src/types.js'
import { Random } from '../support/random.js'
import { SESSION } from './runtime.js'
import { refuseStorage } from './storage.js'
import type { Command, Fault, Received } from './worker.js'

/** The page's side of a chaotic run: makes calls and lets things go wrong, and checks what must hold whatever does. */

export interface EpochOptions {
  seed: number
  /** Things done. */
  steps: number
}

export interface EpochReport {
  /** What did not hold. */
  problems: string[]
  /** How often each thing was done, and how calls ended. */
  counts: Record<string, number>
}

/** Milliseconds in which a call must end: a worker that dies before it answers at all is missed after 30 seconds. */
const PATIENCE_MS = 45_000
/** Milliseconds in which dispose must return, and every call end with it. */
const DISPOSE_MS = 3000

const WORDS = 'screen battery bread salt lamp release request wake lock level keep phone light page search query'.split(' ')

/** When a call's signal is aborted. */
const PHASES = ['before', 'task', 'microtask', 'soon', 'later'] as const
type Phase = (typeof PHASES)[number]

interface Call {
  query: string
  documents: string[]
  home: Home
  phase?: Phase
  reason?: unknown
  /** Who ended it: its caller, a newer call of its key, or dispose. */
  stoppedBy?: 'abort' | 'key' | 'dispose'
  hasBudget: boolean
  settled?: 'fulfilled' | 'rejected'
  response?: RerankResponse<string>
}

interface Home {
  reranker: Reranker
  workers: ChaosWorker[]
  /** Deaths and faults of this reranker so far, any of which may cost a call. */
  deaths: number
  faults: number
  isDisposed: boolean
}

interface ChaosWorker {
  worker: Worker
  isDead: boolean
  /** Whether its script runs; one that dies before that is missed only after the time that scripts may take. */
  isUp: boolean
  /** Ids of the calls that reached it, and how often each was cancelled. */
  calls: Map<number, { query: string | undefined; cancels: number }>
}

/** Run one epoch: some rerankers, many calls, and everything given back at the end. */
export function runEpoch(options: EpochOptions): Promise<EpochReport> {
  return new Epoch(options).run()
}

class Epoch {
  readonly #random: Random
  readonly #steps: number
  readonly #report: EpochReport = { problems: [], counts: {} }
  readonly #calls: Call[] = []
  readonly #ends: Promise<unknown>[] = []
  readonly #newest = new Map<string, Call>()
  readonly #refusesStorage: boolean
  #home: Home | undefined
  #workers = 0
  #queries = 0

  constructor({ seed, steps }: EpochOptions) {
    this.#random = new Random(seed)
    this.#steps = steps
    this.#refusesStorage = this.#random.next() < 0.2
  }

  async run(): Promise<EpochReport> {
    const unhandled = (event: PromiseRejectionEvent | ErrorEvent) =>
      this.#problem(`unhandled: ${'reason' in event ? String(event.reason?.stack ?? event.reason) : event.message}`)
    addEventListener('unhandledrejection', unhandled)
    addEventListener('error', unhandled)
    const restore = this.#refusesStorage ? refuseStorage() : () => undefined
    if (this.#refusesStorage) this.#count('epoch with storage refused')
    try {
      for (let step = 0; step < this.#steps; step++) await this.#step()
      await this.#finish()
      await this.#checkNumbers()
    } catch (error) {
      this.#problem(`the epoch itself failed: ${(error as Error).stack}`)
    } finally {
      restore()
      removeEventListener('unhandledrejection', unhandled)
      removeEventListener('error', unhandled)
    }
    return this.#report
  }

  async #step(): Promise<void> {
    const home = this.#home ?? (await this.#open())
    if (!home) return
    const dice = this.#random.next()
    if (dice < 0.6) this.#rerank(home)
    else if (dice < 0.68) this.#score(home)
    else if (dice < 0.86) await sleep(this.#random.below(12))
    else if (dice < 0.89) this.#fault(home)
    else if (dice < 0.91) this.#kill(home)
    else if (dice < 0.92) this.#rerank(home, 'poison')
    else if (dice < 0.93) await this.#openAndAbort()
    else if (dice < 0.94) await this.#dispose(home)
    else await sleep(20 + this.#random.below(60))
  }

  /** A reranker of this epoch; undefined where it could not be opened, for a reason that counts. */
  async #open(signal?: AbortSignal): Promise<Home | undefined> {
    const home: Omit<Home, 'reranker'> = { workers: [], deaths: 0, faults: 0, isDisposed: false }
    this.#count('open')
    try {
      const reranker = await inTime(
        'open',
        PATIENCE_MS,
        pageRerank.createReranker({
          model: '/reference/bert/',
          device: this.#random.next() < 0.5 ? 'webgpu' : 'wasm',
          dtype: 'fp32',
          wasmPaths: '/chaos/ort/',
          worker: () => this.#startWorker(home),
          signal,
        }),
      )
      if (signal?.aborted) this.#problem('a load that was aborted opened all the same')
      this.#home = Object.assign(home, { reranker })
      return this.#home
    } catch (error) {
      if (!signal?.aborted || !pageRerank.isAbortError(error)) this.#problem(`open: ${describe(error)}`)
      return undefined
    }
  }

  #startWorker(home: Omit<Home, 'reranker'>): Worker {
    const worker = new Worker('/chaos/worker.js', { type: 'module' })
    const entry: ChaosWorker = { worker, isDead: false, isUp: false, calls: new Map() }
    this.#count('worker started')
    home.workers.push(entry)
    command(worker, { firstSession: this.#workers++ * 50, runMs: this.#random.below(4), refuseStorage: this.#refusesStorage })
    worker.addEventListener('message', ({ data: { received } }: MessageEvent<Received>) => this.#onReceived(entry, received))
    return worker
  }

  #onReceived(entry: ChaosWorker, { method, id, query }: Received['received']): void {
    if (method === 'open') entry.isUp = true
    else if (method !== 'cancel') entry.calls.set(id, { query, cancels: 0 })
    else {
      const call = entry.calls.get(id)
      if (!call) this.#problem(`a call that was never posted was cancelled (id ${id})`)
      else if (++call.cancels > 1) this.#problem(`${call.query} was cancelled ${call.cancels} times`)
    }
  }

  #rerank(home: Home, kind: 'call' | 'poison' = 'call'): void {
    const random = this.#random
    const query = `${kind} ${this.#queries++} ${random.pick(WORDS)} ${random.pick(WORDS)}`
    const documents = Array.from({ length: 1 + random.below(40) }, (_, i) => `${random.pick(WORDS)} ${random.pick(WORDS)} ${i}`)
    const phase = random.next() < 0.4 ? random.pick(PHASES) : undefined
    const key = random.next() < 0.4 ? random.pick(['box', 'sidebar']) : undefined
    const hasBudget = random.next() < 0.1
    const call: Call = { query, documents, home, hasBudget, ...(phase && { phase }) }
    // A call that is aborted from the start supersedes nothing.
    if (key !== undefined && phase !== 'before') {
      const older = this.#newest.get(key)
      if (older && !older.settled) older.stoppedBy ??= 'key'
      this.#newest.set(key, call)
    }
    const controller = new AbortController()
    const abort = () => {
      if (!call.settled) call.stoppedBy ??= 'abort'
      controller.abort(call.reason)
    }
    if (random.next() < 0.3) call.reason = { why: 'the caller’s own' }
    if (phase === 'before') abort()
    const options: RerankOptions<string> = {
      signal: controller.signal,
      ...(key !== undefined && { key }),
      ...(hasBudget && { budgetMs: random.below(30) }),
      ...(random.next() < 0.3 && { topN: 1 + random.below(5) }),
      ...(random.next() < 0.3 && { onUpdate: (response: RerankResponse<string>) => this.#checkUpdate(call, response) }),
      ...(random.next() < 0.3 && { onProgress: () => this.#checkUpdate(call) }),
    }
    this.#count(kind)
    if (kind === 'poison') home.deaths++
    this.#calls.push(call)
    this.#follow(
      call,
      home.reranker.rerank(query, documents, options).then((response) => {
        call.response = response
        this.#checkResponse(call, response)
        if (response.unscored > 0 && !hasBudget) this.#problem(`${query}: ${response.unscored} unscored without a budget`)
      }),
    )
    if (phase === 'task') abort()
    else if (phase === 'microtask') afterMicrotasks(random.below(8), abort)
    else if (phase === 'soon') setTimeout(abort, random.below(5))
    else if (phase === 'later') setTimeout(abort, 5 + random.below(60))
  }

  #score(home: Home): void {
    const query = `score ${this.#queries++}`
    const documents = Array.from({ length: 1 + this.#random.below(20) }, (_, i) => `document ${i}`)
    const call: Call = { query, documents, home, hasBudget: false }
    this.#calls.push(call)
    this.#count('score')
    this.#follow(
      call,
      home.reranker
        .computeScore(documents.map((document) => [query, document] as const))
        .then((logits) => this.#checkSessions(call, logits)),
    )
  }

  /** Note how a call ends, and whether it may end so. */
  #follow(call: Call, work: Promise<unknown>): void {
    const stopped = () => {
      // Where the time is over at once, the answer is there before any stop.
      if (call.stoppedBy && !call.hasBudget) this.#problem(`${call.query}: a result, though it was stopped (${call.stoppedBy})`)
    }
    this.#ends.push(
      work.then(
        () => {
          stopped()
          call.settled = 'fulfilled'
          this.#count('fulfilled')
        },
        (error) => {
          call.settled = 'rejected'
          this.#count(`rejected: ${pageRerank.isRerankerError(error) ? error.code : call.stoppedBy ? 'stopped' : 'other'}`)
          const why = this.#objection(call, error)
          if (why) this.#problem(`${call.query}: ${why}: ${describe(error)}`)
        },
      ),
    )
  }

  /** Why a call may not end with this error; undefined where it may. */
  #objection({ stoppedBy, reason, home, phase }: Call, error: unknown): string | undefined {
    if (stoppedBy === 'abort' || phase === 'before') {
      if (reason !== undefined) return error === reason ? undefined : 'not the caller’s own reason'
      return pageRerank.isAbortError(error) ? undefined : 'aborted, and no AbortError'
    }
    if (stoppedBy) return pageRerank.isAbortError(error) ? undefined : `ended by ${stoppedBy}, and no AbortError`
    if (home.isDisposed) return pageRerank.isRerankerError(error) && error.code === 'disposed' ? undefined : 'after dispose'
    const code = pageRerank.isRerankerError(error) ? error.code : undefined
    if (code === 'worker-failed') return home.deaths > 0 ? undefined : 'its worker never died'
    if (code === 'session-failed') return home.faults > 0 ? undefined : 'its session never failed'
    return 'for no reason'
  }

  #checkUpdate(call: Call, response?: RerankResponse<string>): void {
    if (call.stoppedBy || call.settled) this.#problem(`${call.query}: told of after its end`)
    if (response) this.#checkResponse(call, response)
  }

  #checkResponse(call: Call, { results }: RerankResponse<string>): void {
    const { query, documents } = call
    if (results.some(({ document, index }) => documents[index] !== document)) this.#problem(`${query}: documents of another call`)
    if (new Set(results.map((one) => one.index)).size !== results.length) this.#problem(`${query}: a document twice`)
    const scored = results.filter((one): one is ScoredResult<string> => one.scored)
    if (scored.some(({ logit }, i) => logit > (scored[i - 1]?.logit ?? Number.POSITIVE_INFINITY))) this.#problem(`${query}: out of order`)
    this.#checkSessions(
      call,
      scored.map((one) => one.logit),
    )
  }

  #checkSessions({ query }: Call, logits: readonly number[]): void {
    const sessions = new Set(logits.map((logit) => Math.floor(logit / SESSION)))
    if (sessions.size > 1) this.#problem(`${query}: numbers of sessions ${[...sessions].join(', ')} in one answer`)
  }

  #kill(home: Home): void {
    const entry = home.workers.at(-1)
    if (!entry?.isUp || entry.isDead) return
    this.#count('kill')
    home.deaths++
    entry.isDead = true
    entry.worker.terminate()
  }

  #fault(home: Home): void {
    const entry = home.workers.at(-1)
    if (!entry) return
    const fault = this.#random.pick<Fault>(['lose', 'lose', 'lose', 'fail', 'nonsense', 'hang'])
    this.#count(fault)
    home.faults++
    command(entry.worker, { faults: [fault] })
  }

  async #openAndAbort(): Promise<void> {
    const before = this.#home
    if (before) await this.#dispose(before)
    const controller = new AbortController()
    const wait = this.#random.below(80)
    if (wait < 10) controller.abort()
    else if (wait < 20) queueMicrotask(() => controller.abort())
    else setTimeout(() => controller.abort(), wait - 20)
    this.#count('open and abort')
    await this.#open(controller.signal)
  }

  async #dispose(home: Home): Promise<void> {
    this.#count('dispose')
    this.#home = undefined
    for (const call of this.#calls) if (call.home === home && !call.settled) call.stoppedBy ??= 'dispose'
    home.isDisposed = true
    const open = this.#calls.filter((call) => call.home === home && !call.settled)
    await inTime('dispose', DISPOSE_MS, home.reranker.dispose()).catch((error) => this.#problem(describe(error)))
    const left = open.filter((call) => !call.settled)
    if (left.length > 0) this.#problem(`still open after dispose: ${left.map((call) => call.query).join(', ')}`)
    if (!home.reranker.info.worker) this.#problem('it ran in the page’s thread')
  }

  async #finish(): Promise<void> {
    const home = this.#home
    if (home && !(this.#refusesStorage && home.deaths > 0)) {
      const open = this.#calls.filter((call) => !call.settled)
      await inTime('the calls', PATIENCE_MS, Promise.all(this.#ends)).catch(() => {
        const left = open.filter((call) => !call.settled).map((call) => call.query)
        const sent = home.workers.map(
          ({ calls, isDead }) => `${isDead ? 'killed' : 'left alone'}: ${[...calls.values()].map((one) => one.query).join(', ')}`,
        )
        this.#problem(`never settled: ${left.join(', ')}. Workers, ${sent.join('; ')}. ${JSON.stringify(home.reranker.info.fallbacks)}`)
      })
      // The last cancels are still on their way.
      await sleep(500)
      this.#checkCancels(home)
    }
    if (home) await this.#dispose(home)
    await inTime('the last calls', DISPOSE_MS, Promise.all(this.#ends)).catch((error) => this.#problem(describe(error)))
    this.#checkPosted()
  }

  /** Every call that was stopped after it had reached a worker was cancelled there. */
  #checkCancels(home: Home): void {
    const { calls, isDead } = home.workers.at(-1) as ChaosWorker
    if (isDead) return
    for (const { query, cancels } of calls.values()) {
      const call = this.#calls.find((one) => one.query === query)
      if (call?.stoppedBy && call.settled === 'rejected' && cancels === 0) this.#problem(`${query} was stopped and never cancelled`)
    }
  }

  /** Calls that were stopped in their own task never reached a worker, and no call reached more than two. */
  #checkPosted(): void {
    const homes = new Set(this.#calls.map((call) => call.home))
    const times = new Map<string, number>()
    for (const { workers } of homes) {
      for (const { calls } of workers) for (const { query } of calls.values()) if (query) times.set(query, (times.get(query) ?? 0) + 1)
    }
    for (const { query, phase } of this.#calls) {
      const posted = times.get(query) ?? 0
      if (posted > 2) this.#problem(`${query} was sent to ${posted} workers`)
      if (posted > 0 && (phase === 'before' || phase === 'task'))
        this.#problem(`${query} was posted, though it was stopped in its own task`)
    }
  }

  /** What was answered is what a reranker answers to which nothing happens. */
  async #checkNumbers(): Promise<void> {
    const answered = this.#calls.filter((call) => call.response)
    if (answered.length === 0) return
    const home = await this.#open()
    if (!home) return
    for (let i = 0; i < 12; i++) {
      const { query, response } = this.#random.pick(answered) as Call & { response: RerankResponse<string> }
      const scored = response.results.filter((one): one is ScoredResult<string> => one.scored)
      if (scored.length === 0) continue
      const pairs = scored.map(({ document }) => [query, document] as const)
      const logits = await inTime('a call of a reranker to which nothing happens', PATIENCE_MS, home.reranker.computeScore(pairs))
      if (logits.some((logit, j) => logit % SESSION !== (scored[j]?.logit as number) % SESSION)) this.#problem(`${query}: wrong numbers`)
    }
    await this.#dispose(home)
  }

  #count(what: string): void {
    this.#report.counts[what] = (this.#report.counts[what] ?? 0) + 1
  }

  #problem(what: string): void {
    if (this.#report.problems.length < 20) this.#report.problems.push(what)
  }
}

function command(worker: Worker, chaos: Command['chaos']): void {
  worker.postMessage({ chaos } satisfies Command)
}

function inTime<T>(what: string, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function afterMicrotasks(count: number, run: () => void): void {
  queueMicrotask(() => (count === 0 ? run() : afterMicrotasks(count - 1, run)))
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function describe(error: unknown): string {
  const { name, message } = error as Error
  return name === undefined ? JSON.stringify(error) : `${name}: ${message}`
}
