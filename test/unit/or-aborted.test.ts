import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { orAborted } from '../../src/core/or-aborted.js'

const never = new Promise<never>(() => undefined)

describe('orAborted', () => {
  test('settles as the work does', async () => {
    const { signal } = new AbortController()
    expect(await orAborted(Promise.resolve(7), signal)).toBe(7)
    await expect(orAborted(Promise.reject(new Error('work')), signal)).rejects.toThrow('work')
  })

  test('rejects with the reason at once, before and during', async () => {
    const reason = new Error('enough')
    await expect(orAborted(never, AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    const running = orAborted(never, controller.signal)
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
  })

  test('work that fails after the abort is no unhandled rejection', async () => {
    // vitest fails a run in which a rejection goes unhandled.
    let fail!: (error: Error) => void
    const work = new Promise<never>((_, reject) => {
      fail = reject
    })
    const controller = new AbortController()
    const running = orAborted(work, controller.signal)
    controller.abort()
    await expect(running).rejects.toThrow('aborted')
    fail(new Error('too late'))
    await new Promise((resolve) => setTimeout(resolve))
  })

  test('nothing stays on a signal that lives longer than the work', async () => {
    const { signal } = new AbortController()
    for (let i = 0; i < 100; i++) await orAborted(Promise.resolve(), signal)
    await new Promise((resolve) => setTimeout(resolve))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
