import { countdown } from '../core/countdown.js'
import { orAborted } from '../core/or-aborted.js'
import { type Canaries, runAll, SelfTestFailure, selfTest } from '../core/self-test.js'
import type { BatchPolicy, EncodedInput, ReplaceableSession, RunResult } from '../core/session.js'
import { settledWithin } from '../core/settled-within.js'
import { isRerankerError, ModelLoadError, messageOf, SessionError } from '../errors.js'
import type { Device, Fallback, SelfTest } from '../types.js'
import type { Candidate } from './candidates.js'
import { CandidateError, type OpenedSession } from './open-session.js'

export interface DeviceSessionOptions<Output> {
  /** What to try, best first. */
  candidates: readonly Candidate[]
  /** What was given up before; added to as things fail. */
  fallbacks: Fallback[]
  /**
   * Opens a candidate. Only a `CandidateError` or a `model-not-found` lets the next one be tried; everything else (an abort, the
   * network, storage, a damaged file) is no fault of the candidate's and ends the attempt.
   */
  open: (candidate: Candidate, attempt: number) => Promise<OpenedSession<Output>>
  canaries: Canaries<Output>
  /** Whether an output is made of numbers. */
  isValid: (output: Output) => boolean
  tolerance: (candidate: Candidate) => number
  /** Called whenever another session took over. */
  onChange?: () => void
  /** Ends the opening. */
  signal?: AbortSignal
  /** Which of two devices is faster here; left out where that is not in question. */
  comparison?: SpeedComparison
}

/** A small model on a slow GPU can lose to WASM: both are timed once, and the result remembered. */
export interface SpeedComparison {
  /** What the first candidate is timed against. */
  other: Candidate
  /** Keep the result for the next visit. */
  remember: (faster: Candidate) => Promise<void>
}

/** Milliseconds for a warm run of the canaries under which a GPU cannot lose: no CPU comes near. */
const CLEARLY_FAST_MS = 40

/** Milliseconds of work after which a failure counts as the first one again: a laptop that slept twice has no broken GPU. */
const STABLE_MS = 10 * 60_000

/** Milliseconds between a run that fails because its device was lost, and the loss. */
const LOSS_MS = 200
/** Milliseconds that a session which failed may take to give its memory back before the next one is opened. */
const RELEASE_MS = 2000

/**
 * Seconds in which a run must be answered, or its device counts as lost; of those in which this thread runs, so that neither a
 * frozen page nor a suspended machine counts. All of them are far more than a slow device needs: a new length may have shaders to
 * compile, which takes minutes on some machines, and attention costs more than its share in long texts.
 */
const RUN_SECONDS = 120
/** Added for each second that the self-test's pace makes of the run. */
const PACE_FACTOR = 30
/** Where there is no pace yet: the first run compiles everything. */
const FIRST_RUN_SECONDS = 600
/** Whatever the pace. */
const MAX_RUN_SECONDS = 3600

/** Fallbacks told; a device that fails every day of a page's life must not fill its memory. */
const MAX_FALLBACKS = 32

interface Active<Output> extends Candidate {
  session: OpenedSession<Output>
  selfTest: SelfTest
  sessionMs: number
  selfTestMs: number
  /** Milliseconds a token, of the self-test: compiling is in it. */
  pace: number
  /** `performance.now()` when it came up. */
  since: number
}

/**
 * A session that has proved itself on the canaries, and is replaced when its device fails: a device that is lost, does not answer
 * any more or starts to answer nonsense is opened once more, then the next candidate takes over. The batch in flight is run again
 * there.
 */
export class DeviceSession<Output = number> implements ReplaceableSession<Output> {
  readonly #options: DeviceSessionOptions<Output>
  #active: Active<Output> | undefined
  /** What was in use last: still told while a device is being replaced, and after release. */
  #latest: Active<Output> | undefined
  #opening: Promise<Active<Output>> | undefined
  /** Candidates that may be used here; all of them are tried again by the call after the one in which all failed. */
  #usable: readonly Candidate[]
  /** Those that may still be tried; the first is the one in use. */
  #candidates: readonly Candidate[]
  /** How often the first candidate failed after it had come up. */
  #failures = 0
  /** Sessions that broke, by device: a runtime that crashed must not be used again. */
  readonly #broken = new Map<Device, number>()

  private constructor(options: DeviceSessionOptions<Output>) {
    this.#options = options
    this.#usable = options.candidates
    this.#candidates = options.candidates
  }

  /**
   * Open the first candidate that works.
   *
   * @throws ModelLoadError; SessionError where every candidate failed; whatever else `open` throws, as it is
   */
  static async open<Output>(options: DeviceSessionOptions<Output>): Promise<DeviceSession<Output>> {
    const session = new DeviceSession(options)
    const first = await session.#ready()
    if (options.comparison && first.device === 'webgpu') await session.#compare(first, options.comparison)
    return session
  }

  /** The candidate in use (while one is being replaced: the one before) and how it came up. */
  get active(): Active<Output> {
    return this.#latest as Active<Output>
  }

  get policy(): BatchPolicy {
    return this.active.session.policy
  }

  /** @throws as `open`; a later run tries again */
  async run(inputs: readonly EncodedInput[]): Promise<RunResult<Output>> {
    for (;;) {
      const active = await this.#ready()
      const { session } = active
      try {
        // The batch is cut anew, because a session that took over may want smaller ones.
        const outputs = await runAll(session, inputs)
        if (outputs.every(this.#options.isValid)) return { outputs, session }
        throw new CandidateError('invalid-logits', 'a run returned values that are not numbers')
      } catch (error) {
        if (!isOfCandidate(error)) throw error
        await this.#giveUp(active, error)
      }
    }
  }

  async release(): Promise<void> {
    this.#usable = []
    this.#candidates = []
    const active = this.#active ?? (await this.#opening?.catch(() => undefined))
    this.#active = undefined
    await active?.session.release()
  }

  /** What is in use, or the next that comes up; waited for by every run that finds none. */
  #ready(): Promise<Active<Output>> {
    if (this.#active) return Promise.resolve(this.#active)
    this.#opening ??= this.#openNext().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** Leave what is in use: once more the same, then the next. */
  async #giveUp(active: Active<Output>, error: unknown): Promise<void> {
    // Another run may have noticed first.
    if (this.#active !== active) return
    this.#active = undefined
    this.#record(active, error)
    if (performance.now() - active.since > STABLE_MS) this.#failures = 0
    if (++this.#failures > 1) this.#dropFirst()
    // A lost device often rejects its own release, or never ends it; it is gone either way.
    await settledWithin(RELEASE_MS, active.session.release())
  }

  async #openNext(): Promise<Active<Output>> {
    let lastError: unknown
    for (let candidate = this.#candidates[0]; candidate; candidate = this.#candidates[0]) {
      try {
        const active = await this.#openOne(candidate)
        const isReplacement = this.#latest !== undefined
        this.#use(active)
        if (isReplacement) this.#options.onChange?.()
        return active
      } catch (error) {
        if (!isOfCandidate(error)) throw error
        lastError = error
        this.#record(candidate, error)
        this.#dropFirst()
        this.#dropLike(candidate, error)
      }
    }
    this.#candidates = this.#usable
    if (lastError instanceof ModelLoadError) throw lastError
    const tried = this.#options.fallbacks.map(({ device, dtype, reason }) => `${[device, dtype].filter(Boolean).join(' ')}: ${reason}`)
    throw new SessionError('session-failed', `No device can run this model. ${tried.join('; ')}.`, { cause: lastError })
  }

  #use(active: Active<Output>): void {
    this.#active = active
    this.#latest = active
  }

  #dropFirst(): void {
    this.#candidates = this.#candidates.slice(1)
    this.#failures = 0
  }

  /** Leave out what would fail as this candidate did: a missing file is missing on every device. */
  #dropLike({ device, dtype }: Candidate, error: unknown): void {
    this.#candidates = this.#candidates.filter((other) => {
      return error instanceof CandidateError
        ? !error.everyDtype || other.device !== device
        : error instanceof SelfTestFailure || other.dtype !== dtype
    })
  }

  /** Time what is in use against another device, and keep the faster; where that cannot be told, what is in use stays. */
  async #compare(first: Active<Output>, { other, remember }: SpeedComparison): Promise<void> {
    let firstMs: number | undefined
    let second: Active<Output> | undefined
    try {
      firstMs = await this.#timeCanaries(first.session)
      if (firstMs > CLEARLY_FAST_MS) {
        second = await this.#openOne(other)
        const secondMs = await this.#timeCanaries(second.session)
        if (secondMs < firstMs) {
          const { device, dtype } = first
          const reason = `a warm run of the self-test took ${Math.round(firstMs)} ms, on ${other.device} ${Math.round(secondMs)} ms`
          this.#options.fallbacks.push({ device, dtype, code: 'slower', reason })
          this.#use(second)
          this.#usable = this.#usable.slice(this.#usable.indexOf(other))
          this.#candidates = this.#usable
        }
      }
      await remember(this.active)
    } catch (error) {
      this.#options.signal?.throwIfAborted()
      // The other device cannot run the model at all, which is a result too.
      if (firstMs !== undefined && second === undefined && isOfCandidate(error)) await remember(first)
    } finally {
      const slower = this.#active === second ? first : second
      if (slower) await settledWithin(RELEASE_MS, slower.session.release())
    }
  }

  /** Of a session that has passed the self-test, so warm: a first run compiles, and takes many times as long. */
  async #timeCanaries(session: OpenedSession<Output>): Promise<number> {
    const start = performance.now()
    await runAll(session, this.#options.canaries.inputs)
    return performance.now() - start
  }

  async #openOne(candidate: Candidate): Promise<Active<Output>> {
    const { open, canaries, tolerance } = this.#options
    const start = performance.now()
    // What the same device took before it was lost holds for it again.
    let pace = this.#latest?.device === candidate.device ? this.#latest.pace : undefined
    const session = blamingDevice(await open(candidate, this.#broken.get(candidate.device) ?? 0), (inputs) => runSeconds(inputs, pace))
    const opened = performance.now()
    try {
      const result = await selfTest(session, canaries, tolerance(candidate))
      const since = performance.now()
      const selfTestMs = since - opened
      pace = selfTestMs / canaries.inputs.reduce((tokens, { inputIds }) => tokens + inputIds.length, 0)
      return { ...candidate, session, selfTest: result, sessionMs: opened - start, selfTestMs, pace, since }
    } catch (error) {
      await settledWithin(RELEASE_MS, session.release())
      throw error
    }
  }

  #record({ device, dtype }: Candidate, error: unknown): void {
    const { fallbacks } = this.#options
    fallbacks.push({ device, dtype, code: codeOf(error), reason: (error as Error).message })
    if (fallbacks.length > MAX_FALLBACKS) fallbacks.shift()
    if (error instanceof CandidateError) this.#broken.set(device, (this.#broken.get(device) ?? 0) + 1)
  }
}

/** Whether another device or dtype may do better. */
function isOfCandidate(error: unknown): boolean {
  return (
    error instanceof CandidateError ||
    error instanceof SelfTestFailure ||
    (error instanceof ModelLoadError && error.code === 'model-not-found')
  )
}

function codeOf(error: unknown): Fallback['code'] {
  return error instanceof CandidateError || error instanceof SelfTestFailure ? error.code : 'missing-file'
}

/**
 * Seconds in which a run must be answered.
 *
 * @param pace milliseconds a token, where they are known
 */
function runSeconds(inputs: readonly EncodedInput[], pace: number | undefined): number {
  if (pace === undefined) return FIRST_RUN_SECONDS
  // They may be padded to the longest.
  const tokens = inputs.length * inputs.reduce((most, { inputIds }) => Math.max(most, inputIds.length), 0)
  return Math.min(MAX_RUN_SECONDS, Math.ceil(RUN_SECONDS + (PACE_FACTOR * tokens * pace) / 1000))
}

/**
 * The session, with runs that end when its device is lost, or does not answer (by themselves they may never settle), and that
 * fail as the device's fault.
 */
function blamingDevice<Output>(
  session: OpenedSession<Output>,
  secondsFor: (inputs: readonly EncodedInput[]) => number,
): OpenedSession<Output> {
  const { lost } = session
  return {
    ...session,
    run: async (inputs) => {
      const seconds = secondsFor(inputs)
      const hung = new AbortController()
      const stopClock = countdown(seconds, () => {
        hung.abort(new CandidateError('device-lost', `the device did not answer within ${seconds} seconds`))
      })
      try {
        lost?.throwIfAborted()
        const run = orAborted(session.run(inputs), hung.signal)
        return await (lost ? orAborted(run, lost) : run)
      } catch (error) {
        if (isRerankerError(error) || error instanceof CandidateError) throw error
        // A run may hear of the loss before the device says so.
        if (lost) await settledWithin(LOSS_MS, new Promise((resolve) => lost.addEventListener('abort', resolve, { once: true })))
        if (lost?.aborted) throw lost.reason
        throw new CandidateError('session-failed', `a run failed: ${messageOf(error)}`, {
          cause: error,
        })
      } finally {
        stopClock()
      }
    },
  }
}
