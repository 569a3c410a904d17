import { countFunctionWords, hasFunctionWords } from './function-words.js'

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
}

/** @returns undefined for a tag that names no language with a script, such as `mul` */
export function findLanguage(tag: string): Language | undefined {
  try {
    const { language, script } = new Intl.Locale(tag).maximize()
    if (!script) return undefined
    const scripts = ['Latn', ...(SCRIPTS[script] ?? [script])].map((one) => `\\p{scx=${one}}`)
    return { code: language, name: languageName(language), ownLetter: new RegExp(`[${scripts.join('')}]`, 'gu') }
  } catch {
    // Not a language tag at all, or a script that this engine's Unicode does not have.
    return undefined
  }
}

export function languageName(code: string): string {
  return new Intl.DisplayNames('en', { type: 'language' }).of(code) ?? code
}

/** Letters that belong to some script: neither shared ones (µ) nor marks. */
const LETTER = /(?!\p{scx=Zyyy})\p{L}/gu

/** Whether more than half of the letters are of other scripts than the language's. */
export function isInAnotherScript(text: string, { ownLetter }: Language): boolean {
  const letters = text.match(LETTER)?.join('') ?? ''
  return 2 * count(letters, ownLetter) < count(letters, LETTER)
}

/** More different function words of the one language than of the other that make a text that language's. */
const CLEAR_LEAD = 2

/**
 * The other language a text is in, by its function words; for languages whose words are listed.
 *
 * @returns its code, or undefined where the text may well be in `language`
 */
export function findOtherLanguage(text: string, { code }: Language): string | undefined {
  if (!hasFunctionWords(code)) return undefined
  const counts = countFunctionWords(text)
  const atLeast = (counts.get(code) ?? 0) + CLEAR_LEAD
  let best: string | undefined
  for (const [other, words] of counts) {
    if (words >= atLeast && words > (counts.get(best ?? '') ?? 0)) best = other
  }
  return best
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
