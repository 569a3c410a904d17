import { inNextFrame } from './layout-frame.js'

const reduced = matchMedia('(prefers-reduced-motion: reduce)')

export const MOVE_MS = 480
const EASING = 'cubic-bezier(0.2, 0.8, 0.2, 1)'

export function motionAllowed(): boolean {
  return !reduced.matches
}

/**
 * Lets the rows of a list slide to new places (FLIP). Places are read once for each change, in the frame that lays them out
 * anyway, and are offsets: animations add up, so a row that is still on its way turns smoothly.
 */
export class SlidingList {
  /** Where the rows were when they were last laid out. */
  #places = new Map<HTMLElement, number>()
  #changed = Number.NEGATIVE_INFINITY

  /** The rows as they are now in the document, in another order or not. Call it in the task that moved them. */
  update(rows: readonly HTMLElement[], how: 'slide' | 'jump'): void {
    // Rows that never arrive, since the next key sends them elsewhere, are a blur; and they take time from the ranking.
    const isCalm = performance.now() - this.#changed > MOVE_MS
    this.#changed = performance.now()
    inNextFrame(this, () => {
      const before = this.#places
      this.#places = new Map(rows.map((row) => [row, row.offsetTop]))
      return () => {
        if (how === 'slide' && isCalm && motionAllowed() && !document.hidden) slide(before, this.#places)
      }
    })
  }
}

function slide(before: ReadonlyMap<HTMLElement, number>, after: ReadonlyMap<HTMLElement, number>): void {
  const timing = { duration: MOVE_MS, easing: EASING }
  for (const [row, to] of after) {
    const from = before.get(row)
    if (from === undefined) row.animate({ opacity: [0, 1] }, timing)
    else if (from !== to) row.animate({ transform: [`translateY(${from - to}px)`, 'translateY(0)'] }, { ...timing, composite: 'add' })
  }
}
