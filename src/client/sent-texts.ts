import { type BoundedEntry, BoundedMap } from '../core/bounded-map.js'
import type { TextReferences } from '../protocol.js'

/** What a text costs beside its characters, on both sides together: entries of maps, roughly. */
const ENTRY_BYTES = 200

/**
 * The texts that a worker has from earlier calls, by numbers that both sides know. The page decides what is kept: each call says
 * which texts are new, and which ones the worker may forget after it; messages arrive in the order in which they were sent.
 *
 * A text is what it says: one that was changed is another one, whatever object it came from.
 */
export class SentTexts {
  readonly #kept: BoundedMap<string, number>
  /** Numbers that the worker may forget. */
  #forgotten: number[] = []
  /** Numbers that were forgotten, for other texts. */
  #free: number[] = []
  #count = 0
  /** Those of the last call, one a document: most calls are about the same documents in the same order. */
  #last: (BoundedEntry<string, number> | undefined)[] = []

  /** @param maxBytes of texts that are kept, at two bytes a character; with 0 every call sends all of its texts */
  constructor(maxBytes: number) {
    this.#kept = new BoundedMap(maxBytes, (_, number) => this.#forgotten.push(number))
  }

  /** What a call says in place of its texts. It must be sent, and before that of the next call; else `restart` comes before that. */
  refer(texts: readonly string[]): TextReferences {
    const call = this.#kept.beginCall()
    const numbers = new Uint32Array(texts.length)
    const last = this.#last
    this.#last = new Array(texts.length)
    const added: string[] = []
    const addedNumbers: number[] = []
    /** New ones for which there is no room. */
    const unkept = new Map<string, number>()
    texts.forEach((text, i) => {
      const expected = last[i]
      // Comparing costs a fraction of looking for it.
      const entry = expected?.isKept && expected.key === text ? this.#kept.use(expected, call) : this.#kept.get(text, call)
      const number = entry?.value ?? unkept.get(text)
      if (number !== undefined) {
        numbers[i] = number
        this.#last[i] = entry
        return
      }
      const next = this.#free.pop() ?? this.#count++
      numbers[i] = next
      added.push(text)
      addedNumbers.push(next)
      this.#last[i] = this.#kept.set(text, next, 2 * text.length + ENTRY_BYTES, call)
      if (!this.#last[i]) unkept.set(text, next)
    })
    const forgotten = [...this.#forgotten, ...unkept.values()]
    this.#forgotten = []
    for (const number of forgotten) this.#free.push(number)
    return { numbers, added, addedNumbers: Uint32Array.from(addedNumbers), forgotten: Uint32Array.from(forgotten) }
  }

  /** A call could not be sent: from now on the worker has no text. What it may still hold it forgets with the next call. */
  restart(): void {
    this.#kept.clear()
    this.#last = []
    this.#free = []
    this.#forgotten = Array.from({ length: this.#count }, (_, number) => number)
  }
}
