import { countdown } from '../core/countdown.js'
import { orAborted } from '../core/or-aborted.js'
import type { WorkerApi } from '../protocol.js'

/** Seconds in which a new worker must have evaluated its script. Loading the model comes after and is not limited. */
const START_SECONDS = 30
/** Seconds in which a worker that has nothing to do must answer. */
const IDLE_SECONDS = 5
/** Seconds in which a worker must answer that may be in the middle of a long run of the model, where nothing else tells that it lives. */
const BUSY_SECONDS = 60
/** The same of a worker that is known to live: no run that fits WebAssembly's memory takes so long, so it has hung itself up. */
const HUNG_SECONDS = 30 * 60
/** Seconds between two questions. */
const PAUSE_SECONDS = 2

/**
 * Notices that a worker died while somebody waits for it. One that is killed says nothing, so it is asked to hold a lock: when
 * the page gets that lock, the worker is gone. It is asked for a sign of life again and again, too: where locks cannot be had,
 * nothing else tells that it is gone; elsewhere it may live and never come back from a run.
 *
 * Only between `start` and `stop`: a page that holds locks or waits for them may be kept out of the back/forward cache.
 */
export class LivenessCheck {
  readonly #api: WorkerApi
  readonly #onDead: (why: string) => void
  #running: AbortController | undefined
  #answeredOnce = false

  /** @param onDead called with the reason; it must stop the check */
  constructor(api: WorkerApi, onDead: (why: string) => void) {
    this.#api = api
    this.#onDead = onDead
  }

  /** Whether the worker has ever answered. */
  get answeredOnce(): boolean {
    return this.#answeredOnce
  }

  /** Call it before the worker is given its work: it can still answer then. */
  start(): void {
    this.#running = new AbortController()
    void this.#watch(this.#running.signal)
  }

  stop(): void {
    this.#running?.abort()
    this.#running = undefined
  }

  async #watch(stopped: AbortSignal): Promise<void> {
    const lock = `page-rerank:${crypto.randomUUID?.() ?? Math.random()}`
    const holding = this.#api.holdLock(lock)
    stopped.addEventListener('abort', () => this.#api.releaseLock(lock).catch(() => undefined))
    const isHeld = await this.#answer(holding, this.#answeredOnce ? IDLE_SECONDS : START_SECONDS, stopped)
    let patience = BUSY_SECONDS
    if (isHeld) {
      patience = HUNG_SECONDS
      void waitUntilFreed(lock, stopped).then((freed) => {
        if (freed) this.#onDead('it was terminated')
        else patience = BUSY_SECONDS
      })
    }
    while (!stopped.aborted) {
      await pause(PAUSE_SECONDS, stopped)
      if (!stopped.aborted) await this.#answer(this.#api.ping(), patience, stopped)
    }
  }

  /** What the worker answers; undefined where the check was stopped first, or the worker is found dead. */
  async #answer<T>(answer: Promise<T>, seconds: number, stopped: AbortSignal): Promise<T | undefined> {
    const stopClock = countdown(seconds, () => this.#onDead(`it did not answer within ${seconds} seconds`))
    try {
      const value = await orAborted(answer, stopped)
      this.#answeredOnce = true
      return value
    } catch {
      return undefined
    } finally {
      stopClock()
    }
  }
}

/** True once the lock is free; false where the wait was given up, or the browser does not let us wait. */
async function waitUntilFreed(lock: string, signal: AbortSignal): Promise<boolean> {
  try {
    await navigator.locks.request(lock, { signal }, () => undefined)
    return !signal.aborted
  } catch {
    return false
  }
}

async function pause(seconds: number, stopped: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000)
  })
  await orAborted(over, stopped).catch(() => undefined)
  clearTimeout(timer)
}
