/** One searchable document: a Web API name, or one of the reader's own. */
export interface DocumentEntry {
  /** Unique in its corpus: `WakeLock.request`, or a number for the reader's own. */
  id: string
  /** As shown: `WakeLock.request()`. */
  title: string
  text: string
  /** What the entry is: `method`, `interface`, `CSS property`, or the file it came from. */
  kind: string
  url?: string
  deprecated?: true
}

/** An entry of a corpus that the page holds. */
export interface Entry extends DocumentEntry {
  /** Its place in the corpus, from 0. */
  at: number
  /** What the model reads. Made once: texts that are the same object each time are compared in no time. */
  read: string
}

/** What the model reads of an entry: its title, a line break where there is text, and the text. */
export function rerankText({ title, text }: DocumentEntry): string {
  return text ? `${title}\n${text}` : title
}

export function toEntries(documents: readonly DocumentEntry[]): Entry[] {
  return documents.map((document, at) => ({ ...document, at, read: rerankText(document) }))
}
