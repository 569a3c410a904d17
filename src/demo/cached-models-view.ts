import { type CachedModel, deleteCachedModel, listCachedModels } from 'page-rerank'
import { formatBytes } from '../model/format-bytes.js'
import { byId, create } from './dom.js'

/** The models on the reader's disk, and a button to delete each. */
export class CachedModelsView {
  readonly #list = byId('cached-models')
  readonly #onDeleted: () => void

  /** @param onDeleted a model is gone from the disk; the one that is loaded goes on */
  constructor(onDeleted: () => void) {
    this.#onDeleted = onDeleted
  }

  /** @param focus the list takes the focus, which was on something that will be gone */
  async refresh({ focus = false } = {}): Promise<void> {
    const rows = await listCachedModels().then(
      (models) => (models.length > 0 ? models.map((model) => this.#row(model)) : [create('li', 'hint', 'None.')]),
      (error: Error) => [create('li', 'hint', error.message)],
    )
    this.#list.replaceChildren(...rows)
    if (!focus) return
    this.#list.tabIndex = -1
    this.#list.focus()
  }

  #row({ model, revision, askedFor = [], host, bytes, partialBytes }: CachedModel): HTMLLIElement {
    const unfinished = partialBytes > 0 ? `, ${formatBytes(partialBytes)} unfinished` : ''
    const version = revision && !askedFor.includes('main') ? `, revision ${askedFor.join(', ') || revision}` : ''
    const button = create('button', '', 'Delete')
    button.type = 'button'
    button.setAttribute('aria-label', `Delete ${model} from this disk`)
    button.addEventListener('click', async () => {
      button.disabled = true
      try {
        await deleteCachedModel(model, { revision, host })
      } catch (error) {
        button.disabled = false
        row.append(create('p', 'note', `It could not be deleted: ${error instanceof Error ? error.message : String(error)}`))
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
