// Before the first paint, so that a chosen theme does not flash. The toggle is in src/demo/theme.ts.
try {
  const theme = localStorage.getItem('theme')
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme
} catch {
  // Storage is blocked: the system's theme it is.
}
