import { describe, expect, test } from 'vitest'
import { type KeptDocument, KeptDocuments, type Origin } from '../../../src/core/late-interaction/kept-documents.js'
import { hashOfText } from '../../../src/core/text-hash.js'

const WHOLE = { maxLength: 32, inPassages: false }
const SHORT = { maxLength: 16, inPassages: false }
const TEXT = 'the cat sleeps'

const document = (planes = 2): KeptDocument => [{ kept: { tokens: 1, norm: 1, codes: new Uint8Array(64), planes } }]

/** What is kept, and shorter ways to it. */
function keep() {
  const kept = new KeptDocuments(100_000)
  return {
    kept,
    get: (reading = WHOLE) => kept.get(TEXT, reading, kept.beginCall()),
    add: (own: KeptDocument, reading = WHOLE) => kept.add(TEXT, reading, own, kept.beginCall()),
    load: (own: KeptDocument, reading = WHOLE, origin: Origin = 'index') =>
      kept.load(hashOfText(TEXT), { ...reading, origin }, own, kept.beginCall()),
    origins: () => [...kept.entries()].map(({ origin }) => origin),
  }
}

describe('a text that was read here and elsewhere', () => {
  test('in two ways: what was read elsewhere stays when the session’s goes', () => {
    const { kept, get, add, load } = keep()
    const [own, loaded] = [document(), document()]
    load(loaded)
    expect(get()).toBe(loaded)
    const { bytes } = kept
    add(own, SHORT)
    expect([get(), get(SHORT), kept.size]).toEqual([loaded, own, 2])
    kept.forgetRead()
    expect([get(SHORT), kept.size, kept.bytes]).toEqual([undefined, 1, bytes])
    expect(get()).toBe(loaded)
    kept.forget(new Set([loaded]))
    expect([get(), kept.size, kept.bytes]).toEqual([undefined, 0, 0])
  })

  test('in the same way, the index later: it takes the place of the session’s', () => {
    const { kept, get, add, load, origins } = keep()
    add(document())
    const { bytes } = kept
    const loaded = document()
    load(loaded)
    expect(get()).toBe(loaded)
    expect([kept.size, kept.bytes, origins()]).toEqual([1, bytes, ['index']])
    kept.forgetRead()
    expect(get()).toBe(loaded)
  })

  test('the same, claimed for another way of reading', () => {
    const { kept, get, add, load } = keep()
    const [loaded, short] = [document(), document()]
    add(document())
    load(loaded)
    load(short, SHORT)
    expect(get(SHORT)).toBe(short)
    kept.forgetRead()
    expect([get() === loaded, get(SHORT) === short, kept.size]).toEqual([true, true, 2])
  })

  test('an index that still arrives does not take its place before it is whole', () => {
    const { kept, get, add, load } = keep()
    const [own, loaded] = [document(), document(1)]
    add(own)
    load(loaded)
    expect(get()).toBe(own)
    ;(loaded[0] as (typeof loaded)[number]).kept.planes = 2
    expect(get()).toBe(loaded)
    expect(kept.size).toBe(1)
    // Nor is it lost when it is claimed for another reading in the meantime.
    const other = keep()
    other.add(own)
    other.load(document(1))
    other.load(document(), SHORT)
    expect(other.get(SHORT)).toBeDefined()
    other.kept.forgetRead()
    expect(other.get()).toBeDefined()
    expect(other.kept.size).toBe(2)
  })
})
