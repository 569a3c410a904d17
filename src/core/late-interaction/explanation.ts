import type { Match } from '../../types.js'
import type { Explanation } from '../engine.js'
import { segments, type TextRange } from '../segments.js'
import type { AskedQuery } from './asked-query.js'
import type { Codes } from './codes.js'
import type { KeptText } from './kept-text.js'
import { similarities } from './sums.js'
import { unitOf } from './terms.js'
import type { TextTemplate } from './text-encoding.js'
import type { PlacedText, TokenPlace, WordPlaces } from './word-places.js'

/** Matches weaker than this say nothing: words of any two texts come to it. */
const MIN_WEIGHT = 0.25
/** What a rarity of 1 is in a byte. */
const RARITY_UNIT = 128

/** Says which words of a text answered which words of one query. */
export type Explain = (text: string, kept: KeptText) => Explanation

/** A token of the query or of a document that lies in a word. */
interface WordToken {
  /** Row of the query, or token of the document. */
  at: number
  place: TokenPlace
  rarity: number
}

/** How strongly a token of a document answers one of the query. */
interface Answer {
  token: WordToken
  row: WordToken
  weight: number
}

/**
 * Explanations for one query. A word weighs what its best token does: by how much its similarity to a token of the query is above
 * what that token of the query comes to on average in the document, times the rarity of both, 1 at the most. Similarities come
 * from the same codes as the logit.
 */
export function createExplain(
  query: string,
  asked: AskedQuery,
  places: WordPlaces,
  { before, after }: TextTemplate,
  codes: Codes,
  bits: number,
): Explain {
  const placedQuery = places.place(query, asked.tokens.at(-1) ?? 0)
  const unit = unitOf(asked, codes, bits)
  const rows = asked.tokens.flatMap((token, i): WordToken[] => {
    const place = placedQuery.tokens[token - before.length]
    return isInWord(place, placedQuery) ? [{ at: i + 1, place, rarity: (asked.weights[i] as number) / RARITY_UNIT }] : []
  })

  function answersOf(kept: KeptText, placed: PlacedText): Answer[] {
    const similar = similaritiesOf(asked, kept, bits)
    const typical = meansOf(similar, asked.rows)
    return placed.tokens.slice(0, kept.tokens - before.length - after.length).flatMap((place, i) => {
      if (!isInWord(place, placed)) return []
      const token = { at: before.length + i, place, rarity: (codes.rarity[placed.ids[i] as number] ?? 0) / RARITY_UNIT }
      return rows.map((row): Answer => {
        const floor = (typical[row.at] as number) * unit
        const above = ((similar[token.at * asked.rows + row.at] as number) * unit - floor) / (1 - floor)
        return { token, row, weight: Math.min(1, above * row.rarity * token.rarity) }
      })
    })
  }

  return (text, kept) => {
    const placed = places.place(text, kept.tokens)
    const answers = answersOf(kept, placed)
    const matches = matchesOf(answers, placed, placedQuery)
    const sentence = matches.length > 0 ? findSentence(answers, placed, [...sentencesOf(text)]) : undefined
    return { matches, ...(sentence && { sentence }) }
  }
}

/** The words that answer strongly enough, each with what it answers best. */
function matchesOf(answers: readonly Answer[], { words }: PlacedText, placedQuery: PlacedText): Match[] {
  const best: Answer[] = []
  for (const answer of answers) {
    const { place } = answer.token
    for (let word = place.first; word <= place.last; word++) {
      if (answer.weight > (best[word]?.weight ?? 0)) best[word] = answer
    }
  }
  return words.flatMap(({ start, end, isWord }, i): Match[] => {
    const { weight, row } = best[i] ?? { weight: 0 }
    return isWord && row && weight >= MIN_WEIGHT ? [{ start, end, weight, query: rangeOf(row.place, placedQuery) }] : []
  })
}

/** The sentence that answers most tokens of the query, by the sum of what it has best for each; the first of equal ones. */
function findSentence(answers: readonly Answer[], { words }: PlacedText, sentences: readonly TextRange[]): TextRange | undefined {
  const best = sentences.map(() => new Map<number, number>())
  for (const { token, row, weight } of answers) {
    const { start } = words[token.place.first] as TextRange
    const own = best[sentences.findIndex(({ end }) => end > start)]
    if (weight > (own?.get(row.at) ?? 0)) own?.set(row.at, weight)
  }
  const sums = best.map((byRow) => [...byRow.values()].reduce((sum, weight) => sum + weight, 0))
  return sentences[sums.indexOf(sums.reduce((most, sum) => Math.max(most, sum), 0))]
}

function isInWord(place: TokenPlace | undefined, { words }: PlacedText): place is TokenPlace {
  return place !== undefined && words.slice(place.first, place.last + 1).some(({ isWord }) => isWord)
}

function rangeOf({ first, last }: TokenPlace, { words }: PlacedText): TextRange {
  return { start: (words[first] as TextRange).start, end: (words[last] as TextRange).end }
}

/** Of every token to every row of the query: tokens × rows. */
function similaritiesOf(asked: AskedQuery, kept: KeptText, bits: number): Int32Array {
  const all = new Int32Array(kept.tokens * asked.rows)
  for (let token = 0; token < kept.tokens; token++) {
    similarities(all.subarray(token * asked.rows, (token + 1) * asked.rows), asked, kept, token, bits)
  }
  return all
}

/** What each row comes to on average. */
function meansOf(similar: Int32Array, rows: number): Float64Array {
  const means = new Float64Array(rows)
  for (let i = 0; i < similar.length; i++) means[i % rows] = (means[i % rows] as number) + (similar[i] as number)
  return means.map((sum) => sum / (similar.length / rows))
}

/** The sentences of a text, without the white space around them. */
function* sentencesOf(text: string): Generator<TextRange> {
  for (const { start, end } of segments(text, 'sentence')) {
    const sentence = text.slice(start, end)
    const trimmed = sentence.trim()
    if (trimmed === '') continue
    const from = start + sentence.indexOf(trimmed)
    yield { start: from, end: from + trimmed.length }
  }
}
