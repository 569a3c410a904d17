import type { Tokenizer } from '../../src/core/tokenizer.js'

/** A token a word; the word's number is its id. */
export const encodeWords = (text: string) => text.split(' ').map(Number)

/** Of such words, with no special tokens: a pair is its query's words and its document's. */
export const wordTokenizer: Tokenizer = {
  encodeQuery: encodeWords,
  encodeDocument: encodeWords,
  template: {
    pieces: [
      { sequence: 'A', type: 0 },
      { sequence: 'B', type: 1 },
    ],
    specialTokens: 0,
  },
  textTemplate: { before: [], after: [] },
  padTokenId: 0,
  unknownTokenId: undefined,
  tokenId: () => undefined,
  maskTokenId: undefined,
}
