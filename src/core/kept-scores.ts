import { BoundedMap } from './bounded-map.js'
import type { EncodedInput, Session } from './session.js'
import { Sha256 } from './sha256.js'
import { TEXT_HASH_BYTES } from './text-hash.js'

/** Bytes of scores that are kept where nobody says how many: some 52,000 pairs. */
const DEFAULT_MAX_BYTES = 16 * 2 ** 20

/** What a score takes with its key and its entries in maps, as measured in V8 (314), where a part of a string keeps all of it. */
const SCORE_BYTES = 320

/**
 * What a pair is known by: the first 16 bytes of the SHA-256 of all that the model reads of it, so that the score of another pair is
 * never taken for its own. Of 128 tokens it takes some 10 µs, where a run takes milliseconds.
 */
export function keyOfPair({ inputIds, tokenTypeIds, attended }: EncodedInput): string {
  const hash = new Sha256().update(bytesOf(inputIds)).update(bytesOf(tokenTypeIds))
  if (attended !== undefined) hash.update(bytesOf(Int32Array.of(attended)))
  return hash.digest().slice(0, 2 * TEXT_HASH_BYTES)
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Logits of pairs that have been scored, all of one session: with another one, of another device or dtype, all are forgotten. */
export class KeptScores {
  readonly #scores: BoundedMap<string, number>
  #session: Session | undefined

  constructor(maxBytes = DEFAULT_MAX_BYTES) {
    this.#scores = new BoundedMap(maxBytes)
  }

  /** Whose logits they are; undefined where there are none. */
  get session(): Session | undefined {
    return this.#session
  }

  get bytes(): number {
    return this.#scores.bytes
  }

  get maxBytes(): number {
    return this.#scores.maxBytes
  }

  /** Pairs kept. */
  get size(): number {
    return this.#scores.size
  }

  /** Number of a new call, for `get` and `add`. */
  beginCall(): number {
    return this.#scores.beginCall()
  }

  get(key: string, call: number): number | undefined {
    return this.#scores.get(key, call)?.value
  }

  /** Keep logits of a session, as far as there is room for them beside what the same call uses. What is no number is not kept. */
  add(session: Session, logits: ReadonlyMap<string, number>, call: number): void {
    if (session !== this.#session) this.clear()
    this.#session = session
    for (const [key, logit] of logits) if (Number.isFinite(logit)) this.#scores.set(key, logit, SCORE_BYTES, call)
  }

  clear(): void {
    this.#scores.clear()
    this.#session = undefined
  }
}
