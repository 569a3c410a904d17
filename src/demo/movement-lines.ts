import { createSvg } from './dom.js'
import { inNextFrame } from './layout-frame.js'
import { MOVE_MS, motionAllowed } from './motion.js'

/** From a place in the left list to a place in the right one; a missing place is below what that list shows. */
export interface Movement {
  id: string
  from: HTMLElement | undefined
  to: HTMLElement | undefined
  direction: string
}

/** Draws what rose and fell in the gutter between two lists. */
export class MovementLines {
  readonly #svg: SVGSVGElement
  #movements: Movement[] = []

  constructor(svg: SVGSVGElement) {
    this.#svg = svg
    new ResizeObserver(() => this.#schedule()).observe(svg)
  }

  show(movements: Movement[]): void {
    this.#movements = movements
    this.#schedule()
  }

  highlight(id: string | undefined): void {
    this.#svg.toggleAttribute('data-focus', id !== undefined)
    for (const path of this.#svg.querySelectorAll('path')) path.toggleAttribute('data-on', path.dataset.id === id)
  }

  #schedule(): void {
    inNextFrame(this, () => {
      const paths = this.#paths()
      return () => {
        // Once for a query: lines that faded in again with each provisional order would flicker.
        const isFirst = this.#svg.childElementCount === 0 && paths.length > 0
        this.#svg.replaceChildren(...paths)
        if (isFirst && motionAllowed()) this.#svg.animate([{ opacity: 0 }, { opacity: 1 }], { duration: MOVE_MS, easing: 'ease-in' })
      }
    })
  }

  /** Reads where the rows are; changes nothing. */
  #paths(): SVGPathElement[] {
    if (this.#movements.length === 0) return []
    const box = this.#svg.getBoundingClientRect()
    // Not shown: one list alone, or a narrow window.
    if (box.width === 0) return []
    const middle = (element: HTMLElement) => element.offsetTop + element.offsetHeight / 2
    // The lists' container is the offset parent of rows and drawing. Offsets, not rectangles: a row on its way says
    // where it will be.
    const top = box.top - (this.#svg.parentElement as HTMLElement).getBoundingClientRect().top
    return this.#movements.map(({ id, from, to, direction }) => {
      const path = createSvg('path', {
        d: curve(from && middle(from) - top, to && middle(to) - top, box.width),
        class: `line ${direction}${from && to ? '' : ' cut'}`,
      })
      path.dataset.id = id
      return path
    })
  }
}

/** Height of a line that comes from, or goes, below the lists: a hint of the way, not the way itself. */
const STUB = 34

function curve(left: number | undefined, right: number | undefined, width: number): string {
  if (left === undefined) {
    const end = right as number
    return `M${width * 0.52} ${end + STUB}C${width * 0.52} ${end + STUB * 0.3} ${width * 0.62} ${end} ${width} ${end}`
  }
  if (right === undefined) return `M0 ${left}C${width * 0.38} ${left} ${width * 0.48} ${left + STUB * 0.3} ${width * 0.48} ${left + STUB}`
  return `M0 ${left}C${width * 0.55} ${left} ${width * 0.45} ${right} ${width} ${right}`
}
