/**
 * An address without what is behind `?` or `#`: that tells versions of a file apart, or is a signature, which is nobody else's business
 * and another one at the next visit.
 */
export function withoutQuery(address: string): string {
  return address.replace(/[?#].*$/, '')
}
