import { byId } from './dom.js'
import { onLanguage, strings } from './language.js'

type Theme = 'system' | 'light' | 'dark'

const ORDER: readonly Theme[] = ['system', 'light', 'dark']

/** A button that walks through system, light and dark. `first-paint.ts` applies the choice before the first paint. */
export function enableThemeToggle(button: HTMLElement): void {
  const root = document.documentElement
  let theme = (root.dataset.theme ?? 'system') as Theme
  const show = () => {
    if (theme === 'system') delete root.dataset.theme
    else root.dataset.theme = theme
    const labels = strings().theme
    byId('theme-name').textContent = labels[theme]
    button.setAttribute('aria-label', labels.change(labels[theme]))
  }
  button.addEventListener('click', () => {
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] as Theme
    show()
    try {
      if (theme === 'system') localStorage.removeItem('theme')
      else localStorage.setItem('theme', theme)
    } catch {
      // Storage is blocked: the choice lasts as long as the page.
    }
  })
  show()
  onLanguage(show)
}
