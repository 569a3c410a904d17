import type { Entry } from './document-entry.js'
import { byId, create } from './dom.js'
import { onLanguage, strings } from './language.js'

/** Where an entry stands, from 1. */
export interface Places {
  /** null below what is shown, undefined while there is no order by the model. */
  ranked: number | null | undefined
  /** undefined where no keyword finds it. */
  keywords: number | undefined
}

/** Entries that the reader watches: their places stay in sight, whatever is asked, set or shown. */
export class PinnedView {
  readonly #list = byId('pinned')
  readonly #pinned = new Set<Entry>()
  readonly #onRemove: () => void
  #placesOf: (entry: Entry) => Places = () => ({ ranked: undefined, keywords: undefined })

  /** @param onRemove the rows of what is taken away here show it, too */
  constructor(onRemove: () => void) {
    this.#onRemove = onRemove
    onLanguage(() => this.#draw())
  }

  toggle(entry: Entry): void {
    if (!this.#pinned.delete(entry)) this.#pinned.add(entry)
    this.#draw()
  }

  has(entry: Entry): boolean {
    return this.#pinned.has(entry)
  }

  /** @param placesOf asked for what is pinned alone */
  show(placesOf: (entry: Entry) => Places): void {
    this.#placesOf = placesOf
    this.#draw()
  }

  /** Other documents: those of before are not among them. */
  clear(): void {
    this.#pinned.clear()
    this.#draw()
  }

  #draw(): void {
    const { pinned: text } = strings()
    this.#list.hidden = this.#pinned.size === 0
    this.#list.replaceChildren(
      ...[...this.#pinned].map((entry) => {
        const remove = create('button', 'quiet', '×')
        remove.type = 'button'
        remove.setAttribute('aria-label', text.remove(entry.title))
        remove.addEventListener('click', () => {
          this.toggle(entry)
          this.#onRemove()
        })
        const { ranked, keywords } = this.#placesOf(entry)
        const places = text.places(ranked, keywords)
        const item = create('li', '', create('strong', '', entry.title), create('span', '', places), remove)
        item.dataset.docId = entry.id
        return item
      }),
    )
  }
}
