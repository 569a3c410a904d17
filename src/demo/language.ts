import { LANGUAGE_TAGS, type Language } from './choose-language.js'
import { fillTexts } from './page-texts.js'
import { en, type Strings } from './strings/en.js'
import { zh } from './strings/zh.js'

const TABLES: Record<Language, Strings> = { en, zh }

// `first-paint.ts` has chosen it.
let current: Language = document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'
const listeners: (() => void)[] = []

/** The strings of the page's language. */
export function strings(): Strings {
  return TABLES[current]
}

export function language(): Language {
  return current
}

/** Calls back when the language has changed: what is on the page is written anew. */
export function onLanguage(listener: () => void): void {
  listeners.push(listener)
}

export function setLanguage(next: Language): void {
  if (next === current) return
  current = next
  document.documentElement.lang = LANGUAGE_TAGS[next]
  fillTexts(document, strings().page)
  for (const listener of listeners) listener()
}

/**
 * What a reader is told of an error: our own sentence where the library's, which is English, has one in the page's language.
 */
export function errorMessage(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return strings().errors.byCode[code] ?? (error instanceof Error ? error.message : String(error))
}
