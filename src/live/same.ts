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

/**
 * Whether two lists hold the same documents, or others with the same texts in the same order. Documents without a text that can be read are
 * all the same: where they are made anew at each rendering, the failure is told once. So it is with what is no list.
 */
export function haveSameTexts<T>(
  one: readonly T[] | undefined,
  other: readonly T[] | undefined,
  textOf: (document: T, index: number) => unknown,
): boolean {
  if (one === other) return true
  if (!Array.isArray(one) || !Array.isArray(other)) return !Array.isArray(one) && !Array.isArray(other) && typeof one === typeof other
  const read = (document: T, index: number) => {
    try {
      const text = textOf(document, index)
      return typeof text === 'string' ? text : undefined
    } catch {
      return undefined
    }
  }
  return one.length === other.length && one.every((document, i) => document === other[i] || read(document, i) === read(other[i] as T, i))
}
