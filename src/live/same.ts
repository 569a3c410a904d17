/**
 * Whether two values say the same. Options are often written anew at each rendering: objects and lists are compared by what they hold,
 * addresses by where they lead, and functions not at all.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one === 'function') return typeof other === 'function'
  if (one instanceof URL) return other instanceof URL && one.href === other.href
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((value, i) => isSame(value, other[i]))
  if (!isPlain(one) || !isPlain(other)) return false
  const names = Object.keys({ ...one, ...other })
  return names.every((name) => isSame(one[name], other[name]))
}

/** Not a file, bytes, a reranker, or an object of some class: such are the same only where they are one. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || 'rerank' in value) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** Whether two lists hold the same documents, or others with the same texts in the same order. */
export function haveSameTexts<T>(
  one: readonly T[] | undefined,
  other: readonly T[] | undefined,
  textOf: (document: T, index: number) => unknown,
) {
  if (one === other) return true
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false
  try {
    return one.every((document, i) => document === other[i] || textOf(document, i) === textOf(other[i] as T, i))
  } catch {
    return false
  }
}
