import { formatBytes } from '../../model/format-bytes.js'
import type { ProgressEvent, ScoreProgress } from '../../types.js'
import type { CommandContext } from './command.js'

/** Milliseconds between two updates of a terminal line. */
const TERMINAL_INTERVAL = 100

/** A log should stay short: its lines come every 2 s at first, then ever more slowly, once a minute in the end. */
function logInterval(elapsed: number): number {
  return Math.min(Math.max(2000, elapsed / 10), 60_000)
}

/**
 * Progress on stderr: one line that rewrites itself in a terminal, a line now and then where `--progress` asks for it
 * elsewhere, otherwise nothing.
 */
export class Progress {
  readonly #stream: CommandContext['stderr']
  readonly #shown: boolean
  readonly #terminal: boolean
  readonly #start = performance.now()
  #last = Number.NEGATIVE_INFINITY
  #dirty = false

  constructor(stream: CommandContext['stderr'], forced: boolean) {
    this.#stream = stream
    this.#terminal = stream.isTTY === true
    this.#shown = this.#terminal || forced
  }

  /** @param text made only when it will be shown */
  update(text: () => string): void {
    if (!this.#shown) return
    const now = performance.now()
    if (now - this.#last < (this.#terminal ? TERMINAL_INTERVAL : logInterval(now - this.#start))) return
    this.#last = now
    if (this.#terminal) {
      // Some terminals say that they are 0 columns wide.
      this.#stream.write(`\r\x1b[K${text().slice(0, (this.#stream.columns || 80) - 1)}`)
      this.#dirty = true
    } else {
      this.#stream.write(`${text()}\n`)
    }
  }

  /** Take the line away, before data or an error is printed. */
  clear(): void {
    if (this.#dirty) this.#stream.write('\r\x1b[K')
    this.#dirty = false
  }

  /** For `createReranker`'s `onProgress`: bytes, and where they come over a network, rate and time left. */
  readonly onLoad = (event: ProgressEvent): void => {
    if (event.status !== 'progress_total' || event.total === 0) return
    const { name, loaded, total, rate, secondsLeft = 0 } = event
    const pace = rate ? `, ${formatBytes(rate)}/s, ${duration(secondsLeft * 1000)} left` : ''
    this.update(() => `Loading ${name}: ${formatBytes(loaded)} of ${formatBytes(total)}${pace}`)
  }

  /** For `buildIndex`'s `onRead`. */
  readonly onRead = ({ scored, total }: ScoreProgress): void => {
    this.update(() => `Reading: ${scored} of ${total}`)
  }

  /** For `rerank`'s and `computeScore`'s `onProgress`. */
  readonly onScore = ({ scored, total }: ScoreProgress): void => {
    this.update(() => `Scoring: ${scored} of ${total}`)
  }
}

/** Milliseconds as `45 s`, `3 min 20 s` or `1 h 05 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}
