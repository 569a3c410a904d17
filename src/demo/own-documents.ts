import type { DocumentEntry } from './document-entry.js'
import { byId, create } from './dom.js'
import { onLanguage, strings } from './language.js'
import type { OwnDocuments } from './search.worker.js'

/** Takes pasted text and dropped files, and says what became of them. Reading them is the search worker's work. */
export class OwnDocumentsView {
  readonly #root = byId('own-documents')
  readonly #report = byId('own-report')
  readonly #count = byId('own-count')
  readonly #load: (files: File[]) => Promise<OwnDocuments>
  readonly #onLoaded: (entries: readonly DocumentEntry[]) => void
  #write: () => void = () => {}

  constructor(load: (files: File[]) => Promise<OwnDocuments>, onLoaded: (entries: readonly DocumentEntry[]) => void) {
    this.#load = load
    this.#onLoaded = onLoaded
    const text = byId<HTMLTextAreaElement>('own-text')
    const files = byId<HTMLInputElement>('own-files')
    byId('own-use-text').addEventListener('click', () => void this.#take([new File([text.value], strings().own.pasted)]))
    files.addEventListener('change', () => {
      void this.#take([...(files.files ?? [])])
      // So that choosing the same file again counts as a change.
      files.value = ''
    })
    this.#acceptDrops()
    onLanguage(() => this.#write())
  }

  async #take(files: File[]): Promise<void> {
    if (files.length === 0) return
    this.#show(() => [create('li', '', strings().own.reading)])
    try {
      const { entries, files: report } = await this.#load(files)
      this.#count.textContent = entries.length > 0 ? strings().count(entries.length) : ''
      this.#show(() => report.map(line))
      this.#onLoaded(entries)
    } catch (error) {
      this.#show(() => [create('li', 'problem', error instanceof Error ? error.message : String(error))])
    }
  }

  #show(lines: () => HTMLLIElement[]): void {
    this.#write = () => this.#report.replaceChildren(...lines())
    this.#write()
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

function line({ name, documents, problem }: OwnDocuments['files'][number]): HTMLLIElement {
  const { own } = strings()
  const found = ` ${own.documents(documents)}`
  return create('li', problem ? 'problem' : '', create('strong', '', name), problem ? `${found}. ${own.problem(problem)}` : found)
}
