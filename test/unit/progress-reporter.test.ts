import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ProgressReporter } from '../../src/model/download/progress-reporter.js'
import type { ProgressEvent } from '../../src/types.js'

// Events of one file are 100 ms apart at the least.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

type Total = Extract<ProgressEvent, { status: 'progress_total' }>

function record() {
  const totals: Total[] = []
  const reporter = new ProgressReporter('a model', (event) => {
    if (event.status === 'progress_total') totals.push(event)
  })
  /** A file that comes in pieces of a tenth. */
  const fetch = (file: string, bytes: number) => {
    for (let loaded = 0; loaded <= bytes; loaded += bytes / 10) {
      vi.advanceTimersByTime(200)
      reporter.advance(file, loaded, bytes)
    }
  }
  return { reporter, totals, fetch, progress: () => totals.map(({ progress }) => progress) }
}

const isRising = (values: number[]) => values.every((value, i) => i === 0 || value >= (values[i - 1] as number))

test('the small files, read before anybody knows which weights, are not taken for all of it', () => {
  const { reporter, fetch, progress, totals } = record()
  fetch('config.json', 500)
  fetch('tokenizer.json', 500_000)
  expect(new Set(progress())).toEqual(new Set([0]))
  reporter.expect('onnx/model.onnx', 9_500_000)
  reporter.countedWeights()
  fetch('onnx/model.onnx', 9_500_000)
  expect(isRising(progress())).toBe(true)
  expect(progress().at(-1)).toBe(100)
  expect(totals.at(-1)).toMatchObject({ loaded: 10_000_500, total: 10_000_500 })
  // The first event of the weights: the small files are a twentieth.
  expect(progress().find((one) => one > 0)).toBeCloseTo(5, 0)
})

test.each([
  ['a file that is fetched a second time', 'onnx/model.onnx', 1000],
  ['other weights besides', 'onnx/model_fp16.onnx', 4000],
])('%s: neither progress nor loaded falls', (_, file, bytes) => {
  const { reporter, fetch, progress, totals } = record()
  reporter.countedWeights()
  fetch('onnx/model.onnx', 1000)
  fetch(file, bytes)
  expect(isRising(progress())).toBe(true)
  expect(isRising(totals.map(({ loaded }) => loaded))).toBe(true)
  for (const { loaded, total } of totals) expect(loaded).toBeLessThanOrEqual(total)
  expect(totals.at(-1)?.loaded).toBe(totals.at(-1)?.total)
})
