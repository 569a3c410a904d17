import { BoundedMap } from '../bounded-map.js'
import { isHighSurrogate, segments, type TextRange } from '../segments.js'
import type { KeptText } from './kept-text.js'

type Encode = (text: string, atLeast: number) => number[]

/** A word of a text, or a sign between words. */
export interface Word extends TextRange {
  /** False for punctuation, symbols and the like. */
  isWord: boolean
}

/** Joins names that are words of their own, except between digits: `Array.from` is two words and `3.14` is one. */
const JOINTS = /_|(?<!\d)[.:]|[.:](?!\d)/gu

/** Words, signs and white space of a text in order, from a place on. */
function* partsOf(text: string, from: number): Generator<TextRange> {
  const window = from > 0 ? RESUMED_WINDOW : undefined
  for (const { start, end } of segments(text, 'word', { start: from, end: text.length }, window)) {
    let at = start
    for (const { index } of text.slice(start, end).matchAll(JOINTS)) {
      if (at < start + index) yield { start: at, end: start + index }
      at = start + index + 1
      yield { start: at - 1, end: at }
    }
    if (at < end) yield { start: at, end }
  }
}

/** Which words a token reads: from `first` to `last`, nearly always one. */
export interface TokenPlace {
  first: number
  last: number
}

/** Tokens of a text, and where they are in it. */
export interface PlacedText {
  words: Word[]
  /** As far as they were asked for. */
  ids: readonly number[]
  /** One a token. */
  tokens: TokenPlace[]
}

/** Words that are taken together where a token reaches over their boundaries. */
const MAX_TOGETHER = 8
/** Words are looked at until they come to so many times the tokens that are wanted, one by one: together they come to fewer. */
const ENOUGH = 2
/** Parts without tokens in a row after which those behind them are looked at together, in ever longer stretches. */
const MAX_IDLE = 64
const MIN_STRETCH = 64
const MAX_STRETCH = 2 ** 16
/** Code units that are cut into words at a time where that was left and is taken up again. */
const RESUMED_WINDOW = 512
const SPACE = /\s*/y
/** Characters that are read together to find where a word's tokens are: words with more between them are each by itself. */
const MAX_READ = 4096

/** Words of which the tokens are remembered, and their characters. */
const MAX_WORDS = 10_000
const MAX_WORD = 32
/** What a word's place and a token's cost in memory, roughly. */
const PLACE_BYTES = 64

/**
 * Finds the words that a text's first tokens read. Tokenizers of others' making say nothing of places, and between text and tokens
 * letters are lowered, accents and signs taken out, spaces put in. So word by word is tokenized by itself, or behind what stands
 * before it where that counts: the tokens that come of it are found again among the text's. Of a text no more is looked at than has
 * the tokens that are wanted, however much of what has none stands in between.
 */
export class WordPlaces {
  readonly #encode: Encode
  /** Never by the texts themselves, which may be of any size: the same results come back at the next letter that is typed. */
  readonly #placed: BoundedMap<KeptText, PlacedText>
  readonly #wordIds = new Map<string, readonly number[]>()

  /** @param maxBytes of places that are remembered */
  constructor(encode: Encode, maxBytes: number) {
    this.#encode = encode
    this.#placed = new BoundedMap(maxBytes)
  }

  /** @param count how many tokens are wanted */
  place(text: string, count: number): PlacedText {
    return this.#find(text, count)
  }

  /** The same for a text that was read, remembered as long as there is room. */
  placeKept(text: string, count: number, kept: KeptText): PlacedText {
    const call = this.#placed.beginCall()
    const known = this.#placed.get(kept, call)
    if (known) return known.value
    const placed = this.#find(text, count)
    this.#placed.set(kept, placed, kept.codes.length + PLACE_BYTES * (placed.words.length + placed.tokens.length), call)
    return placed
  }

  clear(): void {
    this.#placed.clear()
    this.#wordIds.clear()
  }

  #find(text: string, count: number): PlacedText {
    const limit = ENOUGH * count
    const found: Word[] = []
    const alone: (readonly number[])[] = []
    let tokens = 0
    for (let from = 0; from < text.length && tokens <= limit; ) {
      let idle = 0
      for (const { start, end } of partsOf(text, from)) {
        from = end
        const part = text.slice(start, end)
        idle++
        if (part.trim() !== '') {
          const ids = this.#idsOf(text.slice(found.at(-1)?.end ?? 0, end), limit - tokens)
          found.push({ start, end, isWord: /[\p{L}\p{N}]/u.test(part) })
          alone.push(ids)
          tokens += ids.length
          if (ids.length > 0) idle = 0
        }
        if (tokens > limit) break
        if (idle < MAX_IDLE) continue
        idle = 0
        from = this.#skip(text, end)
        if (from > end) break
      }
    }
    if (found.length === 0) return { words: [], ids: [], tokens: [] }
    const ids = this.#encode(text.slice(0, found.at(-1)?.end), limit)
    const placed = new Placer(text, found, alone, this.#encode, ids).place()
    return { words: found, ids: ids.slice(0, count), tokens: placed.slice(0, count) }
  }

  /** Behind white space and whatever else has no tokens. */
  #skip(text: string, from: number): number {
    SPACE.lastIndex = from
    SPACE.test(text)
    let at = SPACE.lastIndex
    let stretch = MIN_STRETCH
    for (let isLonger = true; at < text.length && stretch >= MIN_STRETCH; ) {
      const end = at + stretch
      const isCut = isHighSurrogate(text.charCodeAt(end - 1))
      if (this.#encode(text.slice(at, isCut ? end + 1 : end), 1).length > 0) {
        isLonger = false
        stretch /= 2
        continue
      }
      at = Math.min(text.length, isCut ? end + 1 : end)
      if (isLonger && stretch < MAX_STRETCH) stretch *= 2
    }
    return at
  }

  #idsOf(word: string, atLeast: number): readonly number[] {
    if (word.length > MAX_WORD) return this.#encode(word, Math.max(1, atLeast))
    const known = this.#wordIds.get(word)
    if (known) return known
    const ids = this.#encode(word, Number.POSITIVE_INFINITY)
    if (this.#wordIds.size >= MAX_WORDS) this.#wordIds.clear()
    // A copy: a slice would hold all of its text.
    this.#wordIds.set(` ${word}`.slice(1), ids)
    return ids
  }
}

/** Some words whose tokens were found. */
interface Step {
  /** How many words. */
  size: number
  /** Words before them that they were read with. */
  context: number
  tokens: number
}

class Placer {
  readonly #text: string
  readonly #words: readonly Word[]
  /** Token ids of each word by itself. */
  readonly #alone: readonly (readonly number[])[]
  readonly #encode: Encode
  /** Token ids of all words together. */
  readonly #ids: readonly number[]
  readonly #placed: TokenPlace[] = []

  constructor(text: string, words: readonly Word[], alone: readonly (readonly number[])[], encode: Encode, ids: readonly number[]) {
    this.#text = text
    this.#words = words
    this.#alone = alone
    this.#encode = encode
    this.#ids = ids
  }

  place(): TokenPlace[] {
    for (let word = 0; word < this.#words.length; ) {
      const step = this.#step(word)
      if (!step) {
        this.#dealOut(word)
        break
      }
      this.#add(word, step)
      word += step.size
    }
    return this.#placed
  }

  /** The next words whose tokens, whatever comes behind them, are the next of the text's: one if it can be. */
  #step(word: number): Step | undefined {
    const at = this.#placed.length
    const most = Math.min(MAX_TOGETHER, this.#words.length - word)
    for (let size = 1; size <= most; size++) {
      for (const context of this.#contexts(word)) {
        const ids = this.#idsOf(word, word + size, context)
        if (ids && samePrefix(ids, this.#ids, at) === ids.length) return { size, context, tokens: ids.length }
      }
    }
    return undefined
  }

  /** How many words before this one it is read with: none behind a space, unless that fails. */
  #contexts(word: number): Iterable<number> {
    const isApart = word === 0 || this.#words[word - 1]?.end !== this.#words[word]?.start
    return new Set([...(isApart ? [0] : []), Math.min(1, word), this.#mostBefore(word), 0])
  }

  /** All words before this one that may be read together with it. */
  #mostBefore(word: number): number {
    if (this.#length(0, word + 1) <= MAX_READ) return word
    let context = 0
    while (this.#length(word - context - 1, word + 1) <= MAX_READ) context++
    return context
  }

  /** Each token reads the words from where the one before it ends to where it ends itself: up to there it stays when the rest is cut off. */
  #add(from: number, { size, context, tokens }: Step): void {
    const start = this.#placed.length
    let first = from
    for (let last = from; last < from + size; last++) {
      const ids = last === from + size - 1 ? undefined : this.#idsOf(from, last + 1, context)
      const same = ids ? Math.min(tokens, samePrefix(ids, this.#ids, start)) : tokens
      while (this.#placed.length < start + same) {
        this.#placed.push({ first, last })
        first = last
      }
      if (same === ids?.length) first = last + 1
    }
  }

  /** No writing comes here: the rest's tokens are dealt out evenly. */
  #dealOut(from: number): void {
    const start = this.#placed.length
    const count = this.#ids.length - start
    for (let i = 0; i < count; i++) {
      const word = from + Math.floor((i * (this.#words.length - from)) / count)
      this.#placed.push({ first: word, last: word })
    }
  }

  /**
   * Token ids of some words, read behind so many others; undefined where a token reaches over the boundary to those, or where that
   * is too much to read.
   */
  #idsOf(from: number, to: number, context: number): readonly number[] | undefined {
    if (context === 0 && to === from + 1) return this.#alone[from]
    if (this.#length(from - context, to) > MAX_READ) return undefined
    if (context === 0) return this.#read(from, to)
    const before = this.#read(from - context, from)
    const ids = this.#read(from - context, to)
    return samePrefix(before, ids, 0) === before.length ? ids.slice(before.length) : undefined
  }

  #read(from: number, to: number): number[] {
    return this.#encode(this.#text.slice(this.#start(from), this.#words[to - 1]?.end), Number.POSITIVE_INFINITY)
  }

  /** Characters of words, and of what stands before them. */
  #length(from: number, to: number): number {
    return (this.#words[to - 1] as Word).end - this.#start(from)
  }

  #start(word: number): number {
    return this.#words[word - 1]?.end ?? 0
  }
}

/** How many of the ids are those of the text from a place on. */
function samePrefix(ids: readonly number[], text: readonly number[], at: number): number {
  let same = 0
  while (same < ids.length && ids[same] === text[at + same]) same++
  return same
}
