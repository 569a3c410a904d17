import type { Browser } from 'playwright-core'

/** What is used of Chromium's trace events. Times in microseconds. */
interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  ts: number
  dur: number
  /** Time the thread really ran: a machine that is busy with something else makes `dur` long, not this. */
  tdur: number
  args: { name?: string; data?: { url?: string } }
}

/** A task of the page's main thread that ran a script. Milliseconds. */
export interface Task {
  /** Of processor time. */
  processor: number
  /** By the clock. */
  clock: number
}

/** The tasks of main threads that ran scripts of an origin, while something is done; longest first. */
export async function mainThreadTasks(browser: Browser, origin: string, work: () => Promise<void>): Promise<Task[]> {
  await browser.startTracing(undefined, { categories: ['devtools.timeline', 'toplevel', 'disabled-by-default-devtools.timeline'] })
  let trace: Buffer
  try {
    await work()
  } finally {
    trace = await browser.stopTracing()
  }
  return scriptTasks(JSON.parse(String(trace)).traceEvents, origin)
}

function scriptTasks(events: TraceEvent[], origin: string): Task[] {
  const thread = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`
  const isOurs = ({ args }: TraceEvent) => args?.data?.url?.startsWith(origin) ?? false
  // Chromium's own pages (its address bar is one) have main threads too.
  const mainThreads = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(thread))
  // Of each page of the origin that is open.
  const ours = new Set(
    events
      .filter(isOurs)
      .map(thread)
      .filter((one) => mainThreads.has(one)),
  )
  if (ours.size === 0) throw new Error('The trace has no script of the page.')
  const main = events.filter((event) => event.ph === 'X' && ours.has(thread(event)))
  // The event of a module's first run does not name the module.
  const scripts = main.filter((event) => event.name === 'v8.evaluateModule' || isOurs(event))
  const holds = (task: TraceEvent, script: TraceEvent) =>
    thread(task) === thread(script) && script.ts >= task.ts && script.ts <= task.ts + task.dur
  return main
    .filter((task) => task.name === 'RunTask' && scripts.some((script) => holds(task, script)))
    .map(({ tdur, dur }) => ({ processor: tdur / 1000, clock: dur / 1000 }))
    .sort((one, other) => other.processor - one.processor)
}
