import { beforeAll, describe, expect, test } from 'vitest'
import { compileKernel } from '../../../scripts/compile-kernel.js'
import { askQuery } from '../../../src/core/late-interaction/asked-query.js'
import type { Codes } from '../../../src/core/late-interaction/codes.js'
import { keepText } from '../../../src/core/late-interaction/kept-text.js'
import { createSimdSumUp } from '../../../src/core/late-interaction/simd-sums.js'
import { type SumUp, sumUp } from '../../../src/core/late-interaction/sums.js'

/** Numbers from -0.5 to 0.5, the same at every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state / 0x7fffffff - 0.5
  }
}

const next = random(7)
const dimensions = 384
const codes: Codes = {
  dimensions,
  bits: 3,
  step: 0.586,
  scales: [0.8, 0.5, 0.3],
  rarity: Uint8Array.from({ length: 40 }, (_, id) => (id % 5 === 0 ? 0 : 3 * id)),
}
const embeddings = (tokens: number) => ({ tokens, data: Float32Array.from({ length: tokens * dimensions }, next) })
const texts = [1, 2, 15, 16, 17, 31, 32, 33, 48, 49, 64, 129].map((tokens) => keepText(embeddings(tokens), codes))

describe('sums with SIMD are those of plain JavaScript', () => {
  let simd: SumUp
  beforeAll(async () => {
    simd = createSimdSumUp(Buffer.from(await compileKernel('kernels/sum-up.ts'), 'base64'))
  })

  test.each([1, 2, 7, 24])('a query of %i tokens', (tokens) => {
    const query = askQuery(
      embeddings(tokens),
      Array.from({ length: tokens }, (_, i) => i),
      codes,
    )
    for (const bits of [1, 2, 3]) {
      expect(simd(query, texts, bits)).toEqual(sumUp(query, texts, bits))
      // Alone, and in another order.
      expect([...texts].reverse().map((text) => simd(query, [text], bits)[0])).toEqual(sumUp(query, [...texts].reverse(), bits))
    }
  })

  test('more texts than are copied at a time', () => {
    const query = askQuery(embeddings(3), [1, 2, 3], codes)
    const many = Array.from({ length: 700 }, (_, i) => texts[i % texts.length] as (typeof texts)[number])
    expect(simd(query, many, 2)).toEqual(sumUp(query, many, 2))
  })
})
