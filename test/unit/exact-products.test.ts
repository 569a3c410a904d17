import { readFileSync } from 'node:fs'
import * as ort from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { addsBytesExactly, type OrtNode } from '../../src/node/exact-products.js'

/** onnxruntime-node of a processor on which a sum of products comes to so much. */
const ortOf = (sum: number) =>
  ({
    InferenceSession: { create: async () => ({ run: async () => ({ c: { data: Int32Array.of(sum) } }), release: async () => undefined }) },
    Tensor: ort.Tensor,
  }) as unknown as OrtNode

test('products of bytes are exact where the processor has VNNI', async () => {
  // Nowhere else is it that easy to know.
  const isKnown = process.platform === 'linux' && process.arch === 'x64'
  const hasVnni = () => /^flags.* (?:avx512_vnni|avx_vnni)(?: |$)/m.test(readFileSync('/proc/cpuinfo', 'utf8'))
  expect(await addsBytesExactly(ort as unknown as OrtNode)).toEqual(isKnown ? hasVnni() : expect.any(Boolean))
})

test('and are not where two of them have no room in 16 bits', async () => {
  expect(await addsBytesExactly(ortOf(32 * 255 * 127))).toBe(true)
  expect(await addsBytesExactly(ortOf(16 * 32_767))).toBe(false)
})
