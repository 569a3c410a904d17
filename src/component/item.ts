import type { Match, Passage } from '../types.js'

/** What a hit shows, and what the model reads of it: its title and its text. */
export interface Item {
  title?: string | undefined
  text?: string | undefined
  /** Where it leads: `http:`, `https:` and relative addresses, others are left out. */
  url?: string | URL | undefined
  /** A line above the title: where it stands, of what kind it is. */
  note?: string | undefined
}

/** Names under which hits usually have these. */
const TITLES = ['title', 'name', 'heading', 'label']
const TEXTS = ['text', 'body', 'content', 'description', 'excerpt', 'summary']
const URLS = ['url', 'href', 'link', 'permalink']

/** What is usual: a hit that is a text, or has a title, a text and an address by their usual names. */
export function usualItem(hit: unknown): Item {
  if (typeof hit === 'string') return { title: hit }
  if (typeof hit !== 'object' || hit === null) return {}
  const first = (names: string[]) => {
    for (const name of names) {
      const value = (hit as Record<string, unknown>)[name]
      if (typeof value === 'string' && value !== '') return value
    }
    return undefined
  }
  return { title: first(TITLES), text: first(TEXTS), url: first(URLS) }
}

/** What the model reads. */
export function textOf({ title, text }: Item): string | undefined {
  return title === undefined ? text : text === undefined ? title : `${title}\n${text}`
}

/** Only what a reader may follow without running anything. */
export function safeAddress(url: string | URL | undefined, base: string): string | undefined {
  if (url === undefined || url === '') return undefined
  try {
    const { protocol, href } = new URL(url, base)
    return protocol === 'http:' || protocol === 'https:' ? href : undefined
  } catch {
    return undefined
  }
}

/** A stretch of a text, marked or not. */
export interface Piece {
  text: string
  /** How strongly it answers, in (0, 1]; undefined for what is not marked. */
  weight?: number
}

/** Characters of a text that are shown at the most, and how far into it the sentence that answers may begin before the start is left out. */
const SHOWN = 320
const LEAD = 30

/** An item's title and the part of its text that is shown, in pieces. Matches are places in `textOf(item)`. */
export function markedItem({ title, text }: Item, matches: readonly Match[] = [], sentence?: Passage): { title: Piece[]; text: Piece[] } {
  const whole = textOf({ title, text }) ?? ''
  const begin = title === undefined ? 0 : title.length + 1
  const isLate = sentence !== undefined && sentence.start - begin > LEAD
  const from = isLate ? sentence.start : begin
  const to = Math.min(whole.length, from + SHOWN)
  const shown = text === undefined ? [] : pieces(whole, from, to, matches)
  if (isLate) shown.unshift({ text: '… ' })
  if (text !== undefined && to < whole.length) shown.push({ text: ' …' })
  return { title: pieces(whole, 0, title?.length ?? 0, matches), text: shown }
}

function pieces(whole: string, from: number, to: number, matches: readonly Match[]): Piece[] {
  const parts: Piece[] = []
  let done = from
  for (const { start, end, weight } of matches) {
    if (start < done || end > to) continue
    if (start > done) parts.push({ text: whole.slice(done, start) })
    parts.push({ text: whole.slice(start, end), weight })
    done = end
  }
  if (done < to) parts.push({ text: whole.slice(done, to) })
  return parts
}
