import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EncodedInput } from '../../src/core/session.js'
import { InvalidInputError, ModelLoadError } from '../../src/errors.js'
import type { Candidate } from '../../src/runtime/candidates.js'
import { DeviceSession, type DeviceSessionOptions } from '../../src/runtime/device-session.js'
import { CandidateError, type OpenedSession } from '../../src/runtime/open-session.js'
import type { Fallback } from '../../src/types.js'

const GPU: Candidate = { device: 'webgpu', dtype: 'fp32' }
const WASM: Candidate = { device: 'wasm', dtype: 'q8' }
const pair = (id: number): EncodedInput => ({ inputIds: Int32Array.of(id), tokenTypeIds: Int32Array.of(0) })
const CANARIES = {
  inputs: [1, 2, 3].map(pair),
  logits: (outputs: readonly number[]) => outputs,
  expected: [1, 2, 3],
  distance: (one: number, other: number) => Math.abs(one - other),
  maxPositions: 512,
}

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

  test('a run that fails a moment before the device says that it is lost: lost is what it is', async () => {
    const loss = new AbortController()
    const run = fakeSession().run
    let runs = 0
    const dying = fakeSession({
      lost: loss.signal,
      run: async (inputs) => {
        if (runs++ < 1) return run(inputs)
        setTimeout(() => loss.abort(new CandidateError('device-lost', 'the device was lost: destroyed')), 20)
        throw new Error('mapAsync failed')
      },
    })
    const { session, fallbacks } = await open([dying, fakeSession()])
    await session.run([pair(7)])
    expect(fallbacks).toMatchObject([{ code: 'device-lost', reason: expect.stringContaining('destroyed') }])
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

  describe('a device that does not answer', () => {
    beforeEach(() => vi.useFakeTimers())
    afterEach(() => vi.useRealTimers())

    /** The self-test's run takes so long a token, and the one after it is answered when it is told to be, or never. */
    const hanging = (pace: number) => {
      let answer!: () => void
      const answered = new Promise<void>((resolve) => {
        answer = resolve
      })
      let runs = 0
      const run: OpenedSession['run'] = async (pairs) => {
        if (++runs === 1 && pace > 0) await new Promise((done) => setTimeout(done, 3 * pace))
        if (runs === 2) await answered
        return Float32Array.from(pairs, (one) => one.inputIds[0] as number)
      }
      return { ...fakeSession({ run }), answer }
    }
    const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000)

    test('counts as lost after a while; runs that come later are answered too', async () => {
      const { session, fallbacks, opened } = await open([hanging(0), fakeSession()])
      const all = [score(session, 7), score(session, 8)]
      await minutes(1.9)
      expect(opened).toEqual(['webgpu 0'])
      await minutes(0.2)
      expect(await Promise.all(all)).toEqual([[7], [8]])
      expect(opened).toEqual(['webgpu 0', 'webgpu 1'])
      expect(fallbacks).toMatchObject([{ ...GPU, code: 'device-lost', reason: 'the device did not answer within 120 seconds' }])
      expect(vi.getTimerCount()).toBe(0)
    })

    test('and again: the next candidate takes over', async () => {
      const { session, opened } = await open([hanging(0), hanging(0), fakeSession()])
      const running = score(session, 7)
      await minutes(5)
      expect(await running).toEqual([7])
      expect(opened).toEqual(['webgpu 0', 'webgpu 1', 'wasm 0'])
    })

    test('one that was slow in the self-test is given its time, by the tokens of a run', async () => {
      const slow = hanging(2000)
      const opening = open([slow, fakeSession()])
      await minutes(1)
      const { session, fallbacks } = await opening
      // Four tokens at two seconds each, thirty times, beside the two minutes.
      const running = score(session, 1, 2, 3, 4)
      await minutes(5.9)
      slow.answer()
      expect(await running).toEqual([1, 2, 3, 4])
      expect(fallbacks).toEqual([])
    })

    test('a first run may compile for ten minutes; the next candidate is not kept waiting for ever', async () => {
      const compiling = hanging(3 * 60_000)
      const opening = open([compiling, fakeSession()])
      await minutes(9.5)
      expect((await opening).fallbacks).toEqual([])
      const stuck = fakeSession({ run: () => new Promise(() => undefined) })
      const second = open([stuck, fakeSession()])
      await minutes(10.1)
      expect((await second).session.active.device).toBe('wasm')
      expect((await second).fallbacks).toMatchObject([{ ...GPU, code: 'device-lost', reason: expect.stringContaining('600 seconds') }])
    })

    test('seconds in which the thread did not run do not count: a page that was frozen, a laptop that slept', async () => {
      const sleeping = hanging(0)
      const { session, opened } = await open([sleeping, fakeSession()])
      const running = score(session, 7)
      await minutes(1.5)
      // Timers that are due fire once then.
      const { clock } = setTimeout as unknown as { clock: { jump(ms: number): void } }
      clock.jump(8 * 3_600_000)
      await minutes(0.4)
      sleeping.answer()
      expect(await running).toEqual([7])
      expect(opened).toEqual(['webgpu 0'])
    })
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
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  /** Opened in as much time as it takes. */
  const openSoon = async (...how: Parameters<typeof open>) => {
    const opening = open(...how)
    await vi.advanceTimersByTimeAsync(10_000)
    return opening
  }

  const comparing = () => {
    const faster: string[] = []
    return { faster, comparison: { other: WASM, remember: async ({ device }: Candidate) => void faster.push(device) } }
  }

  test('a slow GPU loses to WASM, which is remembered', async () => {
    const { faster, comparison } = comparing()
    const slow = fakeSession({ ms: 60 })
    const { session, fallbacks } = await openSoon([slow, fakeSession()], { comparison })
    expect(session.active.device).toBe('wasm')
    expect(slow.released).toBe(true)
    expect(faster).toEqual(['wasm'])
    expect(fallbacks).toMatchObject([{ device: 'webgpu', code: 'slower' }])
    expect(await score(session, 3)).toEqual([3])
  })

  test('a fast GPU stays without WASM being loaded', async () => {
    const { faster, comparison } = comparing()
    const { session, opened } = await openSoon([fakeSession()], { comparison })
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
    const { session } = await openSoon([compiling, fakeSession({ ms: 60 })], { comparison })
    expect([session.active.device, faster]).toEqual(['webgpu', ['webgpu']])
  })

  test('a GPU that is slow but faster stays, and the other is released', async () => {
    const { comparison } = comparing()
    const other = fakeSession({ ms: 200 })
    const { session } = await openSoon([fakeSession({ ms: 60 }), other], { comparison })
    expect([session.active.device, other.released]).toEqual(['webgpu', true])
  })

  test('a GPU that fails while it is timed is not remembered as the faster one', async () => {
    const { faster, comparison } = comparing()
    let runs = 0
    const failing = fakeSession({
      run: async (pairs) => {
        if (++runs > 1) throw new Error('device gone')
        return Float32Array.from(pairs, (one) => one.inputIds[0] as number)
      },
    })
    const { session } = await openSoon([failing, fakeSession()], { comparison })
    expect(faster).toEqual([])
    expect(await score(session, 3)).toEqual([3])
  })

  test('without a network for the other the GPU stays, and the next visit compares again', async () => {
    const { faster, comparison } = comparing()
    const { session } = await openSoon([fakeSession({ ms: 60 }), new ModelLoadError('download-failed', 'offline')], { comparison })
    expect([session.active.device, faster]).toEqual(['webgpu', []])
  })
})
