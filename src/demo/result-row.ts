import type { RerankResult } from 'page-rerank'
import { create } from './dom.js'
import { type Hit, tokens } from './first-stage.js'
import { ordinal } from './format.js'

/** Too common to be worth a mark, though BM25 counts them. */
const UNMARKED = new Set(
  'a an and are as at be by can do does for from how i if in is it its my of on or that the there they this to was what when where which who why will with you your'.split(
    ' ',
  ),
)

/** Kinds that the form of a title shows: `WakeLock`, `WakeLock.request()`. */
const NAMED_KINDS = new Set(['interface', 'constructor', 'method', 'static method', 'property', 'static property'])

/** One entry of a list. It is made once for an entry and moved about, so that what moves is the same element. */
export class ResultRow {
  readonly element = create('li', 'result')
  readonly link: HTMLElement
  readonly #rank = create('span', 'rank')
  readonly #aside = create('div', 'result-aside')

  constructor(hit: Hit) {
    this.element.dataset.docId = hit.id
    const title = hit.url ? create('a', 'title') : create('span', 'title')
    if (title instanceof HTMLAnchorElement && hit.url) {
      title.href = hit.url
      title.target = '_blank'
      title.rel = 'noopener'
    } else title.tabIndex = 0
    const terms = new Set(hit.terms.filter((term) => !UNMARKED.has(term)))
    title.append(...breakable(marked(hit.title, terms)))
    this.link = title
    const heading = create('h3', 'result-heading', title)
    // A name and its sentence say what it is, a CSS property's or a file's name does not.
    if (!NAMED_KINDS.has(hit.kind)) heading.append(create('span', 'kind', hit.kind))
    if (hit.deprecated) heading.append(create('span', 'kind deprecated', 'deprecated'))
    if (hit.terms.length === 0) heading.append(create('span', 'kind', 'no shared words'))
    const text = create('p', 'text', ...marked(hit.text.length > 400 ? `${hit.text.slice(0, 400)} …` : hit.text, terms))
    this.element.append(this.#rank, create('div', 'result-body', heading, text), this.#aside)
  }

  set rank(rank: number) {
    this.element.dataset.rank = String(rank)
    this.#rank.textContent = String(rank)
  }

  /** In the first-stage list: where the reranker put the entry. */
  showDestination(rank: number | undefined): void {
    const from = Number(this.element.dataset.rank)
    const mark = rank === undefined ? undefined : movementMark(from, rank, `now ${ordinal(rank)}`)
    this.#aside.replaceChildren(...(mark ? [mark] : []))
    this.element.dataset.moved = rank === undefined ? '' : direction(from, rank)
  }

  /** In the reranked list: the score, and how far the entry came. */
  showResult({ index, rank, scored, score }: RerankResult<Hit>, share: number): void {
    const from = index + 1
    this.element.dataset.moved = scored ? direction(from, rank) : ''
    const mark = movementMark(from, rank, `was ${ordinal(from)}`)
    if (!scored) {
      this.#aside.replaceChildren(create('span', 'unscored', 'not scored'))
      return
    }
    const bar = create('span', 'score-bar')
    bar.style.setProperty('--share', String(share))
    bar.title = 'Between the lowest and the highest logit of this answer'
    this.#aside.replaceChildren(mark, create('span', 'score', create('span', 'visually-hidden', 'score '), formatScore(score)), bar)
  }

  /** While no score is known the list shows the first-stage order. */
  showPending(): void {
    this.#aside.replaceChildren()
    this.element.dataset.moved = ''
  }
}

export function direction(from: number, to: number): 'up' | 'down' | 'same' {
  return to < from ? 'up' : to > from ? 'down' : 'same'
}

function movementMark(from: number, to: number, spoken: string): HTMLElement {
  const by = Math.abs(from - to)
  const way = direction(from, to)
  const arrow = { up: `▲${by}`, down: `▼${by}`, same: '=' }[way]
  const mark = create('span', `move ${way}`)
  const visible = create('span', '', arrow)
  visible.setAttribute('aria-hidden', 'true')
  mark.append(visible, create('span', 'visually-hidden', spoken))
  mark.title = spoken
  return mark
}

/** Two digits, and enough of them to tell a small score from none. */
function formatScore(score: number): string {
  if (score >= 0.01) return score.toFixed(2)
  return score >= 0.0001 ? score.toFixed(4) : '<0.0001'
}

/** Long names may break after a dot, where a reader would break them. */
function breakable(parts: (Node | string)[]): (Node | string)[] {
  return parts.flatMap<Node | string>((part) =>
    typeof part === 'string'
      ? part.split(/(?<=\.)/).flatMap((piece, at) => (at > 0 ? [document.createElement('wbr'), piece] : [piece]))
      : [part],
  )
}

/** The text with the words that matched in `<mark>`. */
function marked(text: string, terms: ReadonlySet<string>): (Node | string)[] {
  const parts: (Node | string)[] = []
  let done = 0
  for (const { word, start } of tokens(text)) {
    if (start < done || !terms.has(word.toLowerCase())) continue
    parts.push(text.slice(done, start), create('mark', '', word))
    done = start + word.length
  }
  parts.push(text.slice(done))
  return parts
}
