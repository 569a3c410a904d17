import { expect, test } from 'vitest'
import { Mutex } from '../../src/core/mutex.js'

test('one at a time, in order', async () => {
  const mutex = new Mutex()
  const log: string[] = []
  const task = (name: string, ms: number) =>
    mutex.run(async () => {
      log.push(`${name} in`)
      await new Promise((resolve) => setTimeout(resolve, ms))
      log.push(`${name} out`)
    })
  await Promise.all([task('a', 10), task('b', 1)])
  expect(log).toEqual(['a in', 'a out', 'b in', 'b out'])
})

test('a failed task fails nobody behind it', async () => {
  const mutex = new Mutex()
  const first = mutex.run(async () => {
    throw new Error('first')
  })
  const second = mutex.run(async () => 'second')
  await expect(first).rejects.toThrow('first')
  await expect(second).resolves.toBe('second')
})
