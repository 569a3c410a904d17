/**
 * What makes a worker go wrong, and tells what came to it. Runs in the worker before the library's own script; of the library it
 * knows the messages on its ports alone.
 */

import { refuseStorage } from './storage.js'

/** What happens to a run of the model. */
export type Fault = 'lose' | 'fail' | 'nonsense' | 'hang'

/** What the page asks of the worker. */
export interface Command {
  chaos: { faults?: Fault[]; runMs?: number; firstSession?: number; refuseStorage?: boolean }
}

/** A call or a cancel that reached the worker. */
export interface Received {
  received: { method?: string; id: number; query?: string }
}

export interface Faults {
  runMs: number
  nextFault(): Fault | undefined
  nextSession(): number
}

const faults: Fault[] = []
let session = 0
const chaos: Faults = {
  runMs: 0,
  nextFault: () => faults.shift(),
  nextSession: () => session++,
}
Object.assign(globalThis, { chaos })

// The library counts seconds to find out that a run hangs; here they are short.
const { setInterval } = globalThis
globalThis.setInterval = ((callback: () => void, ms: number) => setInterval(callback, ms / 200)) as typeof globalThis.setInterval

// Every device there is to lose is the fake runtime's.
Object.defineProperty(navigator, 'gpu', {
  value: {
    requestAdapter: async () => ({
      info: { vendor: 'chaos', architecture: '', description: '', isFallbackAdapter: false },
      features: new Set(['shader-f16']),
      limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30 },
    }),
  },
})

addEventListener('message', ({ data }: MessageEvent<Partial<Command> & { 'page-rerank'?: MessagePort }>) => {
  if (data.chaos) {
    faults.push(...(data.chaos.faults ?? []))
    chaos.runMs = data.chaos.runMs ?? chaos.runMs
    session = data.chaos.firstSession ?? session
    if (data.chaos.refuseStorage) refuseStorage()
  }
  data['page-rerank']?.addEventListener('message', (event) => {
    const { path, argumentList = [] } = event.data as { path?: string[]; argumentList?: { value: unknown }[] }
    const method = path?.[0]
    if (!['open', 'rerank', 'computeScore', 'cancel'].includes(method ?? '')) return
    const [id, request] = argumentList.map(({ value }) => value) as [number, { query?: string } | undefined]
    const query = request?.query
    postMessage({ received: { method, id, query } } satisfies Received)
    if (query?.startsWith('poison')) {
      event.stopImmediatePropagation()
      setTimeout(close, 20)
    }
  })
})
