import type { LocalRerankerInfo, ModelKind, RerankResult, ScoredResult, ScoreProgress } from 'page-rerank'
import type { Compared } from './comparison.js'
import type { Entry } from './document-entry.js'
import { byId, create } from './dom.js'
import { onLanguage, strings } from './language.js'
import { keywordMarks } from './marked-text.js'
import { type Movement, MovementLines } from './movement-lines.js'
import { PinnedView } from './pinned-view.js'
import { type Item, ResultList } from './result-list.js'
import { direction, type Move, type RowFacts } from './result-row.js'
import type { FirstStageAnswer } from './search.worker.js'
import { type RankedState, type Ranking, ROWS, type SearchTiming } from './search-flow.js'

/** What stands beside the ranking; on a narrow page, which list is shown. */
type View = 'first-stage' | 'compared' | 'reranked'

/** An order of an older text is not left standing longer than this: the first stage's takes its place. */
const STALE_MS = 200
/** A screen reader is told the outcome when no newer one has come for this long. */
const ANNOUNCE_MS = 800

interface FirstStageShown {
  query: string
  answer: FirstStageAnswer
  entries: readonly Entry[]
  /** Rank from 1, by place in the corpus. */
  ranks: ReadonlyMap<number, number>
}

/** The lists, their marks, and the lines between them. */
export class ResultsView {
  readonly #root = byId('results')
  readonly #firstStage = new ResultList('first-stage')
  readonly #reranked = new ResultList('reranked')
  readonly #compared = new ResultList('compared')
  readonly #pinned = new PinnedView(() => this.#draw('jump'))
  readonly #summary = byId('summary')
  readonly #announcement = byId('announcement')
  readonly #empty = byId('empty')
  readonly #lines = new MovementLines(byId<SVGSVGElement>('movement'))
  #state: RankedState = 'idle'
  #kind: ModelKind = 'late-interaction'
  #activation: LocalRerankerInfo['activation'] = 'sigmoid'
  #shown: FirstStageShown | undefined
  #ranking: Ranking | undefined
  #progress: ScoreProgress | undefined
  #timing: SearchTiming | undefined
  /** The newest there are: until there are newer ones, marks stay where they are. */
  #reasons: ReadonlyMap<Entry, ScoredResult<Entry>> = new Map()
  #comparison: Compared | undefined
  #staleTimer: ReturnType<typeof setTimeout> | undefined
  #announceTimer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    const buttons = [...this.#root.querySelectorAll<HTMLButtonElement>('[data-view-choice]')]
    const show = (view: View) => {
      this.#root.dataset.view = view
      for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.viewChoice === view))
      this.#drawLines()
    }
    for (const button of buttons) button.addEventListener('click', () => show(button.dataset.viewChoice as View))
    // One list at a time where there is no room for two.
    const wide = matchMedia('(min-width: 760px)')
    const adapt = () => show(wide.matches ? (this.#comparison ? 'compared' : 'first-stage') : 'reranked')
    wide.addEventListener('change', adapt)
    adapt()
    this.#highlightTogether()
    this.#pinOnClick()
    onLanguage(() => this.#draw('jump'))
  }

  /** What kind of model ranks, and what its scores mean. */
  setModel({ kind, activation }: Pick<LocalRerankerInfo, 'kind' | 'activation'>): void {
    this.#kind = kind
    this.#activation = activation
    this.#root.dataset.kind = kind
    this.#root.toggleAttribute('data-explained', false)
    this.#reasons = new Map()
    this.#drawState()
  }

  /** @param answer undefined where nothing is asked */
  showFirstStage(query: string, answer: FirstStageAnswer | undefined, entries: readonly Entry[]): void {
    clearTimeout(this.#staleTimer)
    // Other documents: their order is of no use here.
    if (this.#shown?.entries !== entries) {
      this.#forgetRanking()
      if (this.#shown) this.#pinned.clear()
    }
    this.#shown = answer && { query, answer, entries, ranks: new Map(Array.from(answer.places, (at, i) => [at, i + 1])) }
    const isStale = this.#ranking !== undefined && this.#ranking.query !== query
    if (!answer || this.#state === 'loading') this.#forgetRanking()
    else if (isStale) {
      // The other list and the lines wait for their new order, which is but a moment away: they would flicker.
      this.#staleTimer = setTimeout(() => this.#showAsCopy(), STALE_MS)
      this.#drawFirstStage()
      return
    }
    this.#draw('jump')
  }

  /** Provisional orders come with `progress`, the final one without. */
  showRanking(ranking: Ranking, progress?: ScoreProgress): void {
    clearTimeout(this.#staleTimer)
    this.#ranking = ranking
    this.#progress = progress
    this.#timing = undefined
    this.#draw('slide')
  }

  /** Which words answered which, of the entries that are shown. */
  showReasons(results: readonly RerankResult<Entry>[]): void {
    this.#reasons = new Map(results.flatMap((result) => (result.scored ? [[result.document, result]] : [])))
    this.#root.toggleAttribute('data-explained', true)
    if (this.#ranking) this.#reranked.show(this.#ranking.query, this.#rankedItems(this.#ranking), 'slide')
  }

  /** What the final order took. Screen readers hear of it when typing has stopped: at each key it would be noise. */
  showTiming(timing: SearchTiming): void {
    this.#timing = timing
    this.#drawSummary()
    this.#announceLater()
  }

  setState(state: RankedState): void {
    this.#state = state
    if (state === 'loading') this.#forgetRanking()
    this.#drawState()
  }

  /** The order of another model beside this one's; undefined where none is compared. */
  showComparison(compared: Compared | undefined): void {
    const wasOff = this.#comparison === undefined
    this.#comparison = compared
    const choice = this.#root.querySelector<HTMLElement>('[data-view-choice="compared"]')
    if (choice) choice.hidden = compared === undefined
    if (wasOff && compared) choice?.click()
    if (!compared && this.#root.dataset.view === 'compared')
      this.#root.querySelector<HTMLElement>('[data-view-choice="first-stage"]')?.click()
    this.#draw('slide')
  }

  #forgetRanking(): void {
    this.#ranking = undefined
    this.#progress = undefined
    this.#timing = undefined
  }

  #showAsCopy(): void {
    this.#forgetRanking()
    this.#draw('jump')
  }

  #draw(how: 'slide' | 'jump'): void {
    this.#root.toggleAttribute('data-filled', this.#shown !== undefined && !this.#shown.answer.isEmpty)
    const query = this.#shown?.query ?? ''
    this.#drawFirstStage()
    if (this.#ranking) this.#reranked.show(this.#ranking.query, this.#rankedItems(this.#ranking), how)
    else this.#reranked.show(query, this.#firstStageItems({ isCopy: true }), 'jump')
    this.#compared.show(this.#comparison?.query ?? '', this.#comparedItems(), how)
    this.#empty.textContent = this.#shown?.answer.isEmpty ? strings().empty.noDocuments : ''
    this.#drawPinned()
    this.#drawSummary()
    this.#drawState()
    this.#drawLines()
  }

  #drawPinned(): void {
    const ranked = this.#ranking && ranksOf(this.#ranking.response.results)
    const keywords = this.#shown?.ranks
    this.#pinned.show((entry) => ({ ranked: ranked && (ranked.get(entry) ?? null), keywords: keywords?.get(entry.at) }))
  }

  #drawFirstStage(): void {
    const query = this.#shown?.query ?? ''
    const isNothing = this.#shown?.answer.places.length === 0 && !this.#shown.answer.isEmpty
    this.#firstStage.show(query, this.#firstStageItems(), 'jump')
    byId('first-stage-empty').textContent = isNothing ? strings().empty.noKeywords(query) : ''
  }

  #drawState(): void {
    const { kinds, notes, compareNotes } = strings()
    const state = this.#state
    this.#root.dataset.state = state
    this.#reranked.element.dataset.state = state
    this.#reranked.element.setAttribute('aria-busy', String(state === 'loading' || state === 'reranking'))
    byId('kind').textContent = kinds[this.#kind]
    byId('kind-choice').textContent = kinds[this.#kind]
    const ranking = this.#ranking
    // While a key is ranked the note stays: it would flicker.
    if (state !== 'reranking' || !ranking)
      byId('reranked-note').textContent = state === 'done' ? (ranking ? this.#noteOf(ranking) : '') : notes[state]
    const compared = this.#comparison
    byId('compared').dataset.state = compared?.state ?? 'idle'
    byId('compared-kind').textContent = kinds[compared?.kind ?? 'cross-encoder']
    byId('compared-note').textContent = compared ? noteOf(compared, compareNotes) : ''
  }

  #noteOf({ ranked, of, response }: Ranking): string {
    const { notes } = strings()
    const ranking = notes.done(ranked, of === this.#shown?.entries.length)
    return response.coarse ? `${ranking}, ${notes.coarse}` : ranking
  }

  #drawSummary(): void {
    const { summary, duration } = strings()
    const parts: (Node | string)[] = []
    const mismatch = this.#ranking?.response.mismatch
    if (mismatch) parts.push(summary.mismatch(mismatch))
    else if (this.#timing && this.#ranking) {
      const { rank, keyToOrder } = this.#timing
      const { ranked, of, response } = this.#ranking
      const rest = [summary.ranked(ranked, this.#shown?.entries.length ?? of)]
      if (keyToOrder !== undefined) rest.push(summary.keyToOrder(keyToOrder))
      if (response.unscored > 0) rest.push(summary.unscored(response.unscored))
      parts.push(create('output', 'speed', duration(rank)), create('span', '', rest.join(' · ')))
    } else if (this.#progress) parts.push(summary.reading(this.#progress.scored, this.#progress.total))
    else if (this.#state === 'reranking' && this.#summary.querySelector('.speed')) return
    else if (this.#shown) parts.push(summary.matches(this.#shown.answer.places.length, this.#shown.answer.duration))
    this.#summary.replaceChildren(...parts)
  }

  #announceLater(): void {
    clearTimeout(this.#announceTimer)
    this.#announceTimer = setTimeout(() => {
      const first = this.#ranking?.response.results[0]
      if (!this.#ranking || !this.#timing || !first) return
      const { summary } = strings()
      this.#announcement.textContent = this.#ranking.response.mismatch
        ? summary.mismatch(this.#ranking.response.mismatch)
        : summary.announcement(this.#ranking.ranked, this.#timing.rank, first.document.title)
    }, ANNOUNCE_MS)
  }

  /** @param isCopy in the place of a ranking that is not there yet */
  #firstStageItems({ isCopy = false } = {}): Item[] {
    if (!this.#shown) return []
    const { answer, entries } = this.#shown
    const ranking = isCopy || this.#ranking?.query !== this.#shown.query ? undefined : this.#ranking
    const to = ranksOf(ranking?.response.results)
    return [...answer.places.subarray(0, ROWS)].map((at, i) => {
      const entry = entries[at] as Entry
      const move = ranking && !ranking.response.mismatch ? this.#moveTo(i + 1, to.get(entry)) : undefined
      const marks = keywordMarks(entry, answer.terms[i] ?? [])
      return { entry, facts: { rank: i + 1, marks, isPinned: this.#pinned.has(entry), ...(move && { move }) } }
    })
  }

  #moveTo(from: number, to: number | undefined): Move {
    const { row, kinds } = strings()
    if (to === undefined) return { direction: 'down', spoken: row.below(ROWS, kinds[this.#kind]) }
    return { direction: direction(from, to), by: Math.abs(from - to), spoken: row.now(to, kinds[this.#kind]) }
  }

  #rankedItems({ query, response }: Ranking): Item[] {
    const { row } = strings()
    // Marks tell of the first stage's answer to the same question.
    const shown = this.#shown?.query === query ? this.#shown : undefined
    const share = shareOf(response.results, this.#activation)
    return response.results.map((result) => {
      const { document: entry, rank } = result
      const from = shown?.ranks.get(entry.at)
      const facts = {
        rank,
        ...this.#marksOf(entry, from === undefined ? [] : shown?.answer.terms[from - 1]),
        isMissed: shown !== undefined && from === undefined,
        isPinned: this.#pinned.has(entry),
      }
      if (!result.scored) return { entry, facts: response.mismatch ? facts : { ...facts, note: row.unscored } }
      const move = from === undefined ? undefined : { direction: direction(from, rank), by: Math.abs(from - rank), spoken: row.was(from) }
      return { entry, facts: { ...facts, score: result.score, share: share(result.logit, result.score), ...(move && { move }) } }
    })
  }

  /** A model that can say why has its words marked; of another's entries, those that they share with the question. */
  #marksOf(entry: Entry, terms: readonly string[] = []): Pick<RowFacts, 'marks' | 'sentence'> {
    if (this.#kind === 'cross-encoder') return { marks: keywordMarks(entry, terms) }
    const { matches = [], sentence } = this.#reasons.get(entry) ?? {}
    return { marks: matches.map(({ start, end, weight }) => ({ start, end, strength: weight })), ...(sentence && { sentence }) }
  }

  #comparedItems(): Item[] {
    const { row } = strings()
    const compared = this.#comparison
    if (!compared?.results) return []
    const ranks = ranksOf(this.#ranking?.response.results)
    const share = shareOf(compared.results, 'identity')
    return compared.results.map(({ document: entry, rank, ...result }) => {
      const to = ranks.get(entry)
      const terms = this.#shown?.answer.terms[(this.#shown.ranks.get(entry.at) ?? 0) - 1] ?? []
      const facts = { rank, marks: keywordMarks(entry, terms), isPinned: this.#pinned.has(entry), move: this.#moveTo(rank, to) }
      if (!result.scored) return { entry, facts: { ...facts, move: undefined, note: row.unscored } }
      return { entry, facts: { ...facts, score: result.score, share: share(result.logit, result.score) } }
    })
  }

  #drawLines(): void {
    this.#lines.show(this.#ranking && this.#state !== 'error' ? this.#movements(this.#ranking) : [])
  }

  #movements({ response }: Ranking): Movement[] {
    const isCompared = this.#root.dataset.view === 'compared'
    const left = isCompared ? this.#compared : this.#firstStage
    const compared = ranksOf(this.#comparison?.results)
    const leftRank = (entry: Entry) => (isCompared ? compared.get(entry) : this.#shown?.ranks.get(entry.at))
    const lines = response.results.flatMap(({ document, rank, scored }): Movement[] => {
      const to = this.#reranked.rowOf(document)
      const from = leftRank(document)
      if (!scored || !to || from === undefined) return []
      return [{ id: document.id, from: left.rowOf(document), to, direction: direction(from, rank) }]
    })
    const shown = new Set(response.results.map(({ document }) => document))
    for (const entry of left.entries)
      if (!shown.has(entry)) lines.push({ id: entry.id, from: left.rowOf(entry), to: undefined, direction: 'down' })
    return lines
  }

  #pinOnClick(): void {
    for (const list of [this.#firstStage, this.#compared, this.#reranked]) {
      list.element.addEventListener('click', ({ target }) => {
        const entry = target instanceof Element && target.closest('.pin') ? list.entryOf(target) : undefined
        if (!entry) return
        this.#pinned.toggle(entry)
        this.#draw('jump')
      })
    }
  }

  /** Pointing at an entry in one list shows it in the others. */
  #highlightTogether(): void {
    const lists = [this.#firstStage, this.#compared, this.#reranked]
    const show = (event: Event) => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>('.result') : null
      const id = row?.dataset.docId
      for (const list of lists) list.highlight(id)
      this.#lines.highlight(id)
    }
    const hide = () => show(new Event('leave'))
    for (const { element } of lists) {
      element.addEventListener('pointerover', show)
      element.addEventListener('focusin', show)
      element.addEventListener('pointerleave', hide)
      element.addEventListener('focusout', hide)
    }
  }
}

function noteOf(compared: Compared, notes: ReturnType<typeof strings>['compareNotes']): string {
  switch (compared.state) {
    case 'reranking':
      return notes.reranking(compared.scored, compared.total)
    case 'done':
      return notes.done(compared.total, compared.milliseconds)
    default:
      return notes[compared.state]
  }
}

/** Ranks from 1. */
function ranksOf(results: readonly RerankResult<Entry>[] = []): ReadonlyMap<Entry, number> {
  return new Map(results.map(({ document, rank }) => [document, rank]))
}

/** How long a score's bar is: the score itself where it is a probability, else where the logit lies between those that are shown. */
function shareOf(
  results: readonly RerankResult<Entry>[],
  activation: LocalRerankerInfo['activation'],
): (logit: number, score: number) => number {
  if (activation === 'sigmoid') return (_, score) => score
  const logits = results.flatMap(({ scored, logit }) => (scored ? [logit as number] : []))
  const low = Math.min(...logits)
  const high = Math.max(...logits)
  return (logit) => (high > low ? (logit - low) / (high - low) : 1)
}
