import { messageOf } from '../errors.js'
import type { SearchState } from '../live/live-search.js'
import { create, icon, setAttributes, slot } from './dom.js'
import { shortened } from './item.js'
import type { ResultList } from './result-list.js'
import type { Strings } from './strings.js'
import { STYLES } from './styles.js'

/** What is known of the order, which the status line says. */
type Standing = 'loading' | 'ranking' | 'ranked' | 'unranked'

const MAGNIFIER = 'M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3Zm4.3 10.3L17 17'
const CROSS = 'm5 5 10 10M15 5 5 15'

/** One for all elements of a document, made with the first. */
const styleSheets = new WeakMap<Document, CSSStyleSheet>()

/** The shadow tree, and how it shows a state. It is made of elements alone, so that no policy has to allow anything. */
export class View<T> {
  readonly input = create('input', 'input')
  readonly clear = create('button', 'clear', icon(CROSS))
  readonly retry = create('button', 'retry')
  readonly popup = create('div', 'popup')
  readonly #root: ShadowRoot
  readonly #list: ResultList<T>
  readonly #bar = create('div', 'bar')
  readonly #skeleton = create('div', 'skeleton', create('div'), create('div'), create('div'))
  readonly #hints = slot('empty')
  readonly #empty = create('div', 'empty', this.#hints)
  readonly #none = create('p', 'message')
  readonly #footer = create('div', 'footer')
  readonly #count = create('span', 'count')
  readonly #status = create('span', 'status')
  readonly #live = create('div', 'live')

  constructor(root: ShadowRoot, list: ResultList<T>) {
    this.#list = list
    setAttributes(this.input, {
      id: 'input',
      type: 'search',
      role: 'combobox',
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: 'false',
      enterkeyhint: 'search',
      'aria-autocomplete': 'list',
      'aria-haspopup': 'listbox',
      'aria-controls': 'list',
      'aria-expanded': 'false',
    })
    for (const button of [this.clear, this.retry]) button.type = 'button'
    setAttributes(this.#bar, { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, hidden: true })
    setAttributes(this.#skeleton, { 'aria-hidden': 'true' })
    setAttributes(this.#live, { role: 'status' })
    this.popup.hidden = true
    // Words in a language of their own direction stay in their order.
    for (const one of [this.#count, this.#status, this.#none]) one.dir = 'auto'
    const lens = create('span', 'icon', slot('icon', icon(MAGNIFIER)))
    const box = create('div', 'box', lens, this.input, this.clear, this.#bar)
    this.#footer.append(this.#count, this.#status, this.retry, slot('footer'))
    this.popup.append(this.#empty, this.#skeleton, list.element, this.#none, this.#footer)
    this.#root = root
    this.addStyles()
    root.append(box, this.popup, this.#live)
  }

  /** By a sheet that no policy has to allow; where there are none, as in jsdom, by an element. A document takes no sheet of another one. */
  addStyles(): void {
    const root = this.#root
    if (!('adoptedStyleSheets' in root)) {
      if ((root as ShadowRoot).childElementCount === 0) (root as ShadowRoot).append(create('style', undefined, STYLES))
      return
    }
    const { ownerDocument } = root
    const page = ownerDocument.defaultView
    // Nothing is seen there.
    if (!page) return
    let sheet = styleSheets.get(ownerDocument)
    if (!sheet) {
      sheet = new page.CSSStyleSheet()
      sheet.replaceSync(STYLES)
      styleSheets.set(ownerDocument, sheet)
    }
    root.adoptedStyleSheets = [sheet]
  }

  get isOpen(): boolean {
    return !this.popup.hidden
  }

  /** What does not depend on the search. */
  dress(strings: Strings, { label, placeholder }: { label: string | null; placeholder: string | null }): void {
    const name = label ?? strings.label
    setAttributes(this.input, { 'aria-label': name, placeholder: placeholder ?? name })
    this.#list.element.setAttribute('aria-label', name)
    this.clear.setAttribute('aria-label', strings.clear)
    this.retry.textContent = strings.retry
  }

  disable(isDisabled: boolean): void {
    for (const control of [this.input, this.clear, this.retry]) control.disabled = isDisabled
  }

  /**
   * @param query what is searched now
   * @param isWanted whether the reader is at the box and has not closed the list
   */
  show(state: SearchState<T>, { query, strings, isWanted }: { query: string; strings: Strings; isWanted: boolean }): void {
    const { results, model, pending } = state
    const isBlank = query.trim() === ''
    const asked = shortened(query)
      .map(({ text }) => text)
      .join('')
    const shown = isBlank ? [] : results
    const isWaiting = !isBlank && pending && shown.length === 0
    const isSettled = !isBlank && !pending && shown.length === 0
    const hasFailed = state.error !== undefined || model.status === 'failed'
    const hasEmpty = this.#hints.assignedNodes().length > 0

    this.clear.hidden = query === ''
    this.#showLoading(state, strings)
    this.#list.show(shown, state.query)
    this.#list.element.hidden = shown.length === 0
    this.#empty.hidden = !isBlank
    this.#skeleton.hidden = !isWaiting
    this.#none.hidden = !isSettled
    if (isSettled)
      this.#none.replaceChildren(
        ...(state.error === undefined ? [slot('no-results', strong(strings.none(asked)))] : failure(state.error, strings)),
      )

    const standing = standingOf(state, pending)
    this.#footer.hidden = isBlank || isWaiting || (isSettled && state.error === undefined)
    this.#count.textContent = shown.length > 0 ? strings.results(shown.length) : ''
    this.#status.hidden = shown.length === 0
    this.#status.dataset.is = standing
    const words = state.mismatch?.reason ?? (standing === 'loading' ? strings.loading(percentOf(state)) : strings[standing])
    this.#status.replaceChildren(create('span', 'dot'), words)
    const reason = state.error ?? model.error
    setAttributes(this.#status, { title: reason === undefined ? undefined : messageOf(reason) })
    this.retry.hidden = !hasFailed || pending
    this.popup.hidden = !isWanted || (isBlank && !hasEmpty)
    this.input.setAttribute('aria-expanded', String(this.isOpen && shown.length > 0))

    // Said once, when nothing better will come.
    const news =
      isBlank || pending
        ? ''
        : [isSettled ? (state.error === undefined ? strings.none(asked) : strings.failed) : strings.results(shown.length)]
    const said = news === '' ? '' : [...news, ...(shown.length > 0 ? [words] : [])].join(', ')
    if (!pending && this.#live.textContent !== said) this.#live.textContent = said
  }

  #showLoading(state: SearchState<T>, strings: Strings): void {
    const percent = percentOf(state)
    this.#bar.hidden = state.model.status !== 'loading'
    setAttributes(this.#bar, { 'aria-label': strings.loading(), 'aria-valuenow': percent })
    if (percent === undefined) this.#bar.style.removeProperty('--share')
    else this.#bar.style.setProperty('--share', `${percent}%`)
  }
}

function percentOf<T>({ model }: SearchState<T>): number | undefined {
  return model.progress && Math.round(model.progress.progress)
}

function standingOf<T>({ model, error, mismatch, results }: SearchState<T>, pending: boolean): Standing {
  if (pending && model.status === 'loading') return 'loading'
  if (pending) return model.status === 'ready' ? 'ranking' : 'unranked'
  return error !== undefined || mismatch || !results.some(({ scored }) => scored) ? 'unranked' : 'ranked'
}

const strong = (text: string) => {
  const element = document.createElement('strong')
  element.textContent = text
  return element
}

function failure(error: unknown, strings: Strings): Node[] {
  return [slot('error', strong(strings.failed), create('span', 'detail', messageOf(error)))]
}
