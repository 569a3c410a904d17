import { create, createSvg } from './dom.js'
import { onLanguage, strings } from './language.js'
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
    onLanguage(() => this.#draw())
  }

  add(timing: SearchTiming): void {
    this.#timings = [...this.#timings, timing].slice(-BARS)
    this.#draw()
  }

  /** Milliseconds of each order that is shown. */
  get milliseconds(): number[] {
    return this.#timings.map(({ rank }) => rank)
  }

  /** Another model or device: the old times say nothing about it. */
  clear(): void {
    this.#timings = []
    this.#draw()
  }

  /** The same shape with and without times: the first one pushes nothing down. */
  #draw(): void {
    const { latency, duration } = strings()
    const last = this.#timings.at(-1)
    const times = this.#timings.map(({ rank }) => rank)
    const facts = create(
      'dl',
      'latency-facts',
      fact(latency.last, last ? duration(last.rank) : NONE),
      fact(latency.median, last ? duration(quantile(times, 0.5)) : NONE),
      fact(latency.p95, last ? duration(quantile(times, 0.95)) : NONE),
      fact(latency.firstStage, last ? duration(last.firstStage) : NONE),
    )
    this.#root.replaceChildren(this.#bars(), facts)
  }

  #bars(): SVGSVGElement {
    const { latency } = strings()
    const times = this.#timings.map(({ rank }) => rank)
    const highest = Math.max(...times)
    const width = WIDTH / BARS
    const label = times.length === 0 ? latency.none : latency.chart(times.length, quantile(times, 0.5), highest)
    const svg = createSvg('svg', {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: 'latency-bars',
      role: 'img',
      'aria-label': label,
      preserveAspectRatio: 'none',
    })
    svg.append(createSvg('line', { x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5, class: 'axis' }))
    for (const [at, timing] of this.#timings.entries()) {
      const height = Math.max(2, (timing.rank / highest) * (HEIGHT - 4))
      const bar = createSvg('rect', {
        x: at * width + GAP / 2,
        y: HEIGHT - height,
        width: width - GAP,
        height,
        rx: 1.5,
        class: at === this.#timings.length - 1 ? 'bar last' : 'bar',
      })
      const title = createSvg('title', {})
      title.textContent = latency.bar(timing.query, timing.ranked, timing.rank)
      bar.append(title)
      svg.append(bar)
    }
    return svg
  }
}

function fact(name: string, value: string): HTMLElement {
  return create('div', '', create('dt', '', name), create('dd', '', value))
}

/** The value under which a share of all lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number
}
