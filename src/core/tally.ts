import type { Scores } from './engine.js'
import type { PassageRange } from './passages.js'

/** A document of which some passages are still to be read. */
interface Reading {
  /** Passages under way. */
  pending: number
  /** Whether its last passage is among those seen. */
  complete: boolean
  logit: number
  passage?: PassageRange
}

/** The best passage of a scored document, where documents were read in passages. */
export function passageOf({ passages }: Pick<Scores, 'passages'>, document: number): PassageRange | undefined {
  return passages && { start: passages[2 * document] as number, end: passages[2 * document + 1] as number }
}

/**
 * Gathers the logits of documents that are read passage by passage: a document has the logit of its best passage, and
 * has it only when every passage was read, so that a score never depends on how far a call got.
 */
export class Tally {
  /** One a document, `NaN` until it is scored. */
  readonly logits: Float64Array
  /** Start and end of each document's best passage, made with the first that comes. */
  #passages: Uint32Array | undefined
  readonly #reading = new Map<number, Reading>()
  #scored = 0

  constructor(documents: number) {
    this.logits = new Float64Array(documents).fill(Number.NaN)
  }

  /** Documents that have their logit. */
  get scored(): number {
    return this.#scored
  }

  /** A passage of the document is going to be read. */
  expect(document: number, last: boolean): void {
    const reading = this.#reading.get(document) ?? { pending: 0, complete: false, logit: Number.NEGATIVE_INFINITY }
    reading.pending++
    reading.complete ||= last
    this.#reading.set(document, reading)
  }

  /** A passage of the document was read. Of equal ones the first to come is the best. */
  add(document: number, logit: number, passage?: PassageRange): void {
    const reading = this.#reading.get(document) as Reading
    // A logit that is not a number must not vanish among the others: nothing is greater than it.
    if (Number.isNaN(logit) || logit > reading.logit) Object.assign(reading, { logit, passage })
    if (--reading.pending > 0 || !reading.complete) return
    this.#reading.delete(document)
    this.logits[document] = reading.logit
    if (reading.passage) {
      this.#passages ??= new Uint32Array(2 * this.logits.length)
      this.#passages.set([reading.passage.start, reading.passage.end], 2 * document)
    }
    this.#scored++
  }

  /** What is known so far; a copy, which later passages do not change. */
  scores(): Scores {
    const { scored } = this
    return { logits: this.logits.slice(), scored, ...(this.#passages && { passages: this.#passages.slice() }) }
  }
}
