import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Sha256 } from '../../src/core/sha256.js'

test('every length around the block size, in pieces of every size, as Node hashes it', () => {
  const wrong: string[] = []
  for (let length = 0; length <= 260; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255)
    const expected = createHash('sha256').update(bytes).digest('hex')
    for (const size of [1, 7, 63, 64, 65, 300]) {
      const hash = new Sha256()
      for (let at = 0; at < length; at += size) hash.update(bytes.subarray(at, at + size))
      if (hash.digest() !== expected) wrong.push(`${length} bytes by ${size}`)
    }
  }
  expect(wrong).toEqual([])
})
