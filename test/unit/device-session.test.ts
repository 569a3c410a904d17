import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { EncodedPair } from '../../src/core/session.js'
import { ModelLoadError } from '../../src/errors.js'
import type { Candidate } from '../../src/runtime/candidates.js'
import { DeviceSession, type DeviceSessionOptions } from '../../src/runtime/device-session.js'
import { CandidateError, type OpenedSession } from '../../src/runtime/open-session.js'
import type { Fallback } from '../../src/types.js'

const GPU: Candidate = { device: 'webgpu', dtype: 'fp32' }
const WASM: Candidate = { device: 'wasm', dtype: 'q8' }
const pair = (id: number): EncodedPair => ({ inputIds: Int32Array.of(id), tokenTypeIds: Int32Array.of(0) })
const CANARIES = [1, 2, 3].map((id) => ({ pair: pair(id), logit: id }))

/** A session whose logit is the pair's first token id, unless told otherwise. */
function fakeSession(behaviour: Partial<OpenedSession> & { ms?: number } = {}): OpenedSession & { released: boolean } {
  const session = {
    runtime: 'ort-web' as const,
    threads: 1,
    policy: { maxPairs: 8, maxTokens: 99, padding: 'longest' as const },
    released: false,
    run: async (pairs: readonly EncodedPair[]) => {
      if (behaviour.ms) await new Promise((resolve) => setTimeout(resolve, behaviour.ms))
      return Float32Array.from(pairs, (one) => one.inputIds[0] as number)
    },
    async release() {
      session.released = true
    },
    ...behaviour,
  }
  return session
}

async function open(sessions: (OpenedSession | Error)[], options: Partial<DeviceSessionOptions> = {}) {
  const fallbacks: Fallback[] = []
  const opened: string[] = []
  const session = await DeviceSession.open({
    candidates: [GPU, WASM],
    fallbacks,
    canaries: CANARIES,
    tolerance: () => 0.1,
    open: async ({ device }, attempt) => {
      opened.push(`${device} ${attempt}`)
      const next = sessions.shift()
      if (next instanceof Error || !next) throw next ?? new Error('none left')
      return next
    },
    ...options,
  })
  return { session, fallbacks, opened }
}

describe('opening', () => {
  test('the first that passes the self-test is taken', async () => {
    const { session, fallbacks } = await open([fakeSession()])
    expect(session.active).toMatchObject({ ...GPU, selfTest: { result: 'passed', maxError: 0 } })
    expect(fallbacks).toEqual([])
  })

  test('off by more than the tolerance is released and recorded', async () => {
    const wrong = fakeSession({ run: async (pairs) => Float32Array.from(pairs, (one) => (one.inputIds[0] as number) * 2) })
    const { session, fallbacks } = await open([wrong, fakeSession()])
    expect(wrong.released).toBe(true)
    expect(session.active.device).toBe('wasm')
    expect(fallbacks).toMatchObject([{ ...GPU, code: 'self-test-failed', reason: expect.stringContaining('off by 3.000') }])
  })

  test('when all fail, the last reason is the error’s cause and every reason is in its sentence', async () => {
    await expect(open([new Error('no memory'), new Error('no wasm')])).rejects.toMatchObject({
      code: 'session-failed',
      message: expect.stringMatching(/webgpu fp32: no memory; wasm q8: no wasm/),
    })
  })

  test('a model at fault is told as such', async () => {
    const missing = new ModelLoadError('model-not-found', 'no weights', { file: 'onnx/model.onnx' })
    await expect(open([new Error('no gpu'), missing])).rejects.toBe(missing)
  })
})

describe('failing later', () => {
  /** Works for the self-test, then fails. */
  const failing = () => {
    let runs = 0
    return fakeSession({
      run: async (pairs) => {
        if (++runs > 1) throw new Error('device gone')
        return Float32Array.from(pairs, (one) => one.inputIds[0] as number)
      },
    })
  }

  test('opened once more, then the next candidate; the run is answered each time', async () => {
    const { session, opened, fallbacks } = await open([failing(), failing(), fakeSession()])
    expect([...(await session.run([pair(5), pair(4)]))]).toEqual([5, 4])
    expect(opened).toEqual(['webgpu 0', 'webgpu 1', 'wasm 0'])
    expect(session.active.device).toBe('wasm')
    expect(fallbacks.map((one) => one.device)).toEqual(['webgpu', 'webgpu'])
  })

  test('the batch is cut anew where the next device wants single pairs', async () => {
    const sizes: number[] = []
    const single = fakeSession({
      policy: { maxPairs: 1, maxTokens: 99, padding: 'none' },
      run: async (pairs) => {
        sizes.push(pairs.length)
        return Float32Array.from(pairs, (one) => one.inputIds[0] as number)
      },
    })
    const { session } = await open([failing(), failing(), single])
    await session.run([pair(5), pair(4)])
    expect(sizes).toEqual([1, 1, 1, 1, 1])
  })

  test('a run that never settles ends when the device is lost', async () => {
    const loss = new AbortController()
    let runs = 0
    const hanging = fakeSession({
      lost: loss.signal,
      run: async (pairs) => (++runs > 1 ? new Promise(() => undefined) : Float32Array.from(pairs, (one) => one.inputIds[0] as number)),
    })
    const { session, fallbacks } = await open([hanging, fakeSession()])
    const running = session.run([pair(9)])
    loss.abort(new CandidateError('device-lost', 'the device was lost: destroyed'))
    expect([...(await running)]).toEqual([9])
    expect(fallbacks).toMatchObject([{ code: 'device-lost', reason: expect.stringContaining('destroyed') }])
  })

  test('a device that is never lost keeps nothing of its runs', async () => {
    const { signal } = new AbortController()
    const { session } = await open([fakeSession({ lost: signal })])
    for (let i = 0; i < 100; i++) await session.run([pair(1)])
    await new Promise((resolve) => setTimeout(resolve))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('the last device failing for good rejects, and the next run tries again', async () => {
    const { session } = await open([failing(), failing(), failing(), failing()])
    await expect(session.run([pair(1)])).rejects.toMatchObject({ code: 'session-failed' })
    await expect(session.run([pair(1)])).rejects.toMatchObject({ code: 'session-failed' })
  })
})

describe('a contest', () => {
  const contest = () => {
    const winners: string[] = []
    return { winners, contest: { rival: WASM, remember: async (winner: Candidate) => void winners.push(winner.device) } }
  }

  test('a slow GPU loses to WASM, which is remembered', async () => {
    const { winners, contest: options } = contest()
    const slow = fakeSession({ ms: 60 })
    const { session, fallbacks } = await open([slow, fakeSession()], { contest: options })
    expect(session.active.device).toBe('wasm')
    expect(slow.released).toBe(true)
    expect(winners).toEqual(['wasm'])
    expect(fallbacks).toMatchObject([{ device: 'webgpu', code: 'slower' }])
    expect([...(await session.run([pair(3)]))]).toEqual([3])
  })

  test('a fast GPU stays without WASM being loaded', async () => {
    const { winners, contest: options } = contest()
    const { session, opened } = await open([fakeSession()], { contest: options })
    expect([session.active.device, opened, winners]).toEqual(['webgpu', ['webgpu 0'], ['webgpu']])
  })

  test('a GPU that is slow but faster stays, and the rival is released', async () => {
    const { contest: options } = contest()
    const rival = fakeSession({ ms: 200 })
    const { session } = await open([fakeSession({ ms: 60 }), rival], { contest: options })
    expect([session.active.device, rival.released]).toEqual(['webgpu', true])
  })
})
