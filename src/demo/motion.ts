const reduced = matchMedia('(prefers-reduced-motion: reduce)')

export const MOVE_MS = 480

export function motionAllowed(): boolean {
  return !reduced.matches
}

/**
 * Lets elements slide from where they are to where `change` puts them (FLIP). Elements that were not there fade in.
 * Positions are read twice, before and after, and never in between: one layout.
 */
export function slide(elements: () => Iterable<HTMLElement>, change: () => void): void {
  if (!motionAllowed() || document.hidden) {
    change()
    return
  }
  const before = new Map<HTMLElement, number>()
  for (const element of elements()) before.set(element, element.getBoundingClientRect().top)
  change()
  const moves: [HTMLElement, number | undefined][] = []
  for (const element of elements()) {
    const from = before.get(element)
    const to = element.getBoundingClientRect().top
    if (from !== to) moves.push([element, from === undefined ? undefined : from - to])
  }
  for (const [element, distance] of moves) {
    const start = distance === undefined ? { opacity: 0 } : { transform: `translateY(${distance}px)` }
    const end = distance === undefined ? { opacity: 1 } : { transform: 'none' }
    element.animate([start, end], { duration: MOVE_MS, easing: 'cubic-bezier(0.2, 0.8, 0.2, 1)' })
  }
}
