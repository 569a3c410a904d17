/**
 * A question to start from, whose right entry keywords do not have among their first hundred. `scripts/find-examples.js` tried these
 * and others; `examples.md` says where each answer ended up.
 */
export interface Example {
  question: string
  /** The other way round: keyword search puts the right entry higher; said on the chip. */
  keywordsBetter?: true
}

export const EXAMPLES: readonly Example[] = [
  { question: 'stop the display from going dark' },
  { question: 'record the screen of the user' },
  { question: 'undo everything a database write has done so far' },
  { question: 'pick a thing up and let it go somewhere else' },
  { question: 'show something using the whole monitor' },
  { question: 'switch a class on and off' },
  { question: 'cut off long text with three dots' },
  { question: 'open a dialog that blocks the rest of the page', keywordsBetter: true },
]
