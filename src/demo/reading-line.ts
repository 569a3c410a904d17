import { formatBytes } from '../model/format-bytes.js'
import { byId } from './dom.js'
import { errorMessage, onLanguage, strings } from './language.js'
import type { ReadingState } from './reading.js'

/** What is read of what is searched, and what is not yet: a line and a bar that keep their room. */
export class ReadingLine {
  readonly #root = byId('reading')
  readonly #text = byId('reading-text')
  readonly #bar = byId<HTMLProgressElement>('reading-bar')
  #state: ReadingState = { status: 'waiting', read: 0, total: 0, share: 0, bytes: 0 }

  constructor() {
    onLanguage(() => this.show(this.#state))
    this.show(this.#state)
  }

  show(state: ReadingState): void {
    this.#state = state
    const { status, read, total, share, problem } = state
    Object.assign(this.#root.dataset, { state: status, read: String(read), total: String(total) })
    this.#text.textContent = textOf(state)
    this.#bar.value = share
    this.#root.title = problem === undefined ? '' : errorMessage(problem)
    this.#bar.setAttribute('aria-label', strings().reading.bar)
    this.#bar.setAttribute('aria-valuetext', this.#text.textContent)
  }
}

function textOf({ status, read, total, share, secondsLeft, bytes }: ReadingState): string {
  const { reading } = strings()
  switch (status) {
    case 'reading':
      return reading.reading(read, total, secondsLeft)
    case 'index':
      return reading.index(Math.floor(100 * share), read > 0)
    case 'done':
      return reading.done(total, formatBytes(bytes))
    case 'full':
      return reading.full(read, total)
    default:
      return reading[status]
  }
}
