/** A question to start from. `scripts/find-examples.js` tried these and others, and says where each entry ended up. */
export interface Example {
  question: string
  /** Said on the chip where reranking makes this one worse. */
  note?: string
}

export const EXAMPLES: readonly Example[] = [{ question: 'how do I keep the phone screen from turning off while my page is open' }]
