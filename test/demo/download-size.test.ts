import { expect, test } from 'vitest'
import { bytesOf, type KnownModel } from '../../src/demo/download-size.js'

const KNOWN: KnownModel = { names: ['a'], recommended: { webgpu: 'fp16', wasm: 'q8' }, bytes: { q8: 10, fp16: 20, q4: 5 } }
const auto = { model: 'a', device: 'auto', dtype: 'auto' } as const

test('a download is as large as the largest file that may be taken', () => {
  expect(bytesOf(auto, KNOWN, false)).toBe(10)
  expect(bytesOf(auto, KNOWN, true)).toBe(20)
  expect(bytesOf({ ...auto, device: 'wasm' }, KNOWN, true)).toBe(10)
  expect(bytesOf({ ...auto, dtype: 'q4' }, KNOWN, true)).toBe(5)
})

test('a size that is not known of each of them is not known', () => {
  expect(bytesOf(auto, undefined, false)).toBeUndefined()
  expect(bytesOf({ ...auto, dtype: 'fp32' }, KNOWN, false)).toBeUndefined()
  expect(bytesOf(auto, { ...KNOWN, bytes: { q8: 10 } }, true)).toBeUndefined()
})
