import type { Entry } from './document-entry.js'
import { byId, create } from './dom.js'
import { onLanguage, strings } from './language.js'

/** Where entries stand now, from 1; one that is not in it is further down, or was not found. */
export type Places = ReadonlyMap<Entry, number>

/** Entries that the reader watches: their places stay in sight, whatever is asked, set or shown. */
export class PinnedView {
  readonly #list = byId('pinned')
  readonly #pinned = new Set<Entry>()
  #ranked: Places | undefined
  #keywords: Places = new Map()

  constructor() {
    onLanguage(() => this.#draw())
  }

  toggle(entry: Entry): void {
    if (!this.#pinned.delete(entry)) this.#pinned.add(entry)
    this.#draw()
  }

  has(entry: Entry): boolean {
    return this.#pinned.has(entry)
  }

  /** @param ranked undefined while there is no order by the model */
  show(ranked: Places | undefined, keywords: Places): void {
    this.#ranked = ranked
    this.#keywords = keywords
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
        remove.addEventListener('click', () => this.toggle(entry))
        const places = text.places(this.#ranked ? (this.#ranked.get(entry) ?? null) : undefined, this.#keywords.get(entry))
        const item = create('li', '', create('strong', '', entry.title), create('span', '', places), remove)
        item.dataset.docId = entry.id
        return item
      }),
    )
  }
}
