/** Milliseconds an engine has to release what it holds before whoever disposes of it goes on without it. */
export const DISPOSE_GRACE_MS = 1000

/** Settle once the work has, whichever way, and after so many milliseconds at the latest. */
export function settledWithin(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, ms)
    work.then(done, done)
  })
}
