import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loading } from '../../src/core/loading.js'
import { ModelLoadError } from '../../src/errors.js'
import { type FileReader, fileInMemory } from '../../src/model/download/file-reader.js'
import { openEngine, type Platform } from '../../src/runtime/open-engine.js'
import { CandidateError, type OpenedSession } from '../../src/runtime/open-session.js'
import type { ProgressEvent } from '../../src/types.js'

const MODEL = 'test/reference/bert'

/** Reads a folder; the weights are any bytes, and from the second time on what `again` says. */
function readerOf(again: (() => never) | undefined): FileReader & { reads: number; signals: (AbortSignal | undefined)[] } {
  return {
    reads: 0,
    signals: [],
    async read({ url, file, signal }) {
      this.signals.push(signal)
      signal?.throwIfAborted()
      if (file === 'onnx/model.onnx') {
        if (this.reads++ > 0) again?.()
        return { file: fileInMemory(Uint8Array.of(1)), from: 'network' }
      }
      try {
        return { file: fileInMemory(await readFile(new URL(url))), from: 'network' }
      } catch {
        return undefined
      }
    },
    isStored: async () => false,
    evict: async () => undefined,
    recall: async () => undefined,
    ask: async () => undefined,
    remember: async () => undefined,
  }
}

/** A device that is lost after so many runs; its logits are what it was asked for last, so that nothing is equal. */
function platformOf(reader: FileReader, goodRuns: number): Platform {
  const openSession = async ({ weights }: { weights: () => Promise<unknown> }): Promise<OpenedSession> => {
    await weights()
    let runs = 0
    return {
      runtime: 'ort-node',
      threads: 1,
      policy: { maxInputs: 64, maxTokens: 4096, padding: 'apart' },
      run: async (pairs) => {
        if (++runs > goodRuns) throw new CandidateError('device-lost', 'the device was lost')
        return Float32Array.from(pairs, ({ inputIds }) => inputIds.length)
      },
      release: async () => undefined,
    }
  }
  return { reader, openSession: openSession as Platform['openSession'], cpus: ['cpu'], inWorker: false }
}

const OPTIONS = {
  location: { kind: 'folder', name: 'bert', url: pathToFileURL(`${MODEL}/`).href, query: '' } as const,
  dtype: 'fp32' as const,
  // Every call runs the model.
  states: { maxBytes: 0 },
}
const PAIRS = [
  ['a', 'b'],
  ['a', 'b c d'],
] as const

test.each(['initiate', 'estimate', 'ready'])(
  'an onProgress that throws at "%s" ends loading with that error, and the session',
  async (status) => {
    const error = new Error('of the page')
    let [opened, released] = [0, 0]
    const platform = platformOf(readerOf(undefined), 100)
    const { openSession } = platform
    platform.openSession = async (request) => {
      const session = await openSession(request)
      opened++
      return { ...session, release: async () => void released++ }
    }
    const onProgress = (event: ProgressEvent) => {
      if (event.status === status) throw error
    }
    const ended = loading({ onProgress }, (hooks) => openEngine({ ...OPTIONS, ...hooks }, platform)).then(
      () => expect.fail('it was loaded'),
      (reason) => reason,
    )
    expect(await ended).toBe(error)
    expect(released).toBe(opened)
  },
)

describe('a device lost after loading', () => {
  test('what is read again needs the network: the call fails as that, and a later one works', async () => {
    let offline = true
    const reader = readerOf(() => {
      if (offline) throw new ModelLoadError('download-failed', 'offline')
      return undefined as never
    })
    const engine = await openEngine(OPTIONS, platformOf(reader, 2))
    await engine.computeScore({ pairs: PAIRS })
    await expect(engine.computeScore({ pairs: PAIRS })).rejects.toMatchObject({ name: 'ModelLoadError', code: 'download-failed' })
    offline = false
    expect(await engine.computeScore({ pairs: PAIRS })).toHaveLength(2)
    expect(engine.info.fallbacks).toMatchObject([{ code: 'device-lost' }])
  })

  test('the signal given for loading is not heard any more', async () => {
    const controller = new AbortController()
    const engine = await openEngine({ ...OPTIONS, signal: controller.signal }, platformOf(readerOf(undefined), 2))
    await engine.computeScore({ pairs: PAIRS })
    controller.abort(new Error('too late'))
    expect(await engine.computeScore({ pairs: PAIRS })).toHaveLength(2)
  })

  test('dispose ends the reading', async () => {
    const reader = readerOf(undefined)
    const engine = await openEngine(OPTIONS, platformOf(reader, 2))
    await engine.dispose()
    expect(reader.signals.every((signal) => signal?.aborted)).toBe(true)
  })
})
