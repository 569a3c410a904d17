import { expect, test } from 'vitest'
import { countResults } from '../../scripts/count-results.js'

const file = (status: string, ...tests: [status: string, fullName: string][]) => ({
  status,
  assertionResults: tests.map(([status, fullName]) => ({ status, fullName })),
})

test('tests are counted by what became of them', () => {
  const files = [file('failed', ['passed', 'a'], ['failed', 'b']), file('passed', ['passed', 'c'])]
  expect(countResults(files)).toMatchObject({ passed: 2, failed: 1, skipped: 0 })
})

test('a file that failed without a failed test is one failure', () => {
  expect(countResults([file('failed')])).toMatchObject({ passed: 0, failed: 1 })
  expect(countResults([file('failed', ['passed', 'a'])])).toMatchObject({ passed: 1, failed: 1 })
  expect(countResults([file('failed', ['skipped', 'a'], ['skipped', 'b'])])).toMatchObject({ failed: 1, skipped: 2, silent: [] })
})

test('a skipped test counts as skipped where its name says why', () => {
  const files = [file('passed', ['skipped', 'in Firefox (skipped: no Firefox) a'], ['pending', 'in Firefox (skipped: no Firefox) b'])]
  expect(countResults(files)).toEqual({ passed: 0, failed: 0, skipped: 2, reasons: new Map([['no Firefox', 2]]), silent: [] })
})

test.each(['skipped', 'pending', 'todo'])('%s without a reason is a failure', (status) => {
  expect(countResults([file('passed', [status, 'a'])])).toMatchObject({ failed: 1, skipped: 0, silent: ['a'] })
})

test('unless tests were chosen by their names', () => {
  expect(countResults([file('passed', ['skipped', 'a'], ['passed', 'b'])], { someOnly: true })).toMatchObject({
    passed: 1,
    failed: 0,
    skipped: 1,
  })
})
