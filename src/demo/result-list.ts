import type { Entry } from './document-entry.js'
import { byId } from './dom.js'
import { SlidingList } from './motion.js'
import { ResultRow, type RowFacts } from './result-row.js'

/** An entry and what its row says. */
export interface Item {
  entry: Entry
  facts: RowFacts
}

/** One list of results. Rows are kept while their entry is shown: what was read on stays under the eye, and under the focus. */
export class ResultList {
  readonly element: HTMLOListElement
  readonly #sliding = new SlidingList()
  /** By entry, not by id: other documents of the reader's own have the same ids. */
  #rows = new Map<Entry, ResultRow>()

  constructor(id: string) {
    this.element = byId<HTMLOListElement>(id)
  }

  /** @param query what the order belongs to */
  show(query: string, items: readonly Item[], how: 'slide' | 'jump'): void {
    const focused = document.activeElement
    const hadFocus = focused instanceof HTMLElement && this.element.contains(focused)
    const rows = new Map(items.map(({ entry }) => [entry, this.#rows.get(entry) ?? new ResultRow(entry)]))
    for (const { entry, facts } of items) rows.get(entry)?.show(facts)
    this.#rows = rows
    const elements = [...rows.values()].map(({ element }) => element)
    this.element.dataset.query = query
    if (elements.length === this.element.childElementCount && elements.every((one, i) => one === this.element.children[i])) return
    this.element.replaceChildren(...elements)
    this.#sliding.update(elements, how)
    if (!hadFocus) return
    // Moving an element in the document takes its focus away; one that is gone gives it back to the query.
    if (this.element.contains(focused)) focused.focus({ preventScroll: true })
    else byId('query').focus()
  }

  rowOf(entry: Entry): HTMLElement | undefined {
    return this.#rows.get(entry)?.element
  }

  /** The entry of a row that holds an element. */
  entryOf(element: Element): Entry | undefined {
    const row = element.closest('.result')
    return [...this.#rows].find(([, one]) => one.element === row)?.[0]
  }

  get entries(): Iterable<Entry> {
    return this.#rows.keys()
  }

  /** Sets the row of one entry off, and no other. */
  highlight(id: string | undefined): void {
    for (const [entry, { element }] of this.#rows) element.toggleAttribute('data-on', entry.id === id)
  }
}
