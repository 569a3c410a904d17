import type { ProgressEvent } from '../../types.js'

/** Milliseconds between two events of one file, its first and its last aside. */
const INTERVAL_MS = 100
/** Milliseconds over which the rate is taken, and the least of them that say anything. */
const RATE_MS = 5000
const MIN_RATE_MS = 500

/**
 * Turns bytes arriving into transformers.js's event shapes. `progress` and `loaded` of `progress_total` never fall: while the
 * weights, nearly all of the bytes, are not counted in, `progress` is 0, and where a file is fetched a second time or other
 * weights have to be fetched besides, both wait until they are overtaken.
 */
export class ProgressReporter {
  readonly #name: string
  readonly #emit: (event: ProgressEvent) => void
  readonly #files: Record<string, { loaded: number; total: number }> = {}
  readonly #told: Record<string, number> = {}
  #weightsCounted = false
  #highest = { loaded: 0, progress: 0 }
  /** Bytes that came while we looked on; what was there before is not among them. */
  #arrived = 0
  #samples: { time: number; arrived: number }[] = []

  constructor(name: string, emit: (event: ProgressEvent) => void = () => undefined) {
    this.#name = name
    this.#emit = emit
  }

  /** Count a file in before it is asked for, so that the total is right from the first byte. */
  expect(file: string, total: number): void {
    this.#files[file] ??= { loaded: 0, total }
  }

  /** All files of the weights are counted in, or as many as can be known before they are read. */
  countedWeights(): void {
    this.#weightsCounted = true
  }

  start(file: string): void {
    this.#emit({ status: 'initiate', name: this.#name, file })
    this.#emit({ status: 'download', name: this.#name, file })
  }

  advance(file: string, loaded: number, total: number): void {
    const now = performance.now()
    const told = this.#told[file]
    // A file's first event says what is there already.
    if (told !== undefined) this.#arrived += Math.max(0, loaded - (this.#files[file]?.loaded ?? 0))
    this.#files[file] = { loaded, total: Math.max(total, loaded) }
    if (told !== undefined && loaded < total && now - told < INTERVAL_MS) return
    this.#told[file] = now
    this.#emit({ status: 'progress', name: this.#name, file, progress: percent(loaded, total), loaded, total })
    this.#emitTotal(now)
  }

  done(file: string): void {
    this.#emit({ status: 'done', name: this.#name, file })
  }

  #emitTotal(now: number): void {
    const files = structuredClone(this.#files)
    const sum = (key: 'loaded' | 'total') => Object.values(files).reduce((bytes, one) => bytes + one[key], 0)
    const loaded = Math.max(this.#highest.loaded, sum('loaded'))
    const total = Math.max(loaded, sum('total'))
    const progress = Math.max(this.#highest.progress, this.#weightsCounted ? percent(loaded, total) : 0)
    this.#highest = { loaded, progress }
    const rate = this.#rate(now)
    this.#emit({
      status: 'progress_total',
      name: this.#name,
      progress,
      loaded,
      total,
      ...(rate && { rate, secondsLeft: (total - loaded) / rate }),
      files,
    })
  }

  #rate(now: number): number | undefined {
    this.#samples = [...this.#samples.filter(({ time }) => now - time <= RATE_MS), { time: now, arrived: this.#arrived }]
    const first = this.#samples[0] as { time: number; arrived: number }
    return now - first.time < MIN_RATE_MS ? undefined : ((this.#arrived - first.arrived) / (now - first.time)) * 1000
  }
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(100, (part / whole) * 100)
}
