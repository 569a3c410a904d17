/** Part of a text, in UTF-16 code units as `String.prototype.slice` counts them; `end` is exclusive. */
export interface TextRange {
  start: number
  end: number
}

export type Granularity = 'sentence' | 'word' | 'grapheme'

/** One locale, because scores must not depend on the reader's. */
const SEGMENTERS = {
  sentence: new Intl.Segmenter('en', { granularity: 'sentence' }),
  word: new Intl.Segmenter('en', { granularity: 'word' }),
  grapheme: new Intl.Segmenter('en', { granularity: 'grapheme' }),
} satisfies Record<Granularity, Intl.Segmenter>

/** Code units looked at in one go: several times what one segment has. */
const WINDOWS: Record<Granularity, number> = { sentence: 4096, word: 4096, grapheme: 256 }

/**
 * Sentences, words or characters (grapheme clusters) of a text, in time proportional to its length. V8's Intl.Segmenter
 * copies the whole text for every segment (Node 20: 240 µs a sentence in 64,000 characters, 1 µs in 4,000), so the text is
 * read through a window. Rules look at most one segment ahead; a window's last two segments are therefore looked at again
 * in the next. Only words of scripts without spaces, which a dictionary finds, may end elsewhere at a window's edge.
 *
 * @param window for tests
 */
export function* segments(
  text: string,
  granularity: Granularity,
  { start, end }: TextRange = { start: 0, end: text.length },
  window = WINDOWS[granularity],
): Generator<TextRange> {
  let at = start
  let size = window
  while (at < end) {
    let to = Math.min(end, at + size)
    if (to < end && isHighSurrogate(text.charCodeAt(to - 1))) to++
    const found: TextRange[] = []
    for (const { index, segment } of SEGMENTERS[granularity].segment(text.slice(at, to))) {
      found.push({ start: at + index, end: at + index + segment.length })
    }
    if (to === end) return yield* found
    const sure = found.slice(0, -2)
    yield* sure
    at = sure.at(-1)?.end ?? at
    // Nothing is sure where a segment is longer than the window.
    size = sure.length > 0 ? window : size * 4
  }
}

export function isHighSurrogate(codeUnit: number): boolean {
  return codeUnit >= 0xd800 && codeUnit <= 0xdbff
}
