import { orAborted } from '../core/or-aborted.js'
import { type Canary, runAll, SelfTestFailure, selfTest } from '../core/self-test.js'
import type { BatchPolicy, EncodedPair, Session } from '../core/session.js'
import { isAbortError, ModelLoadError, SessionError } from '../errors.js'
import type { Fallback, SelfTest } from '../types.js'
import type { Candidate } from './candidates.js'
import { CandidateError, type OpenedSession } from './open-session.js'

export interface DeviceSessionOptions {
  /** What to try, best first. */
  candidates: Candidate[]
  /** What was given up before; added to as things fail. */
  fallbacks: Fallback[]
  open: (candidate: Candidate, attempt: number) => Promise<OpenedSession>
  canaries: Canary[]
  tolerance: (candidate: Candidate) => number
  /** Called whenever another device took over. */
  onChange?: () => void
  /** Which of two devices is faster here; left out where that is not in question. */
  contest?: Contest
}

/** A small model on a slow GPU can lose to WASM: both are timed once, and the result remembered. */
export interface Contest {
  rival: Candidate
  /** Keep the result for the next visit. */
  remember: (winner: Candidate) => Promise<void>
}

/** Milliseconds for a warm run of the canaries under which a GPU cannot lose: no CPU comes near. */
const CLEARLY_FAST_MS = 40

interface Active extends Candidate {
  session: OpenedSession
  selfTest: SelfTest
  sessionMs: number
  selfTestMs: number
}

/**
 * A session that has proved itself on the canaries, and moves on when its device fails: a device that is lost or starts
 * to answer nonsense is opened once more, then the next candidate takes over. The run in flight is repeated there, so
 * the call still answers.
 */
export class DeviceSession implements Session {
  readonly #options: DeviceSessionOptions
  #active: Active | undefined
  /** What was in use last: still told while a device is being replaced, and after release. */
  #latest: Active | undefined
  /** Candidates that may still be tried; the first is the one in use. */
  #candidates: Candidate[]
  readonly #attempts = new Map<Candidate, number>()

  private constructor(options: DeviceSessionOptions) {
    this.#options = options
    this.#candidates = [...options.candidates]
  }

  /**
   * Open the first candidate that works.
   *
   * @throws ModelLoadError, SessionError, AbortError
   */
  static async open(options: DeviceSessionOptions): Promise<DeviceSession> {
    const session = new DeviceSession(options)
    await session.#openNext()
    if (options.contest && session.active.device === 'webgpu') await session.#settle(options.contest)
    return session
  }

  /** The candidate in use (while one is being replaced: the one before) and how it came up. */
  get active(): Active {
    return this.#latest as Active
  }

  get policy(): BatchPolicy {
    return this.active.session.policy
  }

  async run(pairs: readonly EncodedPair[]): Promise<Float32Array> {
    for (;;) {
      if (!this.#active) await this.#openNext()
      try {
        return await this.#runActive(pairs)
      } catch (error) {
        if (error instanceof ModelLoadError) throw error
        await this.#giveUp(error)
      }
    }
  }

  async release(): Promise<void> {
    const active = this.#active
    this.#active = undefined
    this.#candidates = []
    await active?.session.release()
  }

  /** One run on the device in use; the batch is cut anew, because a device that took over may want smaller ones. */
  async #runActive(pairs: readonly EncodedPair[]): Promise<Float32Array> {
    const { session } = this.active
    const logits = await orLost(session, runAll(session, pairs))
    if (logits.some((logit) => !Number.isFinite(logit)))
      throw new CandidateError('invalid-logits', 'a run returned logits that are not numbers')
    return logits
  }

  /** Leave the device in use: once more on the same, then the next. */
  async #giveUp(error: unknown): Promise<void> {
    const { device, dtype, session } = this.active
    this.#active = undefined
    this.#record({ device, dtype }, error)
    // A lost device often rejects its own release; it is gone either way.
    await session.release().catch(() => undefined)
    const candidate = this.#candidates[0] as Candidate
    if ((this.#attempts.get(candidate) ?? 0) > 1) this.#candidates.shift()
    await this.#openNext()
    this.#options.onChange?.()
  }

  async #openNext(): Promise<void> {
    let lastError: unknown
    for (let candidate = this.#candidates[0]; candidate; candidate = this.#candidates[0]) {
      const attempt = this.#attempts.get(candidate) ?? 0
      this.#attempts.set(candidate, attempt + 1)
      try {
        this.#use(await this.#openOne(candidate, attempt))
        return
      } catch (error) {
        if (isAbortError(error)) throw error
        lastError = error
        this.#record(candidate, error)
        this.#candidates.shift()
      }
    }
    if (lastError instanceof ModelLoadError) throw lastError
    const tried = this.#options.fallbacks.map(({ device, dtype, reason }) => `${[device, dtype].filter(Boolean).join(' ')}: ${reason}`)
    throw new SessionError('session-failed', `No device can run this model. ${tried.join('; ')}.`, { cause: lastError })
  }

  #use(active: Active): void {
    this.#active = active
    this.#latest = active
  }

  /** Time the device in use against its rival, and keep the faster. */
  async #settle({ rival, remember }: Contest): Promise<void> {
    const first = this.active
    const firstMs = await this.#timeCanaries(first.session)
    if (firstMs > CLEARLY_FAST_MS) {
      const second = await this.#openOne(rival, 0).catch(() => undefined)
      const secondMs = second ? await this.#timeCanaries(second.session) : Number.POSITIVE_INFINITY
      if (second && secondMs < firstMs) {
        const { device, dtype } = first
        const reason = `the self-test took ${Math.round(firstMs)} ms, on ${rival.device} ${Math.round(secondMs)} ms`
        this.#options.fallbacks.push({ device, dtype, code: 'slower', reason })
        this.#use(second)
        this.#candidates = this.#candidates.slice(this.#candidates.indexOf(rival))
        await first.session.release().catch(() => undefined)
      } else await second?.session.release()
    }
    await remember(this.active)
  }

  async #timeCanaries(session: OpenedSession): Promise<number> {
    const start = performance.now()
    await orLost(
      session,
      runAll(
        session,
        this.#options.canaries.map(({ pair }) => pair),
      ),
    )
    return performance.now() - start
  }

  async #openOne(candidate: Candidate, attempt: number): Promise<Active> {
    const start = performance.now()
    const session = await this.#options.open(candidate, attempt)
    const opened = performance.now()
    try {
      const result = await orLost(session, selfTest(session, this.#options.canaries, this.#options.tolerance(candidate)))
      return { ...candidate, session, selfTest: result, sessionMs: opened - start, selfTestMs: performance.now() - opened }
    } catch (error) {
      await session.release().catch(() => undefined)
      throw error
    }
  }

  #record({ device, dtype }: Candidate, error: unknown): void {
    const code = error instanceof CandidateError || error instanceof SelfTestFailure ? error.code : codeOf(error)
    this.#options.fallbacks.push({ device, dtype, code, reason: error instanceof Error ? error.message : String(error) })
  }
}

function codeOf(error: unknown): Fallback['code'] {
  if (!(error instanceof ModelLoadError)) return 'session-failed'
  return error.code === 'model-not-found' ? 'missing-file' : 'session-failed'
}

/** A run on a device that is lost may never settle; the loss then settles it. */
function orLost<T>({ lost }: OpenedSession, work: Promise<T>): Promise<T> {
  return lost ? orAborted(work, lost) : work
}
