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

/** What the reranker reads for an entry. */
export function rerankText({ title, text }: DocumentEntry): string {
  return text ? `${title}\n${text}` : title
}
