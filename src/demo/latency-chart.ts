import { create, createSvg } from './dom.js'
import { count, duration, plural } from './format.js'
import type { SearchTiming } from './search-flow.js'

/** Queries shown; older ones leave on the left. */
const BARS = 24
const WIDTH = 240
const HEIGHT = 56
const GAP = 2
const NONE = '–'

/** Time per query as bars, and the numbers that the bars cannot say. */
export class LatencyChart {
  readonly #root: HTMLElement
  #timings: SearchTiming[] = []

  constructor(root: HTMLElement) {
    this.#root = root
    this.#draw()
  }

  add(timing: SearchTiming): void {
    this.#timings = [...this.#timings, timing].slice(-BARS)
    this.#draw()
  }

  /** Another model or device: the old times say nothing about it. */
  clear(): void {
    this.#timings = []
    this.#draw()
  }

  /** The same shape with and without times: the first one pushes nothing down. */
  #draw(): void {
    const last = this.#timings.at(-1)
    const facts = create(
      'dl',
      'latency-facts',
      fact('last', last ? duration(last.rerank) : NONE),
      fact('median', last ? duration(median(this.#timings.map(({ rerank }) => rerank))) : NONE),
      fact('pairs/s', last ? count(Math.round(last.scored / (last.rerank / 1000))) : NONE),
      fact('first stage', last ? duration(last.firstStage) : NONE),
    )
    this.#root.replaceChildren(this.#bars(), facts)
  }

  #bars(): SVGSVGElement {
    const times = this.#timings.map(({ rerank }) => rerank)
    const highest = Math.max(...times)
    const width = WIDTH / BARS
    const label =
      times.length === 0
        ? 'No query has been reranked yet.'
        : `Rerank time of the last ${plural(times.length, 'query', 'queries')}: median ${duration(median(times))}, longest ${duration(highest)}.`
    const svg = createSvg('svg', {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: 'latency-bars',
      role: 'img',
      'aria-label': label,
      preserveAspectRatio: 'none',
    })
    svg.append(createSvg('line', { x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5, class: 'axis' }))
    for (const [at, timing] of this.#timings.entries()) {
      const height = Math.max(2, (timing.rerank / highest) * (HEIGHT - 4))
      const bar = createSvg('rect', {
        x: at * width + GAP / 2,
        y: HEIGHT - height,
        width: width - GAP,
        height,
        rx: 1.5,
        class: at === this.#timings.length - 1 ? 'bar last' : 'bar',
      })
      const title = createSvg('title', {})
      title.textContent = `${timing.query}: ${plural(timing.scored, 'pair')} in ${duration(timing.rerank)}`
      bar.append(title)
      svg.append(bar)
    }
    return svg
  }
}

function fact(name: string, value: string): HTMLElement {
  return create('div', '', create('dt', '', name), create('dd', '', value))
}

function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}
