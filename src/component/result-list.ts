import type { RerankResult } from '../types.js'
import { create, setAttributes } from './dom.js'
import { type Item, markedItem, type Piece, safeAddress, shortened } from './item.js'

/** One row, and what it is of. */
export interface Row<T> {
  result: RerankResult<T>
  element: HTMLElement
}

const MOVE_MS = 220
/** A finger's click comes so much later than it lets go, at the most. */
const TAP_MS = 350

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
  #newest: { results: readonly RerankResult<T>[]; query: string } = { results: [], query: '' }
  /** What the list shows is of. */
  #query = ''
  /** What a row shows, so that it is not made anew where that is the same. */
  readonly #contents = new WeakMap<HTMLElement, string>()
  #isPressed = false
  /** Of the press. */
  #end: AbortController | undefined
  #lettingGo: ReturnType<typeof setTimeout> | undefined
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

  /** @param query what they are of: those of another one are seen from the first on, wherever the reader had scrolled to */
  show(results: readonly RerankResult<T>[], query: string): void {
    this.#newest = { results, query }
    if (this.#isPressed) return
    const before = new Map(this.#rows.map(({ element }) => [element, element.offsetTop]))
    // The same hit twice has two rows.
    const known = new Map<T, HTMLElement[]>(this.#rows.map(({ result }) => [result.document, []]))
    for (const { result, element } of this.#rows) known.get(result.document)?.push(element)
    this.#rows = results.map((result) => this.#fill(result, known.get(result.document)?.shift()))
    const shown = this.element.children
    // Rows that stay where they are keep what a reader has selected in them.
    if (shown.length !== this.#rows.length || this.#rows.some(({ element }, i) => element !== shown[i]))
      this.element.replaceChildren(...this.#rows.map(({ element }) => element))
    if (query !== this.#query) this.element.scrollTop = 0
    this.#query = query
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
    clearTimeout(this.#lettingGo)
    this.#end?.abort()
    this.#end = new AbortController()
    const { signal } = this.#end
    // The element may be in another window than its script.
    const page = this.element.ownerDocument.defaultView
    page?.addEventListener('pointerup', ({ pointerType }) => this.#letGo(pointerType === 'touch' ? TAP_MS : 0), { signal, capture: true })
    page?.addEventListener('pointercancel', () => this.#letGo(0), { signal, capture: true })
  }

  /** @param wait for the click, which comes first */
  #letGo(wait: number): void {
    this.#end?.abort()
    this.#lettingGo = setTimeout(() => {
      this.#isPressed = false
      this.show(this.#newest.results, this.#newest.query)
    }, wait)
  }

  #fill(result: RerankResult<T>, old: HTMLElement | undefined): Row<T> {
    const item = this.#itemOf(result.document)
    const address = safeAddress(item.url, this.element.baseURI)
    const tag = address === undefined ? 'div' : 'a'
    const element = old?.localName === tag ? old : create(tag, 'item')
    element.id ||= `item-${++this.#made}`
    setAttributes(element, { role: 'option', tabindex: -1, href: address })
    const { title, text } = markedItem(item, result.matches, result.sentence)
    const note = item.note ? shortened(item.note) : []
    const contents = JSON.stringify([note, title, text, this.#untitled()])
    if (this.#contents.get(element) === contents) return { result, element }
    this.#contents.set(element, contents)
    const lines = [line('note', note), line('title', title), line('text', text)]
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
