/** Reads the layout, and returns what to do once everybody has read. */
type ReadThenWrite = () => () => void

const waiting = new Map<object, ReadThenWrite>()

/**
 * Runs a job in the next frame, after all the changes before it: first every job's reading, then every job's writing, so
 * that the frame computes its layout once. A newer job of the same owner replaces an older one.
 */
export function inNextFrame(owner: object, job: ReadThenWrite): void {
  if (waiting.size === 0) requestAnimationFrame(runAll)
  waiting.set(owner, job)
}

function runAll(): void {
  const jobs = [...waiting.values()]
  waiting.clear()
  const writes = jobs.map((read) => read())
  for (const write of writes) write()
}
