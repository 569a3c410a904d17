// What the first paint has to know, so that nothing flashes and nothing moves: the theme (src/demo/theme.ts) and what is
// searched (src/demo/settings.ts).
try {
  const theme = localStorage.getItem('theme')
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme
} catch {
  // Storage is blocked: the system's theme it is.
}
if (new URLSearchParams(location.search).get('corpus') === 'own') document.documentElement.dataset.corpus = 'own'
