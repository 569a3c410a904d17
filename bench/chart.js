// @ts-check
// node bench/chart.js FILE [PLACE] > docs/images/speed.svg: how the cost of a query grows with the documents, drawn from what
// `npm run bench -- --json FILE` wrote; both axes are logarithmic.
import { readFileSync } from 'node:fs'

/** @typedef {import('./contenders.js').Figure} Figure */
/** @typedef {{ machine: string, contenders: Record<string, string>, places: { place: string, figures: Figure[] }[] }} Results */

const WIDTH = 840
const HEIGHT = 440
const LEFT = 70
const RIGHT = 330
const TOP = 54
const BOTTOM = 56
/** Between two names, which stand beside the last points: one under the other where these are close. */
const NAME_HEIGHT = 34
/** Told apart without colour by their marks. */
const STYLES = [
  { color: '#0b7285', mark: 'circle' },
  { color: '#2b8a3e', mark: 'square' },
  { color: '#d9480f', mark: 'diamond' },
  { color: '#5f3dc4', mark: 'triangle' },
]

/**
 * @param {Results} results
 * @param {string} [wanted] beginning of the place's name; the last one where it is left out
 * @returns {string} SVG
 */
function chart({ machine, contenders, places }, wanted) {
  const found = wanted === undefined ? places.at(-1) : places.find(({ place }) => place.startsWith(wanted))
  if (!found) throw new Error(`There are no figures of ${wanted}; there are those of ${places.map(({ place }) => place).join(', ')}.`)
  const { place, figures } = found
  const counts = [...new Set(figures.map(({ documents }) => documents))].sort((a, b) => a - b)
  const times = figures.map(({ ms }) => ms)
  const x = scale(/** @type {number} */ (counts[0]), /** @type {number} */ (counts.at(-1)), LEFT, WIDTH - RIGHT)
  const [least, most] = [10 ** Math.floor(Math.log10(Math.min(...times))), 10 ** Math.ceil(Math.log10(Math.max(...times)))]
  const y = scale(least, most, HEIGHT - BOTTOM, TOP)
  const lines = []
  for (let ms = least; ms <= most; ms *= 10) {
    lines.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(ms)}" y2="${y(ms)}" class="grid"/>`)
    lines.push(`<text x="${LEFT - 8}" y="${y(ms) + 4}" class="end">${ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`}</text>`)
  }
  for (const count of counts)
    lines.push(`<text x="${x(count)}" y="${HEIGHT - BOTTOM + 20}" class="middle">${count.toLocaleString('en')}</text>`)
  /** @type {{ y: number, color: string, mark: string, title: string, last: string }[]} */
  const names = []
  for (const [i, [name, title]] of Object.entries(contenders).entries()) {
    const { color, mark } = /** @type {(typeof STYLES)[number]} */ (STYLES[i])
    const points = figures.filter(({ contender }) => contender === name).map(({ documents, ms }) => ({ x: x(documents), y: y(ms), ms }))
    const last = points.at(-1)
    if (!last) continue
    lines.push(`<polyline points="${points.map((one) => `${one.x},${one.y}`).join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`)
    for (const one of points) lines.push(drawMark(mark, one.x, one.y, color))
    names.push({ y: last.y, color, mark, title, last: `${duration(last.ms)} for ${counts[points.length - 1]?.toLocaleString('en')}` })
  }
  let next = TOP
  for (const { y, color, mark, title, last } of names.sort((one, other) => one.y - other.y)) {
    const at = Math.max(y, next)
    next = at + NAME_HEIGHT
    const left = WIDTH - RIGHT + 24
    lines.push(drawMark(mark, left, at - 6, color), `<text x="${left + 12}" y="${at - 2}" fill="${color}">${asText(title)}</text>`)
    lines.push(`<text x="${left + 12}" y="${at + 13}" class="small">${last}</text>`)
  }
  const title = `What a query costs, by how many documents are ranked (${place}, one thread)`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${asText(title)}">
<style>text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:15px}.small{font-size:11px;fill:#555}.end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:#ddd}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="26" class="title">${asText(title)}</text>
${lines.join('\n')}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 14}" class="middle">documents (both axes logarithmic)</text>
<text x="${WIDTH - 8}" y="${HEIGHT - 14}" class="small end">${asText(machine.split(';')[0] ?? '')}</text>
</svg>
`
}

/**
 * Logarithmic.
 *
 * @param {number} least
 * @param {number} most
 * @param {number} from
 * @param {number} to
 * @returns {(value: number) => number}
 */
function scale(least, most, from, to) {
  const span = Math.log(most / least) || 1
  return (value) => Math.round(from + (Math.log(value / least) / span) * (to - from))
}

/**
 * @param {string} mark
 * @param {number} x
 * @param {number} y
 * @param {string} color
 */
function drawMark(mark, x, y, color) {
  switch (mark) {
    case 'circle':
      return `<circle cx="${x}" cy="${y}" r="4.5" fill="${color}"/>`
    case 'square':
      return `<rect x="${x - 4}" y="${y - 4}" width="8" height="8" fill="${color}"/>`
    case 'diamond':
      return `<path d="M${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}L${x - 6} ${y}Z" fill="${color}"/>`
    default:
      return `<path d="M${x} ${y - 6}L${x + 5.5} ${y + 4}L${x - 5.5} ${y + 4}Z" fill="${color}"/>`
  }
}

/** @param {number} ms */
function duration(ms) {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** @param {string} text */
function asText(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

const [file, place] = process.argv.slice(2)
if (!file) throw new Error('Usage: node bench/chart.js FILE [PLACE]')
process.stdout.write(chart(JSON.parse(readFileSync(file, 'utf8')), place))
