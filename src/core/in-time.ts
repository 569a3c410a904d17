/** The longest wait that timers know; a longer one would be over at once. */
const MAX_WAIT_MS = 2 ** 31 - 1

/**
 * What the work comes to, or what there is of it when the time is over: then the work is no longer waited for, and it is the
 * caller's to end it. Where the time is over already it is not begun.
 *
 * @param end `performance.now()` time
 */
export async function inTime<T>(end: number, work: () => Promise<T>, soFar: () => T): Promise<T> {
  const left = end - performance.now()
  if (left <= 0) return soFar()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(soFar()), Math.min(left, MAX_WAIT_MS))
    work()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}
