const MAX_LENGTH = 512

/** No separators but `/`, nothing an address or a file system gives a meaning to, nothing that cannot be seen. */
const SEGMENT = /^[^\\/:?#%*"<>|\p{Cc}\p{Cf}\p{Cs}]+$/u

/**
 * Is this a path that stays inside a model's folder, in addresses and on every file system? Paths in a model's own files
 * (page-rerank.json, its graphs) are somebody else's words: they must not lead to other folders, sites or disks.
 */
export function isInnerPath(path: unknown): path is string {
  if (typeof path !== 'string' || path.length > MAX_LENGTH) return false
  // Systems and address parsers drop dots and spaces at the ends, so `.. ` may become `..`.
  return path.split('/').every((segment) => SEGMENT.test(segment) && segment === segment.trim() && !segment.endsWith('.'))
}
