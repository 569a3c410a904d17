import { PARTICLE, WORD_LISTS, type WordList } from './function-words.js'

/** Unicode's scripts of the writing systems that CLDR names by a code of their own. */
const SCRIPTS: Record<string, readonly string[]> = {
  Hans: ['Hani'],
  Hant: ['Hani'],
  Jpan: ['Hani', 'Hira', 'Kana'],
  Kore: ['Hang', 'Hani'],
}

/** Letters and words of one language. */
export interface Language {
  /** BCP 47, without script and region. */
  code: string
  /** English name, for messages. */
  name: string
  /** Letters of its script. Latin ones count everywhere: brands and formulas are written so in all languages. */
  ownLetter: RegExp
  /** The same without Latin ones; undefined for a language that is written with those. */
  properLetter?: RegExp
}

/** @returns undefined for a tag that names no language with a script, such as `mul` */
export function findLanguage(tag: string): Language | undefined {
  try {
    const { language, script } = new Intl.Locale(tag).maximize()
    if (!script) return undefined
    const scripts = (SCRIPTS[script] ?? [script]).map((one) => `\\p{scx=${one}}`).join('')
    return {
      code: language,
      name: languageName(language),
      ownLetter: new RegExp(`[\\p{scx=Latn}${scripts}]`, 'gu'),
      ...(script !== 'Latn' && { properLetter: new RegExp(`(?=\\p{L})[${scripts}]`, 'u') }),
    }
  } catch {
    // Not a language tag at all, or a script that this engine's Unicode does not have.
    return undefined
  }
}

export function languageName(code: string): string {
  return new Intl.DisplayNames('en', { type: 'language' }).of(code) ?? code
}

/** A Greek letter by itself is a symbol: π, Δ. */
const SYMBOL = /(^|\P{L})\p{scx=Grek}(?!\p{L})/gu
/** Letters that belong to some script: neither shared ones (µ) nor marks. */
const LETTER = /(?!\p{scx=Zyyy})\p{L}/gu

/** Whether more than half of the letters are of other scripts than the language's. */
export function isInAnotherScript(text: string, { ownLetter }: Language): boolean {
  const letters = text.replace(SYMBOL, '$1').match(LETTER)?.join('') ?? ''
  return 2 * count(letters, ownLetter) < count(letters, LETTER)
}

/** Whether a text of five words and more has not one letter of the language's own script, where that is not the Latin one. */
export function lacksOwnScript(text: string, { properLetter }: Language): boolean {
  return properLetter !== undefined && !properLetter.test(text) && count(text, WORDS) >= FEWEST_WORDS
}

const WORDS = /\p{L}[\p{L}\p{M}]*/gu

/** With fewer different words a text tells nothing, or with one fewer and a sentence mark: phrases are as short as that. */
const FEWEST_WORDS = 5
/** What a word with letters of the other language counts for, unless it is written like a name. */
const LETTERS = 3 / 4
/** What a question word among the first two words counts for beside its own weight. */
const OPENING = 3 / 4
/** A question mark, or a full stop at the end: names, dishes, titles and keywords have none. */
const SENTENCE_MARK = /[?¿]|[.!…]["'’”»)]*\s*$/
/** What it counts for. */
const SENTENCE = 1.5
/** What a piece counts for that a vocabulary has for a word, and against it each word that is not written like a name. */
const PIECE = 0.3
const WORD = 1 / 4
/** With this much evidence a text is in the other language. */
const ENOUGH = 3.6

/**
 * The other language a text is in; for languages whose words are listed.
 *
 * Words of the other language speak for it, words of one's own against it, and those that both have say nothing. Names,
 * dishes and titles have particles and few other words of their language; a sentence has several. Where sentences have
 * few small words and long inflected ones (Turkish, Finnish), they come to many pieces in a vocabulary that was not made
 * for them. The numbers are fitted, see docs/languages.md.
 *
 * @param countPieces tokens of a text in the vocabulary of `language`
 * @returns its code, or undefined where the text may well be in `language`
 */
export function findOtherLanguage(text: string, { code }: Language, countPieces: (text: string) => number): string | undefined {
  const own = WORD_LISTS.get(code)
  if (!own) return undefined
  const { words, opening } = readWords(text)
  const isMarked = SENTENCE_MARK.test(text)
  if (words.size + (isMarked ? 1 : 0) < FEWEST_WORDS) return undefined
  let best: string | undefined
  let most = 0
  for (const [other, list] of WORD_LISTS) {
    const evidence = other === code ? 0 : weigh(words, opening, list, own)
    if (evidence > most) [best, most] = [other, evidence]
  }
  // Most texts of one's own language end here, before anything is tokenized.
  if (best === undefined) return undefined
  const plain = [...words].flatMap(([word, likeName]) => (likeName ? [] : [word]))
  const enoughPieces = (ENOUGH - most - (isMarked ? SENTENCE : 0) + WORD * plain.length) / PIECE
  // Every word has a piece at least, so clear cases need no tokenizing.
  return plain.length >= enoughPieces || countPieces(plain.join(' ')) >= enoughPieces ? best : undefined
}

/** The different words of a text, each with whether it is written like a name everywhere, and the first two. */
function readWords(text: string): { words: Map<string, boolean>; opening: string[] } {
  const written = text.normalize('NFC').match(WORDS) ?? []
  // Capitals tell nothing where there is nothing else.
  const cased = written.some((word) => /^\p{Ll}/u.test(word))
  const words = new Map<string, boolean>()
  for (const word of written) {
    const lower = word.toLowerCase()
    words.set(lower, (words.get(lower) ?? true) && cased && /^\p{Lu}/u.test(word))
  }
  return { words, opening: written.slice(0, 2).map((word) => word.toLowerCase()) }
}

/** What the words say for the list's language and against one's own. Particles and one foreign letter say nothing. */
function weigh(
  words: ReadonlyMap<string, boolean>,
  opening: readonly string[],
  { weights, openers, letter }: WordList,
  own: WordList,
): number {
  let evidence = 0
  let telling = 0
  for (const [word, likeName] of words) {
    const theirs = weights.get(word)
    const ours = own.weights.has(word)
    if (theirs !== undefined && ours) continue
    if (theirs !== undefined) {
      evidence += theirs
      if (theirs !== PARTICLE) telling += 2
    } else if (ours) {
      evidence -= 1
    } else if (!likeName && letter?.test(word)) {
      evidence += LETTERS
      telling++
    }
  }
  if (telling < 2) return 0
  return evidence + (opening.some((word) => openers.has(word)) ? OPENING : 0)
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
