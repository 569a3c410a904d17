import type { Match } from '../../types.js'
import type { Explanation } from '../engine.js'
import { WORD_LISTS } from '../function-words.js'
import { segments, type TextRange } from '../segments.js'
import type { AskedQuery } from './asked-query.js'
import { type Codes, RARITY_UNIT, weightOf } from './codes.js'
import type { KeptText } from './kept-text.js'
import { similarities } from './sums.js'
import { unitOf } from './terms.js'
import { countedTokens, type TextForm } from './text-encoding.js'
import type { PlacedText, TokenPlace, WordPlaces } from './word-places.js'

/** Matches weaker than this say nothing: words of any two texts come to it. */
const MIN_WEIGHT = 0.25
/** What everyday words weigh where a model says nothing of rarity. */
const EVERYDAY = 0.25

/** Says which words of a text answered which words of one query. */
export type Explain = (text: string, kept: KeptText) => Explanation

/** What explanations of one query are made from. */
export interface ExplainParts {
  query: string
  asked: AskedQuery
  places: WordPlaces
  codes: Codes
  /** How many of the codes' first bits are looked at. */
  bits: number
  /** How query and document were read, and to which lengths. */
  forms: { query: TextForm; document: TextForm }
  lengths: { query: number; document: number }
  /** The model's, BCP 47. */
  languages: readonly string[]
}

/** A token of the query or of a document that lies in a word. */
interface WordToken {
  /** Row of the query, or token among those that are kept of a document. */
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
export function createExplain({ query, asked, places, codes, bits, forms, lengths, languages }: ExplainParts): Explain {
  const isEveryday = codes.rarity ? undefined : everydayWords(languages)
  const rarityOf = (text: string, placed: PlacedText, place: TokenPlace, id: number) => {
    if (!isEveryday) return weightOf(id, codes) / RARITY_UNIT
    const { start, end } = rangeOf(place, placed)
    return isEveryday(text.slice(start, end)) ? EVERYDAY : 1
  }
  const room = ({ before, after }: TextForm, length: number) => length - before.length - after.length
  const placedQuery = places.place(query, room(forms.query, lengths.query))
  const unit = unitOf(asked, codes, bits)
  const rows = asked.tokens.flatMap((token, i): WordToken[] => {
    const own = token - forms.query.before.length
    const place = placedQuery.tokens[own]
    if (!isInWord(place, placedQuery)) return []
    return [{ at: i + 1, place, rarity: rarityOf(query, placedQuery, place, placedQuery.ids[own] as number) }]
  })

  function answersOf(text: string, kept: KeptText, placed: PlacedText): Answer[] {
    const { before, after } = forms.document
    const similar = similarities(asked, kept, bits)
    const typical = meansOf(similar, asked.rows)
    return countedTokens([...before, ...placed.ids, ...after], forms.document).flatMap((token, at) => {
      const own = token - before.length
      const place = placed.tokens[own]
      if (!isInWord(place, placed)) return []
      const inWord = { at, place, rarity: rarityOf(text, placed, place, placed.ids[own] as number) }
      return rows.map((row): Answer => {
        const floor = (typical[row.at] as number) * unit
        const above = ((similar[at * asked.rows + row.at] as number) * unit - floor) / (1 - floor)
        return { token: inWord, row, weight: Math.min(1, above * row.rarity * inWord.rarity) }
      })
    })
  }

  return (text, kept) => {
    const placed = places.placeKept(text, room(forms.document, lengths.document), kept)
    const answers = answersOf(text, kept, placed)
    const matches = matchesOf(answers, placed, placedQuery)
    const sentence = matches.length > 0 ? findSentence(answers, placed, sentencesOf(text, placed.words.at(-1)?.start)) : undefined
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

/** Function words and the like, of these languages; of all that are known where none is told. */
function everydayWords(languages: readonly string[]): (word: string) => boolean {
  const codes = languages.map((tag) => tag.slice(0, 2).toLowerCase())
  const lists = [...WORD_LISTS].flatMap(([code, { weights }]) => (codes.length === 0 || codes.includes(code) ? [weights] : []))
  return (word) => lists.some((list) => list.has(word.toLowerCase()))
}

function isInWord(place: TokenPlace | undefined, { words }: PlacedText): place is TokenPlace {
  return place !== undefined && words.slice(place.first, place.last + 1).some(({ isWord }) => isWord)
}

function rangeOf({ first, last }: TokenPlace, { words }: PlacedText): TextRange {
  return { start: (words[first] as TextRange).start, end: (words[last] as TextRange).end }
}

/** What each row comes to on average. */
function meansOf(similar: Int32Array, rows: number): Float64Array {
  const means = new Float64Array(rows)
  for (let i = 0; i < similar.length; i++) means[i % rows] = (means[i % rows] as number) + (similar[i] as number)
  return means.map((sum) => sum / (similar.length / rows))
}

/** The sentences of a text up to a place, without the white space around them. */
function sentencesOf(text: string, until = 0): TextRange[] {
  const sentences: TextRange[] = []
  for (const { start, end } of segments(text, 'sentence')) {
    const sentence = text.slice(start, end)
    const trimmed = sentence.trim()
    if (trimmed !== '') {
      const from = start + sentence.indexOf(trimmed)
      sentences.push({ start: from, end: from + trimmed.length })
    }
    if (end > until) break
  }
  return sentences
}
