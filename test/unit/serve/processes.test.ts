import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Processes } from '../../../src/serve/processes.js'

/** What `cluster.fork` gives, or throws, one call after the other. */
const forks: (() => FakeWorker)[] = []
vi.mock('node:cluster', () => ({ default: { fork: () => (forks.shift() ?? expect.fail('one process too many'))() } }))

class FakeWorker extends EventEmitter {
  readonly process: { pid: number | undefined; kill: (signal: string) => void }
  readonly send = ({ type, id }: { type: string; id?: number }) => {
    if (type === 'ping') queueMicrotask(() => this.emit('message', { type: 'pong', id }))
  }

  constructor(pid: number | undefined) {
    super()
    this.process = { pid, kill: (signal) => this.emit('exit', null, signal) }
  }

  isConnected = () => true
}

const ready = () => {
  const worker = new FakeWorker(forks.length + 1)
  queueMicrotask(() => worker.emit('message', { type: 'ready' }))
  return worker
}

/** As where Node itself is another one by now: there is no process, and no exit of it. */
const notThere = () => {
  const worker = new FakeWorker(undefined)
  queueMicrotask(() => worker.emit('error', new Error('spawn node ENOENT')))
  return worker
}

/** As where there is no memory for one. */
const notEvenTried = () => {
  throw new Error('spawn ENOMEM')
}

const log: string[] = []
let processes: Processes

beforeEach(() => {
  forks.length = 0
  vi.useFakeTimers()
  log.length = 0
})
afterEach(async () => {
  const stopped = processes.stop(0)
  await vi.runOnlyPendingTimersAsync()
  await stopped
  vi.useRealTimers()
})

const start = (count: number) =>
  new Processes(
    { processes: count, timeoutMs: 1000 },
    (_: Socket) => {},
    (sentence) => log.push(sentence),
  )

test('one that cannot be started is tried again, as long as another one answers', async () => {
  forks.push(ready, ...Array(3).fill(notThere), ...Array(3).fill(notEvenTried), ready)
  processes = start(2)
  await processes.ready
  let failure: unknown
  processes.failed.catch((error) => {
    failure = error
  })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(forks).toEqual([])
  expect(failure).toBeUndefined()
  expect(log).toEqual(
    [
      ...Array(3).fill('A process cannot be started: spawn node ENOENT; another one starts in '),
      ...Array(3).fill('A process cannot be started: spawn ENOMEM; another one starts in '),
    ].map((sentence, i) => `${sentence}${[0.5, 1, 2, 4, 8, 8][i]} s.`),
  )
})

test('where none is left and none can be started, that is the end', async () => {
  let first: FakeWorker | undefined
  forks.push(
    () => {
      first = ready()
      return first
    },
    ...Array(4).fill(notThere),
  )
  processes = start(1)
  await processes.ready
  const failed = expect(processes.failed).rejects.toThrow(
    'Processes die as soon as they are started, 5 in a row. A process cannot be started: spawn node ENOENT.',
  )
  first?.emit('exit', 1, null)
  await vi.advanceTimersByTimeAsync(60_000)
  await failed
  expect(forks).toEqual([])
})

test('nor is there a beginning where the first cannot be started', async () => {
  forks.push(notEvenTried)
  processes = start(2)
  await expect(processes.ready).rejects.toThrow('The server did not start. A process cannot be started: spawn ENOMEM.')
})
