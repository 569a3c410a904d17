import type { ProgressEvent } from '../types.js'

/** Turns bytes arriving into transformers.js's event shapes; `progress_total` never falls. */
export class LoadProgress {
  readonly #name: string
  readonly #emit: (event: ProgressEvent) => void
  readonly #files: Record<string, { loaded: number; total: number }> = {}

  constructor(name: string, emit: (event: ProgressEvent) => void = () => undefined) {
    this.#name = name
    this.#emit = emit
  }

  /** Count a file in before it is asked for, so that the total is right from the first byte. */
  expect(file: string, total: number): void {
    this.#files[file] ??= { loaded: 0, total }
  }

  start(file: string): void {
    this.#emit({ status: 'initiate', name: this.#name, file })
    this.#emit({ status: 'download', name: this.#name, file })
  }

  advance(file: string, loaded: number, total: number): void {
    this.#files[file] = { loaded, total: Math.max(total, loaded) }
    this.#emit({ status: 'progress', name: this.#name, file, progress: percent(loaded, total), loaded, total })
    const files = structuredClone(this.#files)
    const all = Object.values(files)
    const sum = (key: 'loaded' | 'total') => all.reduce((bytes, one) => bytes + one[key], 0)
    this.#emit({
      status: 'progress_total',
      name: this.#name,
      progress: percent(sum('loaded'), sum('total')),
      loaded: sum('loaded'),
      total: sum('total'),
      files,
    })
  }

  done(file: string): void {
    this.#emit({ status: 'done', name: this.#name, file })
  }
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(100, (part / whole) * 100)
}
