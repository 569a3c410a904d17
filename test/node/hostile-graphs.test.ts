import { createReranker } from 'page-rerank/node'
import { expect, test } from 'vitest'
import { isRerankerError } from '../../src/errors.js'
import { filesOf } from '../support/hub.js'
import { mutateBytes } from '../support/mutate.js'
import { Random } from '../support/random.js'

/** A graph is a program that ONNX Runtime runs; of a spoilt one it makes an error or numbers, and nothing else. */
const files = filesOf('test/reference/bert')
const WEIGHTS = 'onnx/model.onnx'
/** What says how the graph is built, mostly; the weights behind it may be any numbers. */
const HEAD = 6000

test('60 spoilt graphs: a typed error, or a number for each pair', async () => {
  const random = new Random(6)
  const whole = files[WEIGHTS] as Uint8Array
  const outcomes = { errors: 0, scores: 0 }
  for (let i = 0; i < 60; i++) {
    const spoilt = Buffer.concat([mutateBytes(whole.subarray(0, HEAD), random), whole.subarray(HEAD)])
    try {
      const reranker = await createReranker({ model: { ...files, [WEIGHTS]: spoilt }, dtype: 'fp32' })
      const scores = await reranker.computeScore([
        ['a question', 'an answer'],
        ['a question', 'another'],
      ])
      await reranker.dispose()
      expect(scores).toHaveLength(2)
      expect(scores.every(Number.isFinite)).toBe(true)
      outcomes.scores++
    } catch (error) {
      if (!isRerankerError(error)) throw error
      outcomes.errors++
    }
  }
  expect(Math.min(outcomes.errors, outcomes.scores)).toBeGreaterThan(0)
})
