/** Part of a document's text, in UTF-16 code units as `String.prototype.slice` counts them; `end` is exclusive. */
export interface PassageRange {
  start: number
  end: number
}

/** A stretch of a long document that the model reads beside the query. */
export interface EncodedPassage extends PassageRange {
  /** Token ids of exactly this stretch. */
  ids: number[]
  /** True for the last one of its document. */
  last: boolean
}

type Encode = (text: string, atLeast: number) => number[]

/** What passages are put together from: a sentence, or a word or character of a sentence too long for one. */
interface Piece extends PassageRange {
  /** Tokens it has when it stands alone. */
  tokens: number
}

/** Share of a passage that the next one repeats, in whole pieces, so that what two sentences say together is read together. */
const OVERLAP = 1 / 5

/**
 * Units of ever finer grain; a unit too long for a passage is cut into the next. One locale, because scores must not
 * depend on the reader's.
 */
const GRAINS = (['sentence', 'word', 'grapheme'] as const).map((granularity) => new Intl.Segmenter('en', { granularity }))

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
  const source = pieces(text, { start: 0, end: text.length }, room, encode)
  const read = (from: Piece[]) => {
    const { start } = from[0] as Piece
    const { end } = from.at(-1) as Piece
    return { start, end, ids: encode(text.slice(start, end), Number.POSITIVE_INFINITY) }
  }
  /** Pieces from the first of the next passage on, of which `repeated` are in the one before. */
  let queue: Piece[] = []
  let repeated = 0
  let before: Piece[] = []
  for (;;) {
    let taken = 0
    let passage = { start: 0, end: 0, ids: [] as number[] }
    // Together, pieces may come to fewer tokens than alone, or to more: take what should fit, look, and take more or less.
    for (let more = Number.POSITIVE_INFINITY; more > 0; ) {
      more = countFitting(queue, taken, room - passage.ids.length, source)
      for (; more > 0; more--) {
        const larger = read(queue.slice(0, taken + more))
        if (larger.ids.length > room && taken + more > 1) continue
        taken += more
        passage = larger
        break
      }
    }
    if (repeated > 0 && taken <= repeated) {
      // The next piece does not fit beside what would be repeated.
      queue = queue.slice(repeated)
      repeated = 0
      continue
    }
    if (taken === queue.length) {
      yield { ...reachBack(passage, before, queue, room, read), last: true }
      return
    }
    yield { ...passage, last: false }
    before = queue.slice(0, taken)
    repeated = countTail(before, room * OVERLAP)
    queue = queue.slice(taken - repeated)
  }
}

/** How many pieces behind the first `taken` fit into `room` tokens, at least one where none is taken yet; drawn as needed. */
function countFitting(queue: Piece[], taken: number, room: number, source: Iterator<Piece>): number {
  let tokens = 0
  for (let more = 0; ; more++) {
    if (taken + more === queue.length) {
      const { value, done } = source.next()
      if (done) return more
      queue.push(value)
    }
    tokens += (queue[taken + more] as Piece).tokens
    if (tokens > room && taken + more > 0) return more
  }
}

/** How many pieces at the end come to at most `room` tokens. Never all of them. */
function countTail(all: readonly Piece[], room: number): number {
  let tokens = 0
  for (let count = 0; count < all.length - 1; count++) {
    tokens += (all.at(-1 - count) as Piece).tokens
    if (tokens > room) return count
  }
  return Math.max(0, all.length - 1)
}

/** The last passage, begun earlier where there is room: a scrap without its context would be judged on a few words. */
function reachBack<T extends { ids: number[] }>(last: T, before: Piece[], queue: Piece[], room: number, read: (from: Piece[]) => T): T {
  const earlier = before.filter((piece) => piece.start < (queue[0] as Piece).start)
  for (let count = countTail(earlier, room - last.ids.length); count > 0; count--) {
    const longer = read([...earlier.slice(-count), ...queue])
    if (longer.ids.length <= room) return longer
  }
  return last
}

/** The range's pieces in order, without the white space around them. */
function* pieces(text: string, range: PassageRange, room: number, encode: Encode, grain = 0): Generator<Piece> {
  for (const { segment, index } of (GRAINS[grain] as Intl.Segmenter).segment(text.slice(range.start, range.end))) {
    const trimmed = segment.trim()
    if (trimmed === '') continue
    const start = range.start + index + segment.indexOf(trimmed)
    const piece = { start, end: start + trimmed.length, tokens: encode(trimmed, room + 1).length }
    if (piece.tokens > room && grain + 1 < GRAINS.length) yield* pieces(text, piece, room, encode, grain + 1)
    else yield piece
  }
}
