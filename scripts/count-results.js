// @ts-check

/**
 * @typedef {object} FileResults one file in vitest's JSON report
 * @property {string} status
 * @property {{ status: string, fullName: string }[]} assertionResults
 */

/**
 * Counts of a run of vitest. A file that failed without a failed test (it could not be loaded, or a hook threw, so that its
 * tests were skipped) is one failure. In other files a test that is skipped has "(skipped: REASON)" in its name or in that of
 * its group; without, it is a failure.
 *
 * @param {FileResults[]} files
 * @param {{ someOnly?: boolean }} [options] `someOnly`: tests were chosen by their names, so that skipping the others is no fault
 * @returns {{ passed: number, failed: number, skipped: number, reasons: Map<string, number>, silent: string[] }} `reasons`:
 * how many tests were skipped for each; `silent`: names of those that were skipped for none
 */
export function countResults(files, { someOnly = false } = {}) {
  const counts = { passed: 0, failed: 0, skipped: 0, reasons: new Map(), silent: /** @type {string[]} */ ([]) }
  for (const { status, assertionResults } of files) {
    const failedBefore = counts.failed
    for (const { status: outcome, fullName } of assertionResults) {
      if (outcome === 'passed' || outcome === 'failed') {
        counts[outcome]++
        continue
      }
      const reason = /\(skipped: (.+?)\)/.exec(fullName)?.[1]
      if (reason === undefined && status === 'passed' && !someOnly) {
        counts.silent.push(fullName)
        counts.failed++
        continue
      }
      counts.skipped++
      if (reason !== undefined) counts.reasons.set(reason, (counts.reasons.get(reason) ?? 0) + 1)
    }
    if (status === 'failed' && counts.failed === failedBefore) counts.failed++
  }
  return counts
}
