import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { orAborted } from '../../src/core/or-aborted.js'
import { fakeSession, lateInteraction } from '../support/fake-late-interaction.js'

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

  test('many wait by one listener, and all of them hear of the abort but those that are done', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const done = orAborted(Promise.resolve(7), signal)
    const running = Array.from({ length: 30 }, () => orAborted(never, signal).catch((reason) => reason))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    expect(await done).toBe(7)
    controller.abort('enough')
    expect(await Promise.all(running)).toEqual(Array(30).fill('enough'))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('nothing stays on a signal that lives longer than the work', async () => {
    const { signal } = new AbortController()
    for (let i = 0; i < 100; i++) await orAborted(Promise.resolve(), signal)
    await new Promise((resolve) => setTimeout(resolve))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

test('thirty calls at once that share a signal: Node warns of no leak', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => void warnings.push(warning)
  process.on('warning', onWarning)
  const { reranker } = lateInteraction(fakeSession({ ms: 1 }))
  const { signal } = new AbortController()
  try {
    await Promise.all(Array.from({ length: 30 }, (_, i) => reranker.rerank(`${i + 3}`, ['23 73', `${i + 50}`], { signal })))
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(warnings).toEqual([])
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  } finally {
    process.off('warning', onWarning)
  }
})
