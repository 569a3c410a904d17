const LANGUAGES = ['en', 'zh'] as const
/** A language that the page speaks. */
export type Language = (typeof LANGUAGES)[number]

/** As `lang` attributes have it: the Chinese is written in simplified characters. */
export const LANGUAGE_TAGS: Record<Language, string> = { en: 'en', zh: 'zh-CN' }

/** The language of a tag of any kind (`zh-Hant-TW`), where the page speaks it. */
export function languageOf(tag: string): Language | undefined {
  return LANGUAGES.find((one) => one === tag.toLowerCase().split(/[-_]/)[0])
}

/**
 * The page's language: what the address asks for, else the first of the browser's languages that the page speaks, else English.
 *
 * @param asked the parameter `lang`
 */
export function chooseLanguage(asked: string | null, accepted: readonly string[]): Language {
  for (const tag of [asked ?? '', ...accepted]) {
    const language = languageOf(tag)
    if (language) return language
  }
  return 'en'
}
