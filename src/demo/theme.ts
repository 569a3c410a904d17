type Theme = 'system' | 'light' | 'dark'

const ORDER: readonly Theme[] = ['system', 'light', 'dark']
const LABELS: Record<Theme, string> = { system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' }

/** A button that walks through system, light and dark. `public/first-paint.js` applies the choice before the first paint. */
export function enableThemeToggle(button: HTMLElement): void {
  const root = document.documentElement
  let theme = (root.dataset.theme ?? 'system') as Theme
  const show = () => {
    if (theme === 'system') delete root.dataset.theme
    else root.dataset.theme = theme
    button.textContent = LABELS[theme]
    button.setAttribute('aria-label', `${LABELS[theme]}. Change it.`)
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
}
