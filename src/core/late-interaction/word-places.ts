import { segments, type TextRange } from '../segments.js'

type Encode = (text: string, atLeast: number) => number[]

/** A word of a text, or a sign between words. */
export interface Word extends TextRange {
  /** False for punctuation, symbols and the like. */
  isWord: boolean
}

/** Joins names that are words of their own, except between digits: `Array.from` is two words and `3.14` is one. */
const PARTS = /(?:[^._:]|(?<=\d)[.:](?=\d))+|[._:]/gu

/** The words and signs of a text in order, without white space. */
export function* words(text: string): Generator<Word> {
  for (const { start, end } of segments(text, 'word')) {
    for (const { 0: part, index } of text.slice(start, end).matchAll(PARTS)) {
      if (part.trim() === '') continue
      yield { start: start + index, end: start + index + part.length, isWord: /[\p{L}\p{N}]/u.test(part) }
    }
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

/** Texts and words of which the places and tokens are remembered: the same results come back at the next letter that is typed. */
const MAX_PLACED = 100
const MAX_WORDS = 10_000

/**
 * Finds the words that a text's first tokens read. Tokenizers of others' making say nothing of places, and between text and tokens
 * letters are lowered, accents and signs taken out, spaces put in. So word by word is tokenized by itself, or behind what stands
 * before it where that counts: the tokens that come of it are found again among the text's.
 */
export class WordPlaces {
  readonly #encode: Encode
  readonly #placed = new Map<string, PlacedText>()
  readonly #wordIds = new Map<string, readonly number[]>()

  constructor(encode: Encode) {
    this.#encode = encode
  }

  /** @param count how many tokens are wanted */
  place(text: string, count: number): PlacedText {
    const key = `${count} ${text}`
    const known = this.#placed.get(key)
    this.#placed.delete(key)
    const placed = known ?? this.#find(text, count)
    this.#placed.set(key, placed)
    if (this.#placed.size > MAX_PLACED) this.#placed.delete(this.#placed.keys().next().value as string)
    return placed
  }

  #find(text: string, count: number): PlacedText {
    const found: Word[] = []
    const alone: (readonly number[])[] = []
    let tokens = 0
    for (const word of words(text)) {
      const ids = this.#idsOf(text.slice(found.at(-1)?.end ?? 0, word.end))
      found.push(word)
      alone.push(ids)
      tokens += ids.length
      if (tokens > ENOUGH * count) break
    }
    if (found.length === 0) return { words: [], ids: [], tokens: [] }
    const ids = this.#encode(text.slice(0, found.at(-1)?.end), Number.POSITIVE_INFINITY)
    const placed = new Placer(text, found, alone, this.#encode, ids).place()
    return { words: found, ids: ids.slice(0, count), tokens: placed.slice(0, count) }
  }

  #idsOf(word: string): readonly number[] {
    const known = this.#wordIds.get(word)
    if (known) return known
    const ids = this.#encode(word, Number.POSITIVE_INFINITY)
    if (this.#wordIds.size >= MAX_WORDS) this.#wordIds.clear()
    this.#wordIds.set(word, ids)
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
    return new Set([...(isApart ? [0] : []), Math.min(1, word), word])
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

  /** Token ids of some words, read behind so many others; undefined where a token reaches over the boundary to those. */
  #idsOf(from: number, to: number, context: number): readonly number[] | undefined {
    if (context === 0) return to === from + 1 ? this.#alone[from] : this.#read(from, to)
    const before = this.#read(from - context, from)
    const ids = this.#read(from - context, to)
    return samePrefix(before, ids, 0) === before.length ? ids.slice(before.length) : undefined
  }

  #read(from: number, to: number): number[] {
    return this.#encode(this.#text.slice(this.#words[from - 1]?.end ?? 0, this.#words[to - 1]?.end), Number.POSITIVE_INFINITY)
  }
}

/** How many of the ids are those of the text from a place on. */
function samePrefix(ids: readonly number[], text: readonly number[], at: number): number {
  let same = 0
  while (same < ids.length && ids[same] === text[at + same]) same++
  return same
}
