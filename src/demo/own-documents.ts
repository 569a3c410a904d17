import { byId, create } from './dom.js'
import { count, plural } from './format.js'
import type { OwnDocuments } from './search.worker.js'

/** Takes pasted text and dropped files, and says what became of them. Reading them is the search worker's work. */
export class OwnDocumentsView {
  readonly #root = byId('own-documents')
  readonly #report = byId('own-report')
  readonly #count = byId('own-count')
  readonly #load: (files: File[]) => Promise<OwnDocuments>
  readonly #onLoaded: () => void

  constructor(load: (files: File[]) => Promise<OwnDocuments>, onLoaded: () => void) {
    this.#load = load
    this.#onLoaded = onLoaded
    const text = byId<HTMLTextAreaElement>('own-text')
    const files = byId<HTMLInputElement>('own-files')
    byId('own-use-text').addEventListener('click', () => void this.#take([new File([text.value], 'pasted text')]))
    files.addEventListener('change', () => {
      void this.#take([...(files.files ?? [])])
      // So that choosing the same file again counts as a change.
      files.value = ''
    })
    this.#acceptDrops()
  }

  async #take(files: File[]): Promise<void> {
    if (files.length === 0) return
    this.#report.replaceChildren(create('li', '', 'Reading …'))
    try {
      const { documents, files: report } = await this.#load(files)
      this.#count.textContent = documents > 0 ? count(documents) : ''
      this.#report.replaceChildren(
        ...report.map(({ name, documents: found, problem }) =>
          create(
            'li',
            problem ? 'problem' : '',
            create('strong', '', name),
            ` ${plural(found, 'document')}`,
            ...(problem ? [`. ${problem}`] : []),
          ),
        ),
      )
      this.#onLoaded()
    } catch (error) {
      this.#report.replaceChildren(create('li', 'problem', error instanceof Error ? error.message : String(error)))
    }
  }

  /** Files may be dropped anywhere on the page: missing a target by a centimetre would open the file instead. */
  #acceptDrops(): void {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    document.addEventListener('dragover', (event) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      this.#root.toggleAttribute('data-dropping', true)
    })
    document.addEventListener('dragleave', (event) => {
      if (!event.relatedTarget) this.#root.toggleAttribute('data-dropping', false)
    })
    document.addEventListener('drop', (event) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      this.#root.toggleAttribute('data-dropping', false)
      void this.#take([...(event.dataTransfer?.files ?? [])])
    })
  }
}
