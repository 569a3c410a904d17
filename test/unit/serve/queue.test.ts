import { expect, test, vi } from 'vitest'
import { RequestQueue } from '../../../src/serve/queue.js'
import { RequestError } from '../../../src/serve/request-error.js'

const never = new AbortController().signal

/** Work that ends when it is told to. */
class Job {
  isRunning = false
  resolve: (value: string) => void = () => {}
  reject: (error: Error) => void = () => {}
  readonly #done = new Promise<string>((resolve, reject) => Object.assign(this, { resolve, reject }))

  readonly work = () => {
    this.isRunning = true
    return this.#done
  }
}

const ticks = () => new Promise((resolve) => setImmediate(resolve))

test('so many run at once, the others in the order they came', async () => {
  const queue = new RequestQueue(2, 10)
  const jobs = Array.from({ length: 4 }, () => new Job())
  for (const _ of jobs) queue.enter()
  const done = Promise.allSettled(jobs.map(({ work }) => queue.run(work, never)))
  await ticks()
  expect(jobs.map(({ isRunning }) => isRunning)).toEqual([true, true, false, false])
  expect([queue.running, queue.waiting]).toEqual([2, 2])
  jobs[1]?.resolve('second')
  await ticks()
  expect(jobs.map(({ isRunning }) => isRunning)).toEqual([true, true, true, false])
  jobs[0]?.reject(new Error('first'))
  await ticks()
  // One that fails makes room too.
  expect(jobs[3]?.isRunning).toBe(true)
  jobs[2]?.resolve('third')
  jobs[3]?.resolve('fourth')
  expect(await done).toMatchObject([{ reason: { message: 'first' } }, { value: 'second' }, { value: 'third' }, { value: 'fourth' }])
  expect(queue.running).toBe(0)
})

test('where no place is left the next is refused, until one leaves', () => {
  const queue = new RequestQueue(1, 1)
  const leave = queue.enter()
  queue.enter()
  expect(() => queue.enter()).toThrow(RequestError)
  try {
    queue.enter()
  } catch (error) {
    expect(error).toMatchObject({ status: 429, type: 'Overloaded', retryAfter: 1 })
  }
  leave()
  // Twice is once.
  leave()
  queue.enter()
  expect(() => queue.enter()).toThrow('2 requests are here already')
})

test('who is aborted while waiting never runs, and holds nobody up', async () => {
  const queue = new RequestQueue(1, 10)
  const [first, second, third] = [new Job(), new Job(), new Job()]
  const one = queue.run(first.work, never)
  const gone = new AbortController()
  const two = queue.run(second.work, gone.signal)
  const three = queue.run(third.work, never)
  const reason = new Error('gone')
  gone.abort(reason)
  await expect(two).rejects.toBe(reason)
  first.resolve('first')
  await one
  await ticks()
  expect([second.isRunning, third.isRunning]).toEqual([false, true])
  third.resolve('third')
  await three
  expect(queue.running).toBe(0)
  await expect(queue.run(second.work, gone.signal)).rejects.toBe(reason)
})

test('who is refused before anything has ended is told to come when it may have, as far as is known', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const queue = new RequestQueue(1, 2)
  const job = new Job()
  for (let i = 0; i < 3; i++) queue.enter()
  const one = queue.run(job.work, never)
  await Promise.resolve()
  vi.advanceTimersByTime(20_000)
  expect(() => queue.enter()).toThrow(expect.objectContaining({ retryAfter: 20 }))
  vi.useRealTimers()
  job.resolve('done')
  await one
})

test('who is refused is told to come later where all that run take long, even if none succeeds', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const queue = new RequestQueue(1, 1)
  const job = new Job()
  queue.enter()
  const one = queue.run(job.work, never)
  await Promise.resolve()
  vi.advanceTimersByTime(30_000)
  job.reject(new Error('too long'))
  await expect(one).rejects.toThrow('too long')
  vi.useRealTimers()
  queue.enter()
  expect(() => queue.enter()).toThrow(expect.objectContaining({ retryAfter: 30 }))
})
