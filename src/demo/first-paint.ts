// What the first paint has to know, so that nothing flashes and nothing moves: the theme (theme.ts), what is searched
// (settings.ts), and the language. A classic script of its own, which the page waits for.
import { chooseLanguage, LANGUAGE_TAGS } from './choose-language.js'
import { fillTexts } from './page-texts.js'
import { page as chinese } from './strings/zh.js'

const root = document.documentElement
const parameters = new URLSearchParams(location.search)

try {
  const theme = localStorage.getItem('theme')
  if (theme === 'dark' || theme === 'light') root.dataset.theme = theme
} catch {
  // Storage is blocked: the system's theme it is.
}
const corpus = parameters.get('corpus')
if (corpus === 'own' || corpus === 'mini-program-apis') root.dataset.corpus = corpus

const language = chooseLanguage(parameters.get('lang'), navigator.languages)
root.lang = LANGUAGE_TAGS[language]
// The page is written in English; another language goes in as its elements arrive, before they are painted.
if (language === 'zh') {
  fillTexts(document, chinese)
  const observer = new MutationObserver((changes) => {
    for (const { target } of changes) if (target instanceof Element) fillTexts(target, chinese)
  })
  observer.observe(document, { childList: true, subtree: true })
  document.addEventListener('DOMContentLoaded', () => {
    fillTexts(document, chinese)
    observer.disconnect()
  })
}
