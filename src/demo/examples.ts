/** A question to start from. `scripts/find-examples.js` tried these and others; `examples.md` says where each answer ended up. */
export interface Example {
  question: string
  /** Keyword search puts the right entry higher; said on the chip. */
  keywordsBetter?: true
}

export const EXAMPLES: readonly Example[] = [
  { question: 'how do I keep the phone screen from turning off while my page is open' },
  { question: 'keep the proportions of an image when its box changes' },
  { question: 'copy some words so the user can paste them somewhere else' },
  { question: 'save a canvas drawing as a PNG file' },
  { question: 'where on earth is the user' },
  { question: 'play a video in a small window that floats above other apps' },
  { question: 'talk to other open tabs of my site' },
  { question: 'open a dialog that blocks the rest of the page', keywordsBetter: true },
]
