import MiniSearch from 'minisearch'
import type { DocumentEntry } from './document-entry.js'

/** An entry that the first stage found, and the words that found it. */
export interface Hit extends DocumentEntry {
  /** Words of the entry (lower case) that matched; none where the entry only fills the pool. */
  terms: string[]
}

/** BM25 over titles and texts, with MiniSearch's own weights. Knows no thread and no page. */
export class FirstStage {
  readonly #index = new MiniSearch<DocumentEntry>({ fields: ['title', 'text'], tokenize })
  readonly #entries = new Map<string, DocumentEntry>()

  get size(): number {
    return this.#entries.size
  }

  /** Adds in slices, so that the thread can answer a query in between. */
  async add(entries: readonly DocumentEntry[]): Promise<void> {
    for (const entry of entries) this.#entries.set(entry.id, entry)
    await this.#index.addAllAsync(entries, { chunkSize: 250 })
  }

  /**
   * The best `limit` entries, best first, and how many matched in all.
   *
   * @param fill add entries without a match, in their own order, while there is room: a reranker can tell which of them
   *   answer in other words
   */
  search(query: string, limit: number, { fill = false } = {}): { hits: Hit[]; total: number } {
    let found = this.#index.search(query, { prefix: isPrefix })
    // Misspelt beyond recognition otherwise; as a second try only, because near words bring in noise.
    if (found.length === 0) found = this.#index.search(query, { prefix: isPrefix, fuzzy: 0.25 })
    const hits: Hit[] = found.slice(0, limit).map(({ id, terms }) => ({ ...(this.#entries.get(id) as DocumentEntry), terms }))
    if (fill && hits.length < limit) {
      const matched = new Set(hits.map(({ id }) => id))
      for (const entry of this.#entries.values()) {
        if (hits.length === limit) break
        if (!matched.has(entry.id)) hits.push({ ...entry, terms: [] })
      }
    }
    return { hits, total: found.length }
  }
}

/** Longer words stand for the words they begin (decompress, decompression); the last one may still be being typed. */
function isPrefix(term: string, position: number, terms: string[]): boolean {
  return term.length > 3 || (term.length === 3 && position === terms.length - 1)
}

/** A word and where it stands. */
export interface Token {
  word: string
  start: number
}

/** Words, and the words inside names: `WakeLock.request` gives `WakeLock`, `Wake`, `Lock`, `request`. */
export function tokens(text: string): Token[] {
  const found: Token[] = []
  for (const match of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    const [word] = match
    found.push({ word, start: match.index })
    const parts = word.split(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u)
    if (parts.length === 1) continue
    let start = match.index
    for (const part of parts) {
      found.push({ word: part, start })
      start += part.length
    }
  }
  return found
}

function tokenize(text: string): string[] {
  return tokens(text).map(({ word }) => word)
}
