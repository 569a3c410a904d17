import type { Entry } from './document-entry.js'
import { create, createSvg } from './dom.js'
import { strings } from './language.js'
import { type Mark, markedExcerpt, markedTitle } from './marked-text.js'

/** Kinds that the form of a title shows: `WakeLock`, `WakeLock.request()`. */
const NAMED_KINDS = new Set(['interface', 'constructor', 'method', 'static method', 'property', 'static property'])

export type Direction = 'up' | 'down' | 'same'

/** Where an entry stands in one list, beside where it stands in the other. */
export interface Move {
  direction: Direction
  /** Places; undefined where it came from, or went, below what is known. */
  by?: number
  /** The same in words. */
  spoken: string
}

/** What a row says beside the entry itself. */
export interface RowFacts {
  rank: number
  marks: readonly Mark[]
  /** What carries most of the answer. */
  sentence?: { start: number; end: number }
  /** Keyword search has not found the entry. */
  isMissed?: boolean
  /** The reader watches where it stands. */
  isPinned?: boolean
  move?: Move
  score?: number
  /** Between 0 and 1, for the bar. */
  share?: number
  /** Said where there is no score to be had yet. */
  note?: string
}

/** One entry of a list. It is made once for an entry and moved about, so that what moves is the same element. */
export class ResultRow {
  readonly element = create('li', 'result')
  readonly #entry: Entry
  readonly #rank = create('span', 'rank')
  readonly #title: HTMLElement
  readonly #badges = create('span', 'badges')
  readonly #text = create('p', 'text')
  readonly #aside = create('div', 'result-aside')
  /** Who shows the list listens to it. */
  readonly #pin = create('button', 'pin', pinIcon())
  /** What is marked now. */
  #marked = 'nothing yet'

  constructor(entry: Entry) {
    this.#entry = entry
    this.element.dataset.docId = entry.id
    this.#title = entry.url ? create('a', 'title') : create('span', 'title')
    if (this.#title instanceof HTMLAnchorElement && entry.url) {
      this.#title.href = entry.url
      this.#title.target = '_blank'
      this.#title.rel = 'noopener'
    } else this.#title.tabIndex = 0
    const body = create('div', 'result-body', create('h3', 'result-heading', this.#title, this.#badges), this.#text)
    this.#pin.type = 'button'
    this.element.append(create('div', 'result-place', this.#rank, this.#pin), body, this.#aside)
  }

  show({ rank, marks, sentence, isMissed, isPinned = false, move, score, share, note }: RowFacts): void {
    const { row } = strings()
    const { kind, deprecated } = this.#entry
    this.element.dataset.rank = String(rank)
    this.element.dataset.moved = move?.direction ?? ''
    this.#rank.textContent = String(rank)
    const marked = JSON.stringify([marks, sentence])
    if (marked !== this.#marked) {
      this.#marked = marked
      this.#title.replaceChildren(...markedTitle(this.#entry, marks))
      this.#text.replaceChildren(...markedExcerpt(this.#entry, marks, sentence))
    }
    const badges: HTMLElement[] = []
    // A name and its sentence say what it is, a CSS property's or a file's name does not.
    if (!NAMED_KINDS.has(kind)) badges.push(create('span', 'kind', kind))
    if (deprecated) badges.push(create('span', 'kind deprecated', row.deprecated))
    if (isMissed) badges.push(create('span', 'kind missed', row.missed))
    this.#badges.replaceChildren(...badges)
    this.#pin.setAttribute('aria-label', strings().pinned.pin(this.#entry.title))
    this.#pin.title = strings().pinned.pin(this.#entry.title)
    this.#pin.setAttribute('aria-pressed', String(isPinned))
    this.#aside.replaceChildren(
      ...(move ? [moveMark(move)] : []),
      ...scoreMarks(score, share),
      ...(note ? [create('span', 'unscored', note)] : []),
    )
  }
}

function pinIcon(): SVGSVGElement {
  const icon = createSvg('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' })
  icon.append(createSvg('path', { d: 'M5 2h6v1l-1 1v3l2 2v1H8.5v4h-1v-4H4V9l2-2V4L5 3z' }))
  return icon
}

export function direction(from: number, to: number): Direction {
  return to < from ? 'up' : to > from ? 'down' : 'same'
}

function moveMark({ direction, by, spoken }: Move): HTMLElement {
  const arrow = { up: '▲', down: '▼', same: '=' }[direction]
  const visible = create('span', '', by ? arrow + strings().count(by) : arrow)
  visible.setAttribute('aria-hidden', 'true')
  const mark = create('span', `move ${direction}`, visible, create('span', 'visually-hidden', spoken))
  mark.title = spoken
  return mark
}

function scoreMarks(score: number | undefined, share: number | undefined): HTMLElement[] {
  if (score === undefined || share === undefined) return []
  const bar = create('span', 'score-bar')
  bar.style.setProperty('--share', share.toFixed(3))
  return [create('span', 'score', create('span', 'visually-hidden', strings().row.score), formatScore(score)), bar]
}

/** Two digits, and enough of them to tell a small score from none. */
function formatScore(score: number): string {
  if (score >= 0.01) return score.toFixed(2)
  return score >= 0.0001 ? score.toFixed(4) : '<0.0001'
}
