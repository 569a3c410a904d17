/**
 * Let the thread take its waiting messages (an abort, a newer query). Promises alone never do: WASM runs settle in
 * microtasks. A message is used in browsers because nested timers are held back to 4 ms there.
 */
function nextMacrotask(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve))
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

/** Milliseconds of work after which the thread looks at its messages. */
const SLICE_MS = 8

/** Call between pieces of work; it gives way to other tasks once a slice is used up. */
export function createTaskYield(): () => Promise<void> | undefined {
  let sliceEnd = performance.now() + SLICE_MS
  return () => {
    if (performance.now() < sliceEnd) return undefined
    return nextMacrotask().then(() => {
      sliceEnd = performance.now() + SLICE_MS
    })
  }
}
