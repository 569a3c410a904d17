import { expect, test } from 'vitest'
import { type Canaries, selfTest } from '../../src/core/self-test.js'
import type { EncodedInput, Session } from '../../src/core/session.js'

/** A device whose numbers depend on the text, and on nothing else unless `wrong` says so. */
function device(wrong: (length: number) => number = () => 0, padding: 'longest' | 'none' = 'longest') {
  const runs: number[][] = []
  const session: Session = {
    policy: { maxInputs: 8, maxTokens: 4096, padding },
    async run(inputs) {
      runs.push(inputs.map(({ inputIds }) => inputIds.length))
      const longest = Math.max(...inputs.map(({ inputIds }) => inputIds.length))
      return inputs.map(({ inputIds, attended }) => inputIds.slice(0, attended).reduce((sum, id) => sum + id, 0) / 1000 + wrong(longest))
    },
    release: async () => undefined,
  }
  return { session, runs }
}

const input = (...ids: number[]): EncodedInput => ({ inputIds: Int32Array.from(ids), tokenTypeIds: new Int32Array(ids.length) })

const canaries = (expected?: number, maxPositions = 512): Canaries => ({
  inputs: [input(1, 50, 60, 2), input(1, 70, 2)],
  logits: (outputs) => outputs,
  expected: [expected, undefined],
  distance: (one, other) => Math.abs(one - other),
  maxPositions,
})

test('without known numbers, a text has the same ones as it is and padded', async () => {
  const { session, runs } = device()
  expect(await selfTest(session, canaries(), 0.1)).toMatchObject({ result: 'unchecked' })
  expect(runs.slice(1)).toEqual([[76], [79]])
})

test.each([
  ['a kernel that is wrong at multiples of 4', (length: number) => (length % 4 === 0 && length > 16 ? 0.6 : 0)],
  ['one that gives no number there', (length: number) => (length === 76 ? Number.NaN : 0)],
])('%s is found out', async (_, wrong) => {
  await expect(selfTest(device(wrong).session, canaries(), 0.1)).rejects.toThrow(
    'the self-test returned other numbers for a text of 76 tokens than for the same one padded',
  )
})

test('a model of few positions is not asked for more', async () => {
  const { session, runs } = device()
  await selfTest(session, canaries(undefined, 32), 0.1)
  expect(runs.slice(1)).toEqual([[28], [31]])
})

test('nothing more is run where the numbers are known, or texts are never padded', async () => {
  for (const [{ session, runs }, expected] of [
    [device(), 0.113],
    [device(undefined, 'none'), undefined],
  ] as const) {
    await selfTest(session, canaries(expected), 0.1)
    expect(runs.flat()).toHaveLength(2)
  }
})
