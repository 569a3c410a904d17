import { InvalidInputError } from '../errors.js'
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

/**
 * What `item` gave, for display, for the model and for addresses alike: null is absent, as databases have it, and what is no text is written
 * as one.
 */
export function plainItem(given: unknown): Item {
  if (typeof given !== 'object' || given === null)
    throw new InvalidInputError('invalid-input', 'item gave no object; it must be { title, text, url }.')
  const { title, text, url, note } = given as Record<keyof Item, unknown>
  return { title: asText(title), text: asText(text), url: asText(url), note: asText(note) }
}

const asText = (value: unknown) => (value === undefined || value === null ? undefined : String(value))

/** What the model reads. */
export function textOf({ title, text }: Item): string | undefined {
  return title === undefined ? text : text === undefined ? title : `${title}\n${text}`
}

/** Only what a reader may follow without running anything. What is relative leads where the page is from, be it an extension or an app. */
export function safeAddress(url: string | URL | undefined, base: string): string | undefined {
  if (url === undefined || url === '') return undefined
  const { protocol, href } = parse(url, base) ?? {}
  return protocol === 'http:' || protocol === 'https:' || !parse(url) ? href : undefined
}

function parse(url: string | URL, base?: string): URL | undefined {
  try {
    return new URL(url, base)
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

/** Characters of a title or a text that are shown at the most, and how far into a text the sentence that answers may begin before the start is left out. */
const SHOWN = 320
const LEAD = 30

/** An item's title and the part of its text that is shown, in pieces. Matches are places in `textOf(item)`. */
export function markedItem({ title, text }: Item, matches: readonly Match[] = [], sentence?: Passage): { title: Piece[]; text: Piece[] } {
  const whole = textOf({ title, text }) ?? ''
  const begin = title === undefined ? 0 : title.length + 1
  const isLate = sentence !== undefined && sentence.start - begin > LEAD
  const from = isLate ? sentence.start : begin
  const shown = text === undefined ? [] : cut(whole, from, whole.length, matches)
  if (isLate) shown.unshift({ text: '… ' })
  return { title: cut(whole, 0, title?.length ?? 0, matches), text: shown }
}

/** As much of a text as is shown. */
export function shortened(text: string): Piece[] {
  return cut(text, 0, text.length, [])
}

/** As much of a stretch as is shown, with a sign where there is more. No character is cut in two. */
function cut(whole: string, from: number, end: number, matches: readonly Match[]): Piece[] {
  if (end - from <= SHOWN) return pieces(whole, from, end, matches)
  const to = from + SHOWN
  const isWithin = (whole.codePointAt(to - 1) as number) > 0xffff
  return [...pieces(whole, from, isWithin ? to - 1 : to, matches), { text: ' …' }]
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
