import type { LocalReranker, LocalRerankerInfo } from 'page-rerank'
import { formatBytes } from '../model/format-bytes.js'
import { byId, create } from './dom.js'
import { onLanguage, strings } from './language.js'

type FactName = 'model' | 'device' | 'dtype' | 'engine' | 'self-test' | 'loaded' | 'isolated'

/** What is not known yet, with room for the line below it: nothing moves when it is known. */
const UNKNOWN: Record<Exclude<FactName, 'isolated'>, Fact> = {
  model: ['…', '\u00a0'],
  device: ['…', '\u00a0'],
  dtype: ['…'],
  engine: ['…', '\u00a0'],
  'self-test': ['…', '\u00a0'],
  loaded: ['…', '\u00a0'],
}

/** Says what the library reports about itself, nothing that was merely asked for. The page holds the rows. */
export class RuntimePanel {
  readonly #panel = byId('runtime')
  #write: () => void = () => {}

  constructor() {
    onLanguage(() => this.#write())
  }

  showLoading(): void {
    this.#showNone('loading')
  }

  showFailed(): void {
    this.#showNone('none')
  }

  show({ info }: LocalReranker): void {
    this.#write = () => this.#show(info)
    this.#write()
  }

  #show(info: LocalRerankerInfo): void {
    const { runtime: text, duration, kinds } = strings()
    const { kind, device, dtype, runtime, threads } = info
    Object.assign(this.#panel.dataset, { kind, device, dtype, runtime, threads: String(threads) })
    this.#showFacts({
      model: [
        shortName(info.model),
        [kinds[kind], info.revision && info.revision !== 'main' ? text.revision(info.revision) : ''].filter(Boolean).join(text.comma),
      ],
      device: [text.devices[device], info.adapter ?? (device === 'wasm' ? text.threads(threads) : '')],
      dtype: [dtype],
      engine: [runtime, info.worker ? text.inWorker : text.inThread],
      'self-test': selfTestFact(info),
      loaded: [duration(info.timings.total), bytesFact(info)],
      isolated: isolationFact(),
    })
    this.#showFallbacks(info.fallbacks)
  }

  #showNone(state: 'loading' | 'none'): void {
    this.#write = () => {
      for (const name of ['kind', 'device', 'dtype', 'runtime', 'threads']) delete this.#panel.dataset[name]
      this.#showFacts({ ...UNKNOWN, model: [strings().runtime[state], '\u00a0'], isolated: isolationFact() })
      this.#showFallbacks([])
    }
    this.#write()
  }

  #showFacts(facts: Record<FactName, Fact>): void {
    for (const [name, [value, note]] of Object.entries(facts)) {
      this.#row(name).lastElementChild?.replaceChildren(value, ...(note ? [create('span', 'note', note)] : []))
    }
  }

  #showFallbacks(fallbacks: LocalRerankerInfo['fallbacks']): void {
    const row = this.#row('fallbacks')
    row.hidden = fallbacks.length === 0
    const { runtime: text } = strings()
    const reasons = fallbacks.map((fallback) => {
      const { device: given, dtype: format, code } = fallback
      const name = text.devices[given]
      const reason = text.fallback(fallback)
      const label = create('strong', '', [name, format].filter(Boolean).join(' '))
      const item = create('li', '', ...(reason.startsWith(name) ? [] : [label, ' ']), reason)
      item.dataset.code = code
      return item
    })
    row.lastElementChild?.replaceChildren(create('ul', 'fallbacks', ...reasons))
  }

  #row(name: string): HTMLElement {
    const row = this.#panel.querySelector<HTMLElement>(`[data-fact="${name}"]`)
    if (!row) throw new Error(`The page has no row for ${name}.`)
    return row
  }
}

type Fact = [value: string, note?: string]

/** The last part of an address; a registry name or a hub id stays as it is. */
function shortName(model: string): string {
  return /^(https?:|\/|\.)/.test(model) ? (model.replace(/\/+$/, '').split('/').at(-1) ?? model) : model
}

function isolationFact(): Fact {
  const { isolated, notIsolated } = strings().runtime
  return crossOriginIsolated ? isolated : notIsolated
}

function selfTestFact({ selfTest }: LocalRerankerInfo): Fact {
  const { pairs, maxError, tolerance } = selfTest
  const { unchecked, passed } = strings().runtime
  return maxError === undefined ? unchecked : passed(pairs, round(maxError), round(tolerance))
}

const round = (value: number): string => String(Number(value.toPrecision(2)))

function bytesFact({ bytes }: LocalRerankerInfo): string {
  const { bytes: labels } = strings().runtime
  const sources = ['network', 'cache', 'local'] as const
  return sources.flatMap((source) => (bytes[source] > 0 ? [labels[source](formatBytes(bytes[source]))] : [])).join(', ')
}
