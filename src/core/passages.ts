import { type Granularity, segments, type TextRange } from './segments.js'

/** Where a passage is in its document's text. */
export type PassageRange = TextRange

/** A stretch of a long document that the model reads beside the query. */
export interface EncodedPassage extends PassageRange {
  /** Token ids of exactly this stretch. */
  ids: number[]
  /** True for the last one of its document. */
  last: boolean
}

type Encode = (text: string, atLeast: number) => number[]

/** Share of a passage that the next one repeats, in whole pieces, so that what two sentences say together is read together. */
const OVERLAP = 1 / 5

/** Units of ever finer grain; a unit too long for a passage is cut into the next. */
const GRAINS: Granularity[] = ['sentence', 'word', 'grapheme']

/**
 * Cut a text into overlapping passages of at most `room` tokens, at the ends of sentences where they allow it. What
 * counts is the encoding of the passage itself, and the ranges are those of the text as it was given: no token has to
 * be traced back through a normalizer. A text that fits is one passage. They are made one by one, as they are asked for.
 *
 * @param room tokens the model has for a document beside the query
 */
export function* passages(text: string, room: number, encode: Encode): Generator<EncodedPassage> {
  const whole = encode(text, room + 1)
  if (whole.length <= room || text.trim() === '') {
    yield { start: 0, end: text.length, ids: whole, last: true }
    return
  }
  const cutter = new Cutter(text, room, encode)
  let window = cutter.widest(0)
  for (let previous = window; !cutter.isLast(window); previous = window) {
    yield { ...cutter.range(window), ids: window.ids, last: false }
    window = cutter.widest(cutter.tail(window, room * OVERLAP))
    // The next piece does not fit beside what would be repeated.
    if (window.to === previous.to) window = cutter.widest(previous.to)
    if (cutter.isLast(window)) window = cutter.reachBack(window, previous)
    cutter.forget(window.from)
  }
  yield { ...cutter.range(window), ids: window.ids, last: true }
}

/** What passages are put together from: a sentence, or a word or character of a sentence too long for one. */
interface Piece extends TextRange {
  /** Tokens it has when it stands alone. */
  tokens: number
}

/** Pieces `from` to `to` (exclusive), counted over the whole text, and the token ids of their stretch of it. */
interface Window {
  from: number
  to: number
  ids: number[]
}

/** Knows a text's pieces, and how many of them fit into a passage. */
class Cutter {
  readonly #text: string
  readonly #room: number
  readonly #encode: Encode
  /** The pieces still to come. */
  readonly #source: Iterator<Piece>
  /** Pieces drawn so far, without the forgotten ones. */
  #drawn: Piece[] = []
  #forgotten = 0

  constructor(text: string, room: number, encode: Encode) {
    this.#text = text
    this.#room = room
    this.#encode = encode
    this.#source = pieces(text, { start: 0, end: text.length }, room, encode)
  }

  /** As many pieces from `from` on as there is room for, at least one. */
  widest(from: number): Window {
    let window: Window = { from, to: from, ids: [] }
    // Together, pieces may come to fewer tokens than alone, or to more: take what should fit, look, and take more or less.
    for (;;) {
      const wider = this.#widen(window)
      if (!wider) return window
      window = wider
    }
  }

  /** No piece comes behind it. */
  isLast({ to }: Window): boolean {
    return this.#piece(to) === undefined
  }

  range({ from, to }: Omit<Window, 'ids'>): TextRange {
    return { start: (this.#piece(from) as Piece).start, end: (this.#piece(to - 1) as Piece).end }
  }

  /** The first of the pieces at a window's end that come to at most `room` tokens. Never its first one. */
  tail({ from, to }: Omit<Window, 'ids'>, room: number): number {
    let first = to
    for (let tokens = 0; first - 1 > from; first--) {
      tokens += (this.#piece(first - 1) as Piece).tokens
      if (tokens > room) break
    }
    return first
  }

  /** The last window, begun earlier where there is room: a scrap without its context would be judged on a few words. */
  reachBack(last: Window, previous: Window): Window {
    const before = { from: previous.from, to: last.from }
    for (let from = this.tail(before, this.#room - last.ids.length); from < last.from; from++) {
      const longer = this.#read(from, last.to)
      if (longer.ids.length <= this.#room) return longer
    }
    return last
  }

  /** Pieces before this one are not asked for again. */
  forget(before: number): void {
    this.#drawn.splice(0, before - this.#forgotten)
    this.#forgotten = before
  }

  #widen({ from, to, ids }: Window): Window | undefined {
    for (let end = this.#estimateEnd(from, to, this.#room - ids.length); end > to; end--) {
      const wider = this.#read(from, end)
      if (wider.ids.length <= this.#room || end === from + 1) return wider
    }
    return undefined
  }

  /** Where the pieces behind `to` come to more than `room` tokens, each by itself; behind `from` in any case. */
  #estimateEnd(from: number, to: number, room: number): number {
    let tokens = 0
    for (let end = to; ; end++) {
      tokens += this.#piece(end)?.tokens ?? Number.POSITIVE_INFINITY
      if (tokens > room && (end > from || this.#piece(end) === undefined)) return end
    }
  }

  #read(from: number, to: number): Window {
    const { start, end } = this.range({ from, to })
    return { from, to, ids: this.#encode(this.#text.slice(start, end), Number.POSITIVE_INFINITY) }
  }

  /** Undefined behind the text's end. */
  #piece(index: number): Piece | undefined {
    while (index - this.#forgotten >= this.#drawn.length) {
      const { value, done } = this.#source.next()
      if (done) return undefined
      this.#drawn.push(value)
    }
    return this.#drawn[index - this.#forgotten]
  }
}

/** The range's pieces in order, without the white space around them. */
function* pieces(text: string, range: TextRange, room: number, encode: Encode, grain = 0): Generator<Piece> {
  for (const segment of segments(text, GRAINS[grain] as Granularity, range)) {
    const untrimmed = text.slice(segment.start, segment.end)
    const trimmed = untrimmed.trim()
    if (trimmed === '') continue
    const start = segment.start + untrimmed.indexOf(trimmed)
    const piece = { start, end: start + trimmed.length, tokens: encode(trimmed, room + 1).length }
    if (piece.tokens > room && grain + 1 < GRAINS.length) yield* pieces(text, piece, room, encode, grain + 1)
    else yield piece
  }
}
