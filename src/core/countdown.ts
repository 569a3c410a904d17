/**
 * Call `over` after so many seconds in which this thread ran: those of a frozen page, a suspended machine or a thread that was
 * computing are nobody else's fault. Where timers are held back, in hidden pages, a second takes longer.
 *
 * @returns how to stop it
 */
export function countdown(seconds: number, over: () => void): () => void {
  let left = seconds
  const timer = setInterval(() => {
    if (--left > 0) return
    clearInterval(timer)
    over()
  }, 1000)
  return () => clearInterval(timer)
}
