import type { RerankResponse, RerankResult, ScoreProgress } from 'page-rerank'
import { byId } from './dom.js'
import type { Hit } from './first-stage.js'
import { count, duration, ordinal, plural } from './format.js'
import { SlidingList } from './motion.js'
import { type Movement, MovementLines } from './movement-lines.js'
import { direction, ResultRow } from './result-row.js'
import type { FirstStageAnswer } from './search.worker.js'
import type { RerankedState } from './search-flow.js'

/** Rows shown of each list. More would cost layout time on every provisional order and nobody reads them. */
const ROWS = 20

/** What the list on the right holds, said beside its heading: until the reranker has spoken it is a copy. */
const NOTES: Record<RerankedState, string> = {
  idle: 'by meaning',
  loading: 'waiting for the model',
  reranking: 'reading …',
  done: 'by meaning',
  error: 'not reranked',
}

type View = 'both' | 'reranked' | 'first-stage'

/** The two lists, their marks, and the lines between them. */
export class ResultsView {
  readonly #root = byId('results')
  readonly #firstStage = byId<HTMLOListElement>('first-stage')
  readonly #reranked = byId<HTMLOListElement>('reranked')
  readonly #summary = byId('summary')
  readonly #announcement = byId('announcement')
  readonly #empty = byId('empty')
  readonly #note = byId('reranked-note')
  readonly #lines = new MovementLines(byId<SVGSVGElement>('movement'))
  readonly #sliding = new SlidingList()
  #firstRows = new Map<string, ResultRow>()
  #rerankedRows = new Map<string, ResultRow>()

  constructor() {
    const buttons = [...this.#root.querySelectorAll<HTMLButtonElement>('[data-view-choice]')]
    const show = (view: View) => {
      this.#root.dataset.view = view
      for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.viewChoice === view))
    }
    for (const button of buttons) button.addEventListener('click', () => show(button.dataset.viewChoice as View))
    // One list at a time where there is no room for two.
    const wide = matchMedia('(min-width: 760px)')
    const adapt = () => show(wide.matches ? 'both' : 'reranked')
    wide.addEventListener('change', adapt)
    adapt()
    this.#highlightTogether()
  }

  showFirstStage({ hits, total, duration: milliseconds, isEmpty }: FirstStageAnswer, query: string): void {
    this.#firstRows = new Map(hits.slice(0, ROWS).map((hit) => [hit.id, new ResultRow(hit)]))
    const previous = this.#rerankedRows
    this.#rerankedRows = new Map(hits.slice(0, ROWS).map((hit) => [hit.id, new ResultRow(hit)]))
    let rank = 0
    for (const rows of [this.#firstRows, this.#rerankedRows]) {
      rank = 0
      for (const row of rows.values()) row.rank = ++rank
    }
    const hadFocus = [...previous.values()].some((row) => row.element.contains(document.activeElement))
    this.#firstStage.replaceChildren(...[...this.#firstRows.values()].map((row) => row.element))
    const elements = [...this.#rerankedRows.values()].map((row) => row.element)
    this.#reranked.replaceChildren(...elements)
    this.#sliding.update(elements, 'jump')
    if (hadFocus) byId('query').focus()
    this.#lines.show([])
    this.#root.toggleAttribute('data-filled', hits.length > 0)
    const nothing = isEmpty
      ? 'There is nothing to search yet: paste text or choose files above.'
      : `No entry has any of these words: ${query}`
    this.#empty.textContent = hits.length > 0 || !query ? '' : nothing
    if (this.#empty.textContent) this.#announcement.textContent = this.#empty.textContent
    this.#summary.textContent = hits.length === 0 ? '' : `${plural(total, 'match', 'matches')} in ${duration(milliseconds)}`
  }

  /** Provisional orders come with `progress`, the final one without. */
  showReranked({ results }: RerankResponse<Hit>, progress?: ScoreProgress): void {
    const shown = results.slice(0, ROWS)
    const focused = document.activeElement
    const rows = shown.map(({ document: hit }) => this.#rerankedRows.get(hit.id) ?? new ResultRow(hit))
    const share = scale(results)
    rows.forEach((row, at) => {
      const result = shown[at] as RerankResult<Hit>
      row.rank = result.rank
      row.showResult(result, result.scored ? share(result.logit) : 0)
    })
    const elements = rows.map((row) => row.element)
    this.#reranked.replaceChildren(...elements)
    this.#sliding.update(elements, 'slide')
    // Moving an element in the document takes its focus away.
    if (focused instanceof HTMLElement && focused !== document.activeElement && this.#reranked.contains(focused))
      focused.focus({ preventScroll: true })
    this.#rerankedRows = new Map(shown.map(({ document: hit }, at) => [hit.id, rows[at] as ResultRow]))
    const destinations = new Map(results.map(({ document: hit, rank }) => [hit.id, rank]))
    for (const [id, row] of this.#firstRows) row.showDestination(destinations.get(id))
    this.#lines.show(this.#movements(results))
    if (progress) this.#summary.textContent = `Reading ${count(progress.scored)} of ${plural(progress.total, 'candidate')} …`
  }

  setState(state: RerankedState): void {
    this.#note.textContent = NOTES[state]
    this.#reranked.dataset.state = state
    this.#reranked.setAttribute('aria-busy', String(state === 'loading' || state === 'reranking'))
    this.#root.dataset.state = state
  }

  /** Says the outcome, once: provisional orders would talk over each other. */
  announce({ results, mismatch, unscored }: RerankResponse<Hit>, milliseconds: number): void {
    const best = results[0]
    this.#summary.textContent = mismatch
      ? `${mismatch.reason} The first stage’s order stays.`
      : `${plural(results.length - unscored, 'candidate')} read in ${duration(milliseconds)}${unscored > 0 ? `, ${count(unscored)} left by the time limit` : ''}`
    if (mismatch) this.#announcement.textContent = this.#summary.textContent
    else if (best)
      this.#announcement.textContent = `${this.#summary.textContent}. First: ${best.document.title}, was ${ordinal(best.index + 1)}.`
  }

  #movements(results: RerankResult<Hit>[]): Movement[] {
    return results.flatMap(({ document: { id }, index, rank, scored }) => {
      const from = this.#firstRows.get(id)?.element
      const to = this.#rerankedRows.get(id)?.element
      return scored && (from || to) ? { id, from, to, direction: direction(index + 1, rank) } : []
    })
  }

  /** Pointing at an entry in one list shows it in the other. */
  #highlightTogether(): void {
    const show = (event: Event) => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>('.result') : null
      const id = row?.dataset.docId
      for (const [key, { element }] of [...this.#firstRows, ...this.#rerankedRows]) element.toggleAttribute('data-on', key === id)
      this.#lines.highlight(id)
    }
    const hide = () => show(new Event('leave'))
    for (const list of [this.#firstStage, this.#reranked]) {
      list.addEventListener('pointerover', show)
      list.addEventListener('focusin', show)
      list.addEventListener('pointerleave', hide)
      list.addEventListener('focusout', hide)
    }
  }
}

/** Where a logit lies between the lowest and the highest of one answer, in [0, 1]. */
function scale(results: RerankResult<Hit>[]): (logit: number) => number {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const { scored, logit } of results) {
    if (!scored) continue
    low = Math.min(low, logit)
    high = Math.max(high, logit)
  }
  return (logit) => (high > low ? (logit - low) / (high - low) : 1)
}
