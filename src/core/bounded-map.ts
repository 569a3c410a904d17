/** A value that is kept, or was. */
export interface BoundedEntry<K, V> {
  readonly key: K
  readonly value: V
  readonly bytes: number
  /** False once it had to go. */
  isKept: boolean
}

interface Entry<K, V> extends BoundedEntry<K, V> {
  /** Number of the call that used it last. */
  call: number
  /** Neighbours in the order of their last use. */
  older: Entry<K, V> | undefined
  newer: Entry<K, V> | undefined
}

/**
 * A map under a budget of bytes. What was not used for the longest time goes first, but never what the call that asks for room
 * uses itself: a corpus larger than the budget would else be pushed out from its first document to its last at every call.
 */
export class BoundedMap<K, V> {
  readonly maxBytes: number
  readonly #onEvicted: (key: K, value: V) => void
  readonly #entries = new Map<K, Entry<K, V>>()
  #oldest: Entry<K, V> | undefined
  #newest: Entry<K, V> | undefined
  #bytes = 0
  #calls = 0

  /** @param onEvicted is told of what had to go, but not of what was replaced, deleted or cleared */
  constructor(maxBytes: number, onEvicted: (key: K, value: V) => void = () => undefined) {
    this.maxBytes = maxBytes
    this.#onEvicted = onEvicted
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#entries.size
  }

  /** Number of a new call, for the other methods. */
  beginCall(): number {
    return ++this.#calls
  }

  get(key: K, call: number): BoundedEntry<K, V> | undefined {
    const entry = this.#entries.get(key)
    return entry && this.use(entry, call)
  }

  /** What `get` and `set` gave, used again without looking for it. */
  use(given: BoundedEntry<K, V>, call: number): BoundedEntry<K, V> {
    const entry = given as Entry<K, V>
    if (!entry.isKept || entry.call === call) return entry
    entry.call = call
    this.#unlink(entry)
    this.#link(entry)
    return entry
  }

  /** Keep a value, in place of the key's former one. @returns undefined where there is no room for it beside what the call uses */
  set(key: K, value: V, bytes: number, call: number): BoundedEntry<K, V> | undefined {
    const former = this.#entries.get(key)
    if (bytes > this.maxBytes) return undefined
    // The former one is in use, so that it does not go to make room for what takes its place.
    if (former) this.use(former, call)
    const missing = () => this.#bytes - (former?.bytes ?? 0) + bytes - this.maxBytes
    for (let oldest = this.#oldest; missing() > 0 && oldest && oldest.call !== call; oldest = this.#oldest) {
      this.#remove(oldest)
      this.#onEvicted(oldest.key, oldest.value)
    }
    if (missing() > 0) return undefined
    if (former) this.#remove(former)
    const entry: Entry<K, V> = { key, value, bytes, isKept: true, call, older: undefined, newer: undefined }
    this.#entries.set(key, entry)
    this.#link(entry)
    this.#bytes += bytes
    return entry
  }

  delete(key: K): void {
    const entry = this.#entries.get(key)
    if (entry) this.#remove(entry)
  }

  /** What is kept, in the order in which it came. */
  entries(): IterableIterator<BoundedEntry<K, V>> {
    return this.#entries.values()
  }

  clear(): void {
    for (const entry of this.#entries.values()) entry.isKept = false
    this.#entries.clear()
    this.#oldest = undefined
    this.#newest = undefined
    this.#bytes = 0
  }

  #remove(entry: Entry<K, V>): void {
    this.#unlink(entry)
    this.#entries.delete(entry.key)
    entry.isKept = false
    this.#bytes -= entry.bytes
  }

  #link(entry: Entry<K, V>): void {
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest) this.#newest.newer = entry
    else this.#oldest = entry
    this.#newest = entry
  }

  #unlink(entry: Entry<K, V>): void {
    if (entry.older) entry.older.newer = entry.newer
    else this.#oldest = entry.newer
    if (entry.newer) entry.newer.older = entry.older
    else this.#newest = entry.older
  }
}
