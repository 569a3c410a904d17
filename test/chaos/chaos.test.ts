import { expect, test } from 'vitest'
import { runChaos } from './run-chaos.js'

test('a few epochs of chaos', async () => {
  const { problems, counts, epochs } = await runChaos({ seed: 1, seconds: 6 })
  expect(problems).toEqual([])
  expect(epochs).toBeGreaterThan(0)
  expect(counts.fulfilled).toBeGreaterThan(0)
})
