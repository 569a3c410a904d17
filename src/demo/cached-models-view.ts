import { type CachedModel, deleteCachedModel, listCachedModels } from 'page-rerank'
import { formatBytes } from '../model/format-bytes.js'
import { byId, create } from './dom.js'
import { errorMessage, onLanguage, strings } from './language.js'

/** The models on the reader's disk, and a button to delete each. */
export class CachedModelsView {
  readonly #list = byId('cached-models')
  readonly #onDeleted: () => void

  /** @param onDeleted a model is gone from the disk; the one that is loaded goes on */
  constructor(onDeleted: () => void) {
    this.#onDeleted = onDeleted
    onLanguage(() => void this.refresh())
  }

  /** @param focus the list takes the focus, which was on something that will be gone */
  async refresh({ focus = false } = {}): Promise<void> {
    const rows = await listCachedModels().then(
      (models) => (models.length > 0 ? models.map((model) => this.#row(model)) : [create('li', 'hint', strings().cached.none)]),
      (error: Error) => [create('li', 'hint', errorMessage(error))],
    )
    this.#list.replaceChildren(...rows)
    if (!focus) return
    this.#list.tabIndex = -1
    this.#list.focus()
  }

  #row({ model, revision, askedFor = [], host, bytes, partialBytes }: CachedModel): HTMLLIElement {
    const { cached } = strings()
    const unfinished = partialBytes > 0 ? cached.unfinished(formatBytes(partialBytes)) : ''
    const version = revision && !askedFor.includes('main') ? cached.revision(askedFor.join(', ') || revision) : ''
    const button = create('button', '', cached.delete)
    button.type = 'button'
    button.setAttribute('aria-label', cached.deleteModel(model))
    button.addEventListener('click', async () => {
      button.disabled = true
      try {
        await deleteCachedModel(model, { revision, host })
      } catch (error) {
        button.disabled = false
        row.append(create('p', 'note', cached.failed(errorMessage(error))))
        return
      }
      this.#onDeleted()
      await this.refresh({ focus: true })
    })
    const row = create('li', '', create('span', '', model, create('span', 'note', formatBytes(bytes) + unfinished + version)), button)
    row.dataset.model = model
    return row
  }
}
