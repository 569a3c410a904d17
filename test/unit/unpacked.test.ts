import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { unpacked } from '../../src/runtime/unpacked.js'

const bytes = new Uint8Array([0, 97, 115, 109, ...Array.from({ length: 70_000 }, (_, i) => i % 251)])

test('a gzip file becomes what it holds', async () => {
  const packed = new Uint8Array(gzipSync(bytes))
  expect(packed.length).toBeLessThan(bytes.length)
  expect(await unpacked(packed)).toEqual(bytes)
})

test('anything else stays as it is', async () => {
  expect(await unpacked(bytes)).toBe(bytes)
  const empty = new Uint8Array()
  expect(await unpacked(empty)).toBe(empty)
})

test('a damaged file is an error', async () => {
  await expect(unpacked(new Uint8Array(gzipSync(bytes).subarray(0, 300)))).rejects.toThrow()
})
