import { describe } from 'vitest'

/**
 * A group of tests that needs something a machine may lack. Without it they count as skipped, and their names say why:
 * `npm test` takes a skipped test without a reason for a failure.
 *
 * @param missing what is missing; undefined where nothing is
 */
export function describeWhere(missing: string | undefined, name: string, tests: () => void): void {
  describe.skipIf(missing)(missing ? `${name} (skipped: ${missing})` : name, tests)
}
