import { InvalidInputError } from '../errors.js'
import { LiveSearch, type LiveSearchOptions, type SearchState } from '../live/live-search.js'
import type { RerankerSource } from '../live/shared-reranker.js'
import type { RerankResult } from '../types.js'
import { type Item, plainItem, textOf, usualItem } from './item.js'
import { ResultList, type Row } from './result-list.js'
import { ENGLISH, type Strings } from './strings.js'
import { View } from './view.js'

/** What a chosen result's event tells. */
export interface Selection<T> {
  hit: T
  result: RerankResult<T>
  /** What the list is of: where it is older than what was typed since, this is too. */
  query: string
}

/** Options of the search, but those that have a property of their own. */
export type SearchSettings<T> = Omit<LiveSearchOptions<T>, 'reranker' | 'firstStage' | 'hits' | 'text'>

/** Where there is no page, the class may be imported all the same. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement)

/** What is being composed is searched when nothing was typed for so long: keyboards of phones compose every word, Korean ones every letter. */
const COMPOSING_MS = 300
/** Here it may be the sound of what is meant, which is no query. */
const WRITTEN_BY_SOUND = ':lang(zh), :lang(ja)'

/** Properties that a page may have set before the element was defined. */
const PROPERTIES = ['search', 'reranker', 'item', 'settings', 'strings', 'value'] as const

/**
 * `<page-rerank-search>`: a search box with its list, over any first stage.
 *
 * @example
 * const box = document.querySelector('page-rerank-search')
 * box.search = async (query, { signal }) => (await fetch(`/api/search?q=${encodeURIComponent(query)}`, { signal })).json()
 * box.item = (hit) => ({ title: hit.title, text: hit.body, url: hit.url })
 */
export class PageRerankSearch<T = unknown> extends Base {
  static readonly formAssociated = true
  static readonly observedAttributes = ['label', 'placeholder', 'value', 'load']

  readonly #internals: ElementInternals
  readonly #view: View<T>
  readonly #list: ResultList<T>
  readonly #live: LiveSearch<T>
  #search: LiveSearchOptions<T>['firstStage']
  #reranker: RerankerSource | null = {}
  #item: (hit: T) => Item = usualItem
  #settings: SearchSettings<T> = {}
  #strings: Strings = ENGLISH
  /** What is searched: what stands in the box, but for a word that is just being composed. */
  #query = ''
  #composing: ReturnType<typeof setTimeout> | undefined
  /** The reader was here: the model is worth loading. */
  #isVisited = false
  #hasFocus = false
  /** The list was closed, and nothing was typed since. */
  #isClosed = false

  constructor() {
    super()
    this.#internals = this.attachInternals()
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true })
    this.#list = new ResultList<T>({
      itemOf: (hit) => this.#itemOf(hit),
      untitled: () => this.#strings.untitled,
      onActive: () => {
        const id = this.#list.active?.element.id
        if (id === undefined) this.#view.input.removeAttribute('aria-activedescendant')
        else this.#view.input.setAttribute('aria-activedescendant', id)
      },
    })
    this.#view = new View(root, this.#list)
    this.#live = new LiveSearch<T>('', this.#options())
    this.#listen(root)
  }

  /** Any search: hits for a query, best first, or a promise of them. */
  get search(): LiveSearchOptions<T>['firstStage'] {
    return this.#search
  }
  set search(search) {
    this.#search = search
    this.#update()
    this.#live.again()
  }

  /** Options of `createReranker`, shared with all that ask for the same; or a reranker or its promise; or null for none. */
  get reranker(): RerankerSource | null {
    return this.#reranker
  }
  set reranker(reranker) {
    this.#reranker = reranker ?? null
    // Its failure is told when it is needed.
    if (reranker && 'then' in reranker) Promise.resolve(reranker).catch(() => undefined)
    this.#update()
  }

  /** What a hit shows and the model reads. */
  get item(): (hit: T) => Item {
    return this.#item
  }
  set item(item) {
    const before = this.#shownTexts()
    this.#item = item ?? usualItem
    this.#update()
    // Matches are places in a text. Where it is the same, as with a function that is made anew at each rendering, nothing begins anew.
    if (this.#shownTexts() !== before) this.#live.again()
    this.#show()
  }

  /** The search's other options: `pool`, `topN` (10 where it is not given), `minScore`, `documents`, … */
  get settings(): SearchSettings<T> {
    return this.#settings
  }
  set settings(settings) {
    this.#settings = settings ?? {}
    this.#update()
  }

  /** Words in place of the English ones; those that are left out stay. */
  get strings(): Strings {
    return this.#strings
  }
  set strings(strings: Partial<Strings>) {
    this.#strings = { ...ENGLISH, ...strings }
    this.#show()
  }

  /** What stands in the box. */
  get value(): string {
    return this.#view.input.value
  }
  set value(value: string) {
    this.#view.input.value = value ?? ''
    this.#typed()
  }

  /** What is shown now. */
  get state(): SearchState<T> {
    return this.#live.state
  }

  connectedCallback(): void {
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue
      const value = this[name]
      delete (this as Partial<Record<typeof name, unknown>>)[name]
      Object.assign(this, { [name]: value })
    }
    this.#update()
    this.#live.start(() => this.#show())
  }

  disconnectedCallback(): void {
    this.#live.stop()
    clearTimeout(this.#composing)
    this.#hasFocus = false
    this.#show()
  }

  /** It was moved into another document, such as a frame's or a picture-in-picture window's, which takes no styles along. */
  adoptedCallback(): void {
    this.#view.addStyles()
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (before === value) return
    // As with an input, it is what the box begins with.
    if (name === 'value' && this.value === (before ?? '')) this.value = value ?? ''
    this.#update()
    this.#show()
  }

  /** The form was reset. */
  formResetCallback(): void {
    this.value = this.getAttribute('value') ?? ''
  }

  /** The reader came back to the page. */
  formStateRestoreCallback(state: string): void {
    this.value = state
  }

  /** The element, or a fieldset around it, was disabled or enabled. */
  formDisabledCallback(isDisabled: boolean): void {
    this.#view.disable(isDisabled)
    if (isDisabled) this.#leave()
  }

  #options(): LiveSearchOptions<T> {
    return {
      ...this.#settings,
      topN: this.#settings.topN ?? 10,
      explain: this.#settings.explain ?? true,
      reranker: this.#isVisited || this.getAttribute?.('load') === 'eager' ? this.#reranker : null,
      firstStage: this.#search ?? notThere,
      text: (hit) => textOf(this.#readItem(hit)) as string,
    }
  }

  #update(): void {
    this.#live.update(this.#query, this.#options())
  }

  #typed(): void {
    clearTimeout(this.#composing)
    this.#query = this.value
    this.#isClosed = false
    this.#internals.setFormValue?.(this.value)
    this.#list.activate(undefined)
    this.#update()
    this.#show()
  }

  #readItem(hit: T): Item {
    return plainItem(this.#item(hit))
  }

  /** To be shown: what cannot be read has no title, and the search says why. */
  #itemOf(hit: T): Item {
    try {
      return this.#readItem(hit)
    } catch {
      return {}
    }
  }

  #shownTexts(): string {
    return JSON.stringify(this.state.results.map(({ document }) => textOf(this.#itemOf(document))))
  }

  #show(): void {
    const { label, placeholder } = { label: this.getAttribute('label'), placeholder: this.getAttribute('placeholder') }
    this.#view.dress(this.#strings, { label, placeholder })
    const isWanted = this.#hasFocus && !this.#isClosed
    this.#view.show(this.#live.state, { query: this.#query, strings: this.#strings, isWanted })
    this.dispatchEvent(new CustomEvent('update', { detail: this.#live.state }))
  }

  #listen(root: ShadowRoot): void {
    const { input, clear, retry, popup } = this.#view
    input.addEventListener('input', (event) => {
      clearTimeout(this.#composing)
      if (!(event as InputEvent).isComposing) this.#typed()
      else if (!this.matches(WRITTEN_BY_SOUND)) this.#composing = setTimeout(() => this.#typed(), COMPOSING_MS)
    })
    input.addEventListener('compositionend', () => this.#typed())
    input.addEventListener('keydown', (event) => this.#onKey(event))
    input.addEventListener('click', () => this.#open())
    clear.addEventListener('click', () => {
      this.value = ''
      input.focus()
    })
    retry.addEventListener('click', () => {
      const { model } = this.#live.state
      if (model.status === 'failed') model.retry()
      else this.#live.again()
      input.focus()
    })
    // The box keeps the focus, and the keys.
    popup.addEventListener('mousedown', (event) => {
      if (this.#list.rowOf(event) && event.button === 0) event.preventDefault()
    })
    this.#list.element.addEventListener('click', (event) => {
      const row = this.#list.rowOf(event)
      if (row) this.#select(row, event)
    })
    root.addEventListener('focusin', ({ target }) => {
      // As when its scrollbar was clicked.
      if (target === this.#list.element) input.focus({ preventScroll: true })
      this.#hasFocus = true
      this.#visit()
      this.#show()
    })
    root.addEventListener('focusout', (event) => {
      const to = (event as FocusEvent).relatedTarget as Node | null
      if (to && (root.contains(to) || this.contains(to))) return
      this.#leave()
    })
    // Before the first key: the model has that much longer to come.
    this.addEventListener('pointerenter', () => this.#visit())
  }

  #leave(): void {
    this.#hasFocus = false
    this.#isClosed = false
    this.#list.activate(undefined)
    this.#show()
  }

  #visit(): void {
    if (this.#isVisited || this.#view.input.disabled) return
    this.#isVisited = true
    this.#update()
  }

  #open(): void {
    this.#isClosed = false
    this.#show()
  }

  #close(): void {
    this.#isClosed = true
    this.#list.activate(undefined)
    this.#show()
  }

  /** As the ARIA practices have it for a combobox that can be edited. */
  #onKey(event: KeyboardEvent): void {
    const { key, altKey, ctrlKey, metaKey, isComposing, keyCode } = event
    // WebKit sends the key that ends a composition after its end, as 229.
    if (isComposing || keyCode === 229 || ctrlKey || metaKey) return
    const { isOpen } = this.#view
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault()
      if (altKey && key === 'ArrowUp') this.#close()
      else if (!isOpen) this.#open()
      if (!altKey && this.#view.isOpen) this.#list.step(key === 'ArrowDown' ? 1 : -1)
    } else if (key === 'Home' || key === 'End' || key === 'ArrowLeft' || key === 'ArrowRight') {
      // They move in the text.
      this.#list.activate(undefined)
    } else if (key === 'Escape') {
      // Where there is nothing left to close or to empty it is the page's: a dialog's, say.
      if (isOpen || this.value !== '') event.preventDefault()
      if (isOpen) this.#close()
      else this.value = ''
    } else if (key === 'Enter') {
      const { active } = this.#list
      if (isOpen && active) {
        event.preventDefault()
        active.element.click()
      } else this.#submit(event)
    }
  }

  #select({ result }: Row<T>, event: Event): void {
    const detail: Selection<T> = { hit: result.document, result, query: this.#live.state.query }
    if (!this.dispatchEvent(new CustomEvent('select', { detail, cancelable: true }))) event.preventDefault()
    this.#close()
  }

  #submit(event: KeyboardEvent): void {
    const isWanted = this.dispatchEvent(new CustomEvent('submit', { detail: { query: this.value }, cancelable: true }))
    event.preventDefault()
    if (isWanted) this.#internals.form?.requestSubmit()
  }
}

function notThere(): never {
  throw new InvalidInputError('invalid-option', 'There is no search yet: set the search property.', { option: 'search' })
}
