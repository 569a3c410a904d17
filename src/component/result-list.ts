import type { RerankResult } from '../types.js'
import { create, setAttributes } from './dom.js'
import { type Item, markedItem, type Piece, safeAddress } from './item.js'

/** One row, and what it is of. */
export interface Row<T> {
  result: RerankResult<T>
  element: HTMLElement
}

const MOVE_MS = 220

/**
 * The list of results. A row belongs to its document: when a better order comes it moves, and stays the active one if it was.
 */
export class ResultList<T> {
  readonly element = create('div', 'list')
  readonly #itemOf: (hit: T) => Item
  readonly #untitled: () => string
  readonly #onActive: () => void
  #rows: Row<T>[] = []
  #active: Row<T> | undefined
  #newest: readonly RerankResult<T>[] = []
  #isPressed = false
  #made = 0

  constructor(options: { itemOf: (hit: T) => Item; untitled: () => string; onActive: () => void }) {
    this.#itemOf = options.itemOf
    this.#untitled = options.untitled
    this.#onActive = options.onActive
    // Browsers put what scrolls among the stops of the Tab key; here the box has the keys.
    setAttributes(this.element, { id: 'list', role: 'listbox', tabindex: -1 })
    this.element.addEventListener('pointerdown', (event) => {
      if (event.button === 0) this.#press()
    })
  }

  get active(): Row<T> | undefined {
    return this.#active
  }

  get length(): number {
    return this.#rows.length
  }

  /** The row that an event comes from. */
  rowOf(event: Event): Row<T> | undefined {
    const path = event.composedPath()
    return this.#rows.find(({ element }) => path.includes(element))
  }

  show(results: readonly RerankResult<T>[]): void {
    this.#newest = results
    if (this.#isPressed) return
    const before = new Map(this.#rows.map(({ element }) => [element, element.offsetTop]))
    // The same hit twice has two rows.
    const known = new Map<T, HTMLElement[]>(this.#rows.map(({ result }) => [result.document, []]))
    for (const { result, element } of this.#rows) known.get(result.document)?.push(element)
    this.#rows = results.map((result) => this.#fill(result, known.get(result.document)?.shift()))
    this.element.replaceChildren(...this.#rows.map(({ element }) => element))
    this.activate(this.#rows.find(({ element }) => element === this.#active?.element))
    this.#move(before)
  }

  /** Make the next row in a direction the active one; from the last on the first. */
  step(by: 1 | -1): void {
    const { length } = this.#rows
    if (length === 0) return
    const at = this.#active ? this.#rows.indexOf(this.#active) + by : by === 1 ? 0 : -1
    this.activate(this.#rows.at(at % length))
    this.#active?.element.scrollIntoView?.({ block: 'nearest' })
  }

  activate(row: Row<T> | undefined): void {
    this.#active = row
    for (const { element } of this.#rows) element.setAttribute('aria-selected', String(element === row?.element))
    this.#onActive()
  }

  /** Until the pointer lets go nothing moves: browsers send no click to what was moved or made anew in between. */
  #press(): void {
    this.#isPressed = true
    for (const name of ['pointerup', 'pointercancel']) addEventListener(name, this.#letGo, { once: true, capture: true })
  }

  readonly #letGo = () => {
    // The click comes first.
    setTimeout(() => {
      this.#isPressed = false
      this.show(this.#newest)
    })
  }

  #fill(result: RerankResult<T>, old: HTMLElement | undefined): Row<T> {
    const item = this.#itemOf(result.document)
    const address = safeAddress(item.url, document.baseURI)
    const tag = address === undefined ? 'div' : 'a'
    const element = old?.localName === tag ? old : create(tag, 'item')
    element.id ||= `item-${++this.#made}`
    setAttributes(element, { role: 'option', tabindex: -1, href: address })
    const { title, text } = markedItem(item, result.matches, result.sentence)
    const lines = [line('note', item.note ? [{ text: item.note }] : []), line('title', title), line('text', text)]
    const shown = lines.filter((one) => one !== undefined)
    element.replaceChildren(...(shown.length > 0 ? shown : [create('span', 'title', this.#untitled())]))
    return { result, element }
  }

  /** Rows that were there go from where they were to where they are. */
  #move(before: ReadonlyMap<HTMLElement, number>): void {
    // Neither is in jsdom.
    if (!this.element.animate || matchMedia('(prefers-reduced-motion: reduce)').matches) return
    for (const { element } of this.#rows) {
      const from = before.get(element)
      const by = from === undefined ? 0 : from - element.offsetTop
      if (by !== 0) element.animate([{ transform: `translateY(${by}px)` }, {}], { duration: MOVE_MS, easing: 'ease-out' })
    }
  }
}

/** A line in whatever direction its text has. */
function line(name: string, pieces: readonly Piece[]): HTMLElement | undefined {
  if (pieces.length === 0) return undefined
  const element = create('span', name)
  element.dir = 'auto'
  for (const { text, weight } of pieces) {
    if (weight === undefined) {
      element.append(text)
      continue
    }
    const mark = create('mark', 'mark', text)
    mark.style.setProperty('--weight', weight.toFixed(2))
    element.append(mark)
  }
  return element
}
