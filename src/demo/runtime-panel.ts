import type { Reranker, RerankerInfo } from 'page-rerank'
import { byId, create } from './dom.js'
import { duration, megabytes, plural } from './format.js'

const DEVICE_NAMES: Record<RerankerInfo['device'], string> = { webgpu: 'WebGPU', wasm: 'WebAssembly', cpu: 'CPU' }

/** Says what the library reports about itself, nothing that was merely asked for. */
export class RuntimePanel {
  readonly #panel = byId('runtime')
  readonly #facts = byId('runtime-facts')

  showLoading(): void {
    for (const name of ['device', 'dtype', 'runtime', 'threads']) delete this.#panel.dataset[name]
    this.#show([['State', 'loading …'], isolationFact()])
  }

  showFailed(): void {
    this.#show([['State', 'no model is running'], isolationFact()])
  }

  show({ info }: Reranker): void {
    const { device, dtype, runtime, threads } = info
    Object.assign(this.#panel.dataset, { device, dtype, runtime, threads: String(threads) })
    const facts: Fact[] = [
      ['Model', shortName(info.model), info.revision && info.revision !== 'main' ? `revision ${info.revision}` : ''],
      ['Device', DEVICE_NAMES[device], info.adapter ?? (device === 'wasm' ? plural(threads, 'thread') : '')],
      ['Format', dtype],
      ['Engine', runtime, info.worker ? 'in a worker' : 'in this thread'],
      ['Self-test', ...selfTestFact(info)],
      ['Loaded in', duration(info.timings.total), bytesFact(info)],
      isolationFact(),
    ]
    if (info.fallbacks.length > 0) {
      const reasons = info.fallbacks.map(({ device: given, dtype: format, reason, code }) => {
        const name = given === 'worker' ? 'Worker' : DEVICE_NAMES[given]
        const label = create('strong', '', [name, format].filter(Boolean).join(' '))
        const item = create('li', '', ...(reason.startsWith(name) ? [] : [label, ' ']), reason)
        item.dataset.code = code
        return item
      })
      facts.push(['Not used', create('ul', 'fallbacks', ...reasons)])
    }
    this.#show(facts)
  }

  #show(facts: Fact[]): void {
    this.#facts.replaceChildren(
      ...facts.map(([name, value, note]) => {
        const content = create('dd', '', value)
        if (note) content.append(create('span', 'note', note))
        return create('div', 'fact', create('dt', '', name), content)
      }),
    )
  }
}

type Fact = [name: string, value: string | Node, note?: string]

/** The last part of an address; a registry name or a hub id stays as it is. */
function shortName(model: string): string {
  return /^(https?:|\/|\.)/.test(model) ? (model.replace(/\/+$/, '').split('/').at(-1) ?? model) : model
}

function isolationFact(): Fact {
  return crossOriginIsolated
    ? ['Cross-origin isolated', 'yes', 'threads are possible']
    : ['Cross-origin isolated', 'no', 'one thread: the server does not send COOP and COEP']
}

function selfTestFact({ selfTest }: RerankerInfo): [string, string] {
  const { pairs, maxError, tolerance } = selfTest
  if (maxError === undefined) return ['unchecked', 'the model brings no known scores']
  return ['passed', `${plural(pairs, 'pair')}, off by ${round(maxError)} at most (allowed: ${round(tolerance)})`]
}

const round = (value: number): string => String(Number(value.toPrecision(2)))

function bytesFact({ bytes }: RerankerInfo): string {
  const parts = [
    bytes.network > 0 && `${megabytes(bytes.network)} downloaded`,
    bytes.cache > 0 && `${megabytes(bytes.cache)} from the cache`,
    bytes.local > 0 && `${megabytes(bytes.local)} local`,
  ]
  return parts.filter(Boolean).join(', ')
}
