/** Assertions that run in Node and in a page alike. */

export function ok(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  ok(a === b, `${what}: expected ${b}, got ${a}`)
}

export function close(actual: number, expected: number, tolerance: number, what: string): void {
  ok(Math.abs(actual - expected) <= tolerance, `${what}: expected ${expected} ± ${tolerance}, got ${actual}`)
}

interface Caught extends Error {
  code?: string
  index?: number
  option?: string
  file?: string
}

/** The error a promise rejects with. */
export async function rejection(promise: Promise<unknown>, what: string): Promise<Caught> {
  try {
    await promise
  } catch (error) {
    return error as Caught
  }
  throw new Error(`${what}: expected a rejection`)
}
