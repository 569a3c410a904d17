/**
 * `/` goes to the query, arrows walk from it through the list that is shown, Escape comes back. Enter is the link's own.
 */
export function enableKeyboard(query: HTMLInputElement, lists: readonly HTMLElement[]): void {
  const titles = (list: HTMLElement) => [...list.querySelectorAll<HTMLElement>('.title')]
  const isShown = (list: HTMLElement) => list.getClientRects().length > 0

  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return
    const focused = document.activeElement as HTMLElement | null
    const list = lists.find((candidate) => candidate.contains(focused))

    if (event.key === '/' && !isEditable(focused)) {
      event.preventDefault()
      query.focus()
      query.select()
    } else if (event.key === 'Escape' && list) {
      event.preventDefault()
      query.focus()
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && (list || focused === query)) {
      const target = list ?? lists.find(isShown)
      if (!target) return
      const all = titles(target)
      const at = list ? all.indexOf(focused as HTMLElement) : -1
      const next = event.key === 'ArrowDown' ? at + 1 : at - 1
      if (next === -1 && list) query.focus()
      else all[next]?.focus()
      if (list || next >= 0) event.preventDefault()
    } else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && list) {
      // The same entry in the other list, where both are shown.
      const other = lists.find((candidate) => candidate !== list && isShown(candidate))
      const id = focused?.closest<HTMLElement>('.result')?.dataset.docId
      const same = other && titles(other).find((title) => title.closest<HTMLElement>('.result')?.dataset.docId === id)
      same?.focus()
    }
  })
}

function isEditable(element: HTMLElement | null): boolean {
  return element !== null && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName))
}
