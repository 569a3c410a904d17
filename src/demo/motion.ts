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
  #rows: readonly HTMLElement[] = []
  #slides = false
  #frame = 0

  /** The rows as they are now in the document, in another order or not. Call it in the task that moved them. */
  update(rows: readonly HTMLElement[], how: 'slide' | 'jump'): void {
    this.#rows = rows
    this.#slides = how === 'slide'
    // Changes between two frames are one change.
    cancelAnimationFrame(this.#frame)
    this.#frame = requestAnimationFrame(() => this.#settle())
  }

  #settle(): void {
    const places = new Map(this.#rows.map((row) => [row, row.offsetTop]))
    if (this.#slides && motionAllowed() && !document.hidden) {
      for (const [row, to] of places) {
        const from = this.#places.get(row)
        if (from === undefined) row.animate({ opacity: [0, 1] }, { duration: MOVE_MS, easing: EASING })
        else if (from !== to) {
          row.animate(
            { transform: [`translateY(${from - to}px)`, 'translateY(0)'] },
            { duration: MOVE_MS, easing: EASING, composite: 'add' },
          )
        }
      }
    }
    this.#places = places
  }
}
