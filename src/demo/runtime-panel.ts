import type { Reranker, RerankerInfo } from 'page-rerank'
import { formatBytes } from '../model/format-bytes.js'
import { byId, create } from './dom.js'
import { duration, plural } from './format.js'

const DEVICE_NAMES: Record<RerankerInfo['device'], string> = { webgpu: 'WebGPU', wasm: 'WebAssembly', cpu: 'CPU' }
const KIND_NAMES: Record<RerankerInfo['kind'], string> = { 'cross-encoder': 'cross-encoder', 'late-interaction': 'late interaction' }

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

  showLoading(): void {
    this.#showNone('loading …')
  }

  showFailed(): void {
    this.#showNone('none is running')
  }

  show({ info }: Reranker): void {
    const { kind, device, dtype, runtime, threads } = info
    Object.assign(this.#panel.dataset, { kind, device, dtype, runtime, threads: String(threads) })
    this.#showFacts({
      model: [shortName(info.model), [KIND_NAMES[kind], revisionFact(info)].filter(Boolean).join(', ')],
      device: [DEVICE_NAMES[device], info.adapter ?? (device === 'wasm' ? plural(threads, 'thread') : '')],
      dtype: [dtype],
      engine: [runtime, info.worker ? 'in a worker' : 'in this thread'],
      'self-test': selfTestFact(info),
      loaded: [duration(info.timings.total), bytesFact(info)],
      isolated: isolationFact(),
    })
    this.#showFallbacks(info.fallbacks)
  }

  #showNone(state: string): void {
    for (const name of ['kind', 'device', 'dtype', 'runtime', 'threads']) delete this.#panel.dataset[name]
    this.#showFacts({ ...UNKNOWN, model: [state, '\u00a0'], isolated: isolationFact() })
    this.#showFallbacks([])
  }

  #showFacts(facts: Record<FactName, Fact>): void {
    for (const [name, [value, note]] of Object.entries(facts)) {
      this.#row(name).lastElementChild?.replaceChildren(value, ...(note ? [create('span', 'note', note)] : []))
    }
  }

  #showFallbacks(fallbacks: RerankerInfo['fallbacks']): void {
    const row = this.#row('fallbacks')
    row.hidden = fallbacks.length === 0
    const reasons = fallbacks.map(({ device: given, dtype: format, reason, code }) => {
      const name = given === 'worker' ? 'Worker' : DEVICE_NAMES[given]
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

function revisionFact({ revision }: RerankerInfo): string {
  return revision && revision !== 'main' ? `revision ${revision}` : ''
}

function isolationFact(): Fact {
  return crossOriginIsolated ? ['yes', 'threads are possible'] : ['no', 'one thread: the server does not send COOP and COEP']
}

function selfTestFact({ selfTest }: RerankerInfo): Fact {
  const { pairs, maxError, tolerance } = selfTest
  if (maxError === undefined) return ['unchecked', 'the model brings no known scores']
  return ['passed', `${plural(pairs, 'pair')}, off by ${round(maxError)} at most (allowed: ${round(tolerance)})`]
}

const round = (value: number): string => String(Number(value.toPrecision(2)))

function bytesFact({ bytes }: RerankerInfo): string {
  const parts = [
    bytes.network > 0 && `${formatBytes(bytes.network)} downloaded`,
    bytes.cache > 0 && `${formatBytes(bytes.cache)} from the cache`,
    bytes.local > 0 && `${formatBytes(bytes.local)} local`,
  ]
  return parts.filter(Boolean).join(', ')
}
