import { countdown } from '../core/countdown.js'
import { whenAborted } from '../core/or-aborted.js'

/** Seconds without a byte after which a connection counts as dead. */
const STALL_SECONDS = 30

/** A connection brought no byte for too long. */
export class Stalled extends Error {}

/** What came once is at hand. */
const came = new Set<string>()

/**
 * Work that fetches a file by itself, as `import` and ONNX Runtime do, and would wait for ever on a connection that died. Where the file has
 * not come for a while it is fetched a second time, which shows whether bytes flow at all.
 *
 * @throws Stalled; what the work throws
 */
export async function arriving<T>(work: Promise<T>, address: string, seconds = STALL_SECONDS): Promise<T> {
  if (!address.startsWith('http') || came.has(address)) return work
  const over = new AbortController()
  const stalled = new Promise<never>((_, reject) => {
    // What else goes wrong with watching, such as a policy that forbids the second fetch, is not the work's.
    watch(address, seconds, over.signal).catch((error) => error instanceof Stalled && reject(error))
  })
  try {
    const value = await Promise.race([work, stalled])
    came.add(address)
    return value
  } finally {
    over.abort()
  }
}

/** Ends where there is nothing to complain of. */
async function watch(address: string, seconds: number, signal: AbortSignal): Promise<void> {
  let arrived = 0
  const observer = new PerformanceObserver((list) => {
    arrived += list.getEntries().filter(({ name }) => name.replace(/#.*/, '') === address).length
  })
  observer.observe({ type: 'resource', buffered: true })
  try {
    // Twice as long: a network that is only slow should not carry the file two times.
    await pause(2 * seconds, signal)
    if (arrived > 0 || signal.aborted) return
    await fetchBytes(address, seconds, signal)
    await pause(seconds, signal)
    // That of the work would be the second one to be told of.
    if (arrived === 1 && !signal.aborted) throw new Stalled('its download stopped where a second one came')
  } finally {
    observer.disconnect()
  }
}

/** @throws Stalled; TypeError; Error for what is no file */
export async function fetchBytes(address: string, seconds = STALL_SECONDS, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const stall = new AbortController()
  const stopWaiting = signal && whenAborted(signal, () => stall.abort(signal.reason))
  const inTime = async <T>(work: Promise<T>) => {
    const stopClock = countdown(seconds, () => stall.abort(new Stalled(`no byte came for ${seconds} seconds`)))
    return work.finally(stopClock)
  }
  try {
    const response = await inTime(fetch(address, { signal: stall.signal }))
    if (!response.ok) throw new Error(`HTTP status ${response.status}`)
    const pieces: Uint8Array<ArrayBuffer>[] = []
    for (const reader = response.body?.getReader(); reader; ) {
      const { done, value } = await inTime(reader.read())
      if (done) break
      pieces.push(value)
    }
    return new Uint8Array(await new Blob(pieces).arrayBuffer())
  } finally {
    stopWaiting?.()
  }
}

/** Ends early where the signal is aborted. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stopClock = countdown(seconds, resolve)
    whenAborted(signal, () => {
      stopClock()
      resolve()
    })
  })
}
