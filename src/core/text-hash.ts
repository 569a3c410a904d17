import { Sha256 } from './sha256.js'

/** Bytes that a text's hash has. */
export const TEXT_HASH_BYTES = 16

/**
 * What a text is known by where it does not stand itself: the first 16 bytes of the SHA-256 of its UTF-16 code units, the lower
 * byte of each first, as a number. Two texts that differ in anything differ in it.
 */
export function hashOfText(text: string): bigint {
  const bytes = new Uint8Array(2 * text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    bytes[2 * i] = unit & 0xff
    bytes[2 * i + 1] = unit >> 8
  }
  return BigInt(
    `0x${new Sha256()
      .update(bytes)
      .digest()
      .slice(0, 2 * TEXT_HASH_BYTES)}`,
  )
}

/** As bytes, the highest first. */
export function writeTextHash(hash: bigint, into: DataView, at: number): void {
  into.setBigUint64(at, hash >> 64n)
  into.setBigUint64(at + 8, hash & 0xffffffffffffffffn)
}

export function readTextHash(from: DataView, at: number): bigint {
  return (from.getBigUint64(at) << 64n) | from.getBigUint64(at + 8)
}
