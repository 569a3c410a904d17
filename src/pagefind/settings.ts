/** What the command writes into the wrapper. */
export interface Settings {
  /** Milliseconds that a search may wait for the model. */
  budgetMs: number
  /** The site's languages, as Pagefind names them. */
  languages: Record<string, LanguageSettings>
}

export interface LanguageSettings {
  /** Pages of it. */
  count: number
  /** Bundled model that reads it; where there is none, Pagefind's order stays. */
  model?: string
  /** File of its pages' texts, gzip JSON. */
  pages?: string
  /** Index of them. */
  index?: string
}

/** The language whose pages Pagefind searches, by the page's `lang`: that one, its first part, else that of most pages. */
export function chooseLanguage({ languages }: Settings, lang: string): LanguageSettings | undefined {
  const name = lang.toLowerCase()
  const own = languages[name] ?? languages[name.split('-')[0] as string]
  return own ?? Object.values(languages).sort((one, other) => other.count - one.count)[0]
}
