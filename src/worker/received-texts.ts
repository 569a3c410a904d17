import type { TextReferences } from '../protocol.js'

/** The worker's side of what the page sent: its texts, by the numbers that the page gave them. */
export class ReceivedTexts {
  readonly #texts: (string | undefined)[] = []

  /** A call's texts, one a document. Calls have to come here in the order in which they arrive. */
  resolve({ numbers, added, addedNumbers, forgotten }: TextReferences): string[] {
    added.forEach((text, i) => {
      this.#texts[addedNumbers[i] as number] = text
    })
    const texts = Array.from(numbers, (number) => {
      const text = this.#texts[number]
      if (text === undefined) throw new Error(`the page names a text that it has not sent (${number})`)
      return text
    })
    for (const number of forgotten) this.#texts[number] = undefined
    return texts
  }
}
