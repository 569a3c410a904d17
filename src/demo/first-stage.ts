import MiniSearch from 'minisearch'
import type { DocumentEntry } from './document-entry.js'

/** What the first stage found. */
export interface Found {
  /** Places of all matches in the corpus, best first. */
  places: Uint32Array
  /** Words (lower case) that the first of them were found by. */
  terms: string[][]
}

/** BM25 over titles and texts, with MiniSearch's own weights. Knows no thread and no page. */
export class FirstStage {
  readonly #index = new MiniSearch<{ at: number; title: string; text: string }>({ fields: ['title', 'text'], idField: 'at', tokenize })
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds in slices, so that the thread can answer a query in between. */
  async add(entries: readonly DocumentEntry[]): Promise<void> {
    const first = this.#size
    this.#size += entries.length
    const documents = entries.map(({ title, text }, i) => ({ at: first + i, title, text }))
    await this.#index.addAllAsync(documents, { chunkSize: 250 })
  }

  /** @param termsOf how many of the best are told with their words */
  search(query: string, termsOf: number): Found {
    let found = this.#index.search(query, { prefix: isPrefix })
    // Misspelt beyond recognition otherwise; as a second try only, because near words bring in noise.
    if (found.length === 0) found = this.#index.search(query, { prefix: isPrefix, fuzzy: 0.25 })
    return { places: Uint32Array.from(found, ({ id }) => id), terms: found.slice(0, termsOf).map(({ terms }) => terms) }
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
    if (HAN.test(word)) {
      for (const { segment, index } of words.segment(word)) found.push({ word: segment, start: match.index + index })
      continue
    }
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

const HAN = /\p{Script=Han}/u
/** Chinese has no spaces between its words. */
const words = new Intl.Segmenter('zh', { granularity: 'word' })

function tokenize(text: string): string[] {
  return tokens(text).map(({ word }) => word)
}
