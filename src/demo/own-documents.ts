import type { DocumentEntry } from './document-entry.js'
import type { OwnDocuments } from './documents.worker.js'
import { byId, create } from './dom.js'
import { onLanguage, strings } from './language.js'
import { readFiles } from './read-files.js'

/** Takes pasted text and dropped files, and says what became of them. What is taken ends the reading of what was taken before. */
export class OwnDocumentsView {
  readonly #root = byId('own-documents')
  readonly #report = byId('own-report')
  readonly #count = byId('own-count')
  readonly #onLoaded: (entries: readonly DocumentEntry[]) => void
  #reading: AbortController | undefined
  #write: () => void = () => {}

  constructor(onLoaded: (entries: readonly DocumentEntry[]) => void) {
    this.#onLoaded = onLoaded
    const text = byId<HTMLTextAreaElement>('own-text')
    const files = byId<HTMLInputElement>('own-files')
    byId('own-use-text').addEventListener('click', () => void this.#take([new File([text.value], strings().own.pasted)]))
    files.addEventListener('change', () => {
      if (files.files?.length) void this.#take([...files.files])
      // So that choosing the same file again counts as a change.
      files.value = ''
    })
    const folder = byId<HTMLInputElement>('own-folder')
    // Not where a browser has no folders to give, as on phones.
    if (!('webkitdirectory' in HTMLInputElement.prototype)) byId('own-folder-choice').remove()
    folder.addEventListener('change', () => {
      void this.#take(readable([...(folder.files ?? [])]))
      folder.value = ''
    })
    this.#acceptDrops()
    onLanguage(() => this.#write())
  }

  /** @param chosen none: a folder holds nothing that can be read */
  async #take(chosen: File[] | Promise<File[]>): Promise<void> {
    this.#reading?.abort()
    const reading = new AbortController()
    this.#reading = reading
    this.#show(() => [create('li', '', strings().own.reading)])
    try {
      const files = await chosen
      if (files.length === 0) {
        if (!reading.signal.aborted) this.#show(() => [create('li', 'problem', strings().own.noFiles)])
        return
      }
      const { entries, files: report } = await readFiles(files, reading.signal)
      this.#count.textContent = entries.length > 0 ? strings().count(entries.length) : ''
      this.#show(() => report.map(line))
      this.#onLoaded(entries)
    } catch (error) {
      if (!reading.signal.aborted) this.#show(() => [create('li', 'problem', error instanceof Error ? error.message : String(error))])
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
      const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
      const hasFolder = entries.some(({ isDirectory }) => isDirectory)
      const files = [...(event.dataTransfer?.files ?? [])]
      if (hasFolder) void this.#take(filesBelow(entries).then(readable))
      else if (files.length > 0) void this.#take(files)
    })
  }
}

/** A folder holds pictures and much else; files that were chosen one by one are told to be unreadable instead. */
function readable(files: readonly File[]): File[] {
  return files.filter(({ name }) => /\.(txt|md|markdown|csv|tsv|jsonl?|ndjson|pdf)$/i.test(name))
}

/** The files of what was dropped, those of folders and their folders too. One that cannot be opened is left out. */
async function filesBelow(entries: readonly FileSystemEntry[]): Promise<File[]> {
  const found = await Promise.all(
    entries.map(async (entry) => {
      try {
        if (entry instanceof FileSystemDirectoryEntry) return await filesBelow(await childrenOf(entry))
        return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))]
      } catch {
        return []
      }
    }),
  )
  return found.flat()
}

/** Browsers give a hundred at a time. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return all
    all.push(...some)
  }
}

function line({ name, documents, problem }: OwnDocuments['files'][number]): HTMLLIElement {
  const { own } = strings()
  const found = ` ${own.documents(documents)}`
  return create('li', problem ? 'problem' : '', create('strong', '', name), problem ? `${found}. ${own.problem(problem)}` : found)
}
