import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import type { EncodedInput } from '../../src/core/session.js'
import { InvalidInputError, ModelLoadError } from '../../src/errors.js'
import type { Candidate } from '../../src/runtime/candidates.js'
import { DeviceSession, type DeviceSessionOptions } from '../../src/runtime/device-session.js'
import { CandidateError, type OpenedSession } from '../../src/runtime/open-session.js'
import type { Fallback } from '../../src/types.js'

const GPU: Candidate = { device: 'webgpu', dtype: 'fp32' }
const WASM: Candidate = { device: 'wasm', dtype: 'q8' }
const pair = (id: number): EncodedInput => ({ inputIds: Int32Array.of(id), tokenTypeIds: Int32Array.of(0) })
const CANARIES = { inputs: [1, 2, 3].map(pair), logits: (outputs: readonly number[]) => outputs, expected: [1, 2, 3] }

/** A session whose logit is the pair's first token id, unless told otherwise. */
function fakeSession(behaviour: Partial<OpenedSession> & { ms?: number } = {}): OpenedSession & { released: boolean } {
  const session = {
    runtime: 'ort-web' as const,
    threads: 1,
    policy: { maxInputs: 8, maxTokens: 99, padding: 'longest' as const },
    released: false,
    run: async (pairs: readonly EncodedInput[]) => {
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

/** What a pair scores. */
async function score(session: DeviceSession, ...ids: number[]): Promise<number[]> {
  return [...(await session.run(ids.map(pair))).outputs]
}

const unable = (why: string) => new CandidateError('session-failed', why)

async function open(sessions: (OpenedSession | Error)[], options: Partial<DeviceSessionOptions<number>> = {}) {
  const fallbacks: Fallback[] = []
  const opened: string[] = []
  const session = await DeviceSession.open({
    candidates: [GPU, WASM],
    fallbacks,
    canaries: CANARIES,
    isValid: Number.isFinite,
    tolerance: () => 0.1,
    open: async ({ device }, attempt) => {
      opened.push(`${device} ${attempt}`)
      const next = sessions.shift()
      if (next instanceof Error || !next) throw next ?? new CandidateError('session-failed', 'none left')
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
    await expect(open([unable('no memory'), unable('no wasm')])).rejects.toMatchObject({
      code: 'session-failed',
      message: expect.stringMatching(/webgpu fp32: no memory; wasm q8: no wasm/),
    })
  })

  test('a model at fault is told as such', async () => {
    const missing = new ModelLoadError('model-not-found', 'no weights', { file: 'onnx/model.onnx' })
    await expect(open([unable('no gpu'), missing])).rejects.toBe(missing)
  })

  test.each([
    ['a caller’s own reason', { why: 'changed my mind' }],
    ['a timeout', new DOMException('timed out', 'TimeoutError')],
    ['a network failure', new ModelLoadError('download-failed', 'status 503')],
    ['a refusal', new ModelLoadError('access-denied', 'status 403')],
    ['full storage', new ModelLoadError('storage-full', 'no room')],
    ['a damaged file', new ModelLoadError('model-file-invalid', 'not an ONNX model')],
    ['an impossible option', new InvalidInputError('invalid-option', 'no such runtime')],
  ])('%s is no fault of the candidate’s: it ends the opening as it is, at once', async (_, reason) => {
    const opened: string[] = []
    const fallbacks: Fallback[] = []
    const opening = open([], {
      fallbacks,
      open: async ({ device }) => {
        opened.push(device)
        throw reason
      },
    })
    await expect(opening).rejects.toBe(reason)
    expect([opened, fallbacks]).toEqual([['webgpu'], []])
  })

  test('a file that is missing is missing on every device', async () => {
    const candidates: Candidate[] = [GPU, { device: 'wasm', dtype: 'fp32' }, WASM]
    const { opened, fallbacks } = await open([new ModelLoadError('model-not-found', 'no fp32 weights'), fakeSession()], { candidates })
    expect(opened).toEqual(['webgpu 0', 'wasm 0'])
    expect(fallbacks).toMatchObject([{ ...GPU, code: 'missing-file' }])
  })

  test('what no dtype can mend gives up the device at once', async () => {
    const fp16: Candidate = { device: 'webgpu', dtype: 'fp16' }
    const broken = new CandidateError('unavailable', 'no runtime', { everyDtype: true })
    const { opened } = await open([broken, fakeSession()], { candidates: [fp16, GPU, WASM] })
    expect(opened).toEqual(['webgpu 0', 'wasm 0'])
  })
})

describe('failing later', () => {
  /** Answers so many runs, then fails. The first one is the self-test's. */
  const failsAt = (good: number): OpenedSession['run'] => {
    let runs = 0
    return async (pairs) => {
      if (++runs > good) throw new Error('device gone')
      return Float32Array.from(pairs, (one) => one.inputIds[0] as number)
    }
  }
  const failing = () => fakeSession({ run: failsAt(1) })

  test('opened once more, then the next candidate; the run is answered each time', async () => {
    const { session, opened, fallbacks } = await open([failing(), failing(), fakeSession()])
    expect(await score(session, 5, 4)).toEqual([5, 4])
    expect(opened).toEqual(['webgpu 0', 'webgpu 1', 'wasm 0'])
    expect(session.active.device).toBe('wasm')
    expect(fallbacks.map((one) => one.device)).toEqual(['webgpu', 'webgpu'])
  })

  test('a run tells which session it was; runs at the same time replace it once', async () => {
    const { session, opened } = await open([failing(), fakeSession()])
    const before = session.active.session
    const [one, two] = await Promise.all([session.run([pair(5)]), session.run([pair(6)])])
    expect([one?.outputs[0], two?.outputs[0]]).toEqual([5, 6])
    expect(one?.session).toBe(two?.session)
    expect(one?.session).not.toBe(before)
    expect(opened).toEqual(['webgpu 0', 'webgpu 1'])
  })

  test('a replacement that the network keeps away fails the run as that; the next run tries again', async () => {
    const offline = new ModelLoadError('download-failed', 'offline')
    const { session, fallbacks } = await open([failing(), offline, offline, fakeSession()])
    await expect(session.run([pair(5)])).rejects.toBe(offline)
    await expect(session.run([pair(5)])).rejects.toBe(offline)
    expect(await score(session, 5)).toEqual([5])
    expect(session.active.device).toBe('webgpu')
    expect(fallbacks).toHaveLength(1)
  })

  test('a session that never gives its memory back does not keep the next one waiting', async () => {
    vi.useFakeTimers()
    const stuck = { ...failing(), release: () => new Promise<void>(() => undefined) }
    const { session } = await open([stuck, fakeSession()])
    const running = score(session, 7)
    await vi.advanceTimersByTimeAsync(5000)
    vi.useRealTimers()
    expect(await running).toEqual([7])
  })

  test('a device that worked long since its last failure is opened once more', async () => {
    vi.useFakeTimers()
    const { session, opened } = await open([failing(), fakeSession({ run: failsAt(2) }), fakeSession()])
    await session.run([pair(1)])
    await vi.advanceTimersByTimeAsync(60 * 60_000)
    await session.run([pair(1)])
    vi.useRealTimers()
    expect(opened).toEqual(['webgpu 0', 'webgpu 1', 'webgpu 2'])
  })

  test('the batch is cut anew where the next device wants single pairs', async () => {
    const sizes: number[] = []
    const single = fakeSession({
      policy: { maxInputs: 1, maxTokens: 99, padding: 'none' },
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
    const running = score(session, 9)
    loss.abort(new CandidateError('device-lost', 'the device was lost: destroyed'))
    expect(await running).toEqual([9])
    expect(fallbacks).toMatchObject([{ code: 'device-lost', reason: expect.stringContaining('destroyed') }])
  })

  test('a device that is never lost keeps nothing of its runs', async () => {
    const { signal } = new AbortController()
    const { session } = await open([fakeSession({ lost: signal })])
    for (let i = 0; i < 100; i++) await session.run([pair(1)])
    await new Promise((resolve) => setTimeout(resolve))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('when every device has failed the run rejects; the next one tries them all again', async () => {
    const { session, opened } = await open([failing(), failing(), failing(), failing(), fakeSession()])
    await expect(session.run([pair(1)])).rejects.toMatchObject({ code: 'session-failed' })
    expect(opened).toEqual(['webgpu 0', 'webgpu 1', 'wasm 0', 'wasm 1'])
    expect(await score(session, 1)).toEqual([1])
    expect(opened.at(-1)).toBe('webgpu 2')
  })

  test('a device that fails again and again fills no list', async () => {
    const { session, fallbacks } = await open(Array.from({ length: 400 }, failing))
    for (let i = 0; i < 60; i++) await session.run([pair(1)]).catch(() => undefined)
    expect(fallbacks.length).toBeLessThan(40)
  })
})

describe('a comparison', () => {
  const comparing = () => {
    const faster: string[] = []
    return { faster, comparison: { other: WASM, remember: async ({ device }: Candidate) => void faster.push(device) } }
  }

  test('a slow GPU loses to WASM, which is remembered', async () => {
    const { faster, comparison } = comparing()
    const slow = fakeSession({ ms: 60 })
    const { session, fallbacks } = await open([slow, fakeSession()], { comparison })
    expect(session.active.device).toBe('wasm')
    expect(slow.released).toBe(true)
    expect(faster).toEqual(['wasm'])
    expect(fallbacks).toMatchObject([{ device: 'webgpu', code: 'slower' }])
    expect(await score(session, 3)).toEqual([3])
  })

  test('a fast GPU stays without WASM being loaded', async () => {
    const { faster, comparison } = comparing()
    const { session, opened } = await open([fakeSession()], { comparison })
    expect([session.active.device, opened, faster]).toEqual(['webgpu', ['webgpu 0'], ['webgpu']])
  })

  test('only warm runs are timed: a GPU that compiles for long is not slow', async () => {
    const { faster, comparison } = comparing()
    let runs = 0
    const compiling = fakeSession({
      run: async (pairs) => {
        if (++runs === 1) await new Promise((resolve) => setTimeout(resolve, 300))
        return Float32Array.from(pairs, (one) => one.inputIds[0] as number)
      },
    })
    const { session } = await open([compiling, fakeSession({ ms: 60 })], { comparison })
    expect([session.active.device, faster]).toEqual(['webgpu', ['webgpu']])
  })

  test('a GPU that is slow but faster stays, and the other is released', async () => {
    const { comparison } = comparing()
    const other = fakeSession({ ms: 200 })
    const { session } = await open([fakeSession({ ms: 60 }), other], { comparison })
    expect([session.active.device, other.released]).toEqual(['webgpu', true])
  })

  test('without a network for the other the GPU stays, and the next visit compares again', async () => {
    const { faster, comparison } = comparing()
    const { session } = await open([fakeSession({ ms: 60 }), new ModelLoadError('download-failed', 'offline')], { comparison })
    expect([session.active.device, faster]).toEqual(['webgpu', []])
  })
})
