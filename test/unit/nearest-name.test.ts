import { expect, test } from 'vitest'
import { nearestName } from '../../src/core/nearest-name.js'

const names = ['top-n', 'model', 'model-file', 'min-score', 'max-length', 'on-mismatch', 'device', 'dtype', 'run', 'limit']

test.each([
  ['topn', 'top-n'],
  ['topN', 'top-n'],
  ['top_n', 'top-n'],
  ['modle', 'model'],
  ['maxlenght', 'max-length'],
  ['min-scor', 'min-score'],
  ['devise', 'device'],
  ['type', 'dtype'],
  ['onMissmatch', 'on-mismatch'],
])('%s is %s mistyped', (mistyped, name) => {
  expect(nearestName(mistyped, names)).toBe(name)
})

test.each(['verbose', 'n', 'ran', 'quiet', 'score', ''])('%s is like none of them', (name) => {
  expect(nearestName(name, names)).toBeUndefined()
})
