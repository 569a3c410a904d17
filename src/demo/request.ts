/** A request that was made, and when it began (milliseconds since 1970). */
export interface Request {
  url: string
  time: number
}

export function requestOf({ name, startTime }: PerformanceEntry): Request {
  return { url: name, time: performance.timeOrigin + startTime }
}
