/**
 * SentencePiece's Unigram model as Hugging Face tokenizers' Rust code has it (models/unigram/model.rs, `encode_optimized`).
 * @huggingface/tokenizers builds a trie of maps, a node a character, which takes seconds for the 250,002 pieces of
 * XLM-RoBERTa; here one map holds the pieces, and as many prefixes are looked up as the longest piece is long.
 */

export interface UnigramJson {
  type: 'Unigram'
  /** Pieces and their log probabilities. */
  vocab: [piece: string, score: number][]
  unk_id: number | null
}

/** What @huggingface/tokenizers expects of a model: words in, pieces out. */
export interface UnigramModel {
  (words: string[]): string[]
  /** Ids of the pieces; the tokenizer adds its added tokens. */
  tokens_to_ids: Map<string, number>
  vocab: string[]
  unk_token_id: number | undefined
}

/** How much less likely than the least likely piece an unknown character is. */
const UNKNOWN_PENALTY = 10

export function createUnigram({ vocab, unk_id }: UnigramJson): UnigramModel {
  const ids = new Map<string, number>()
  const scores = new Float64Array(vocab.length)
  /** Length of the longest piece that starts with a code unit. */
  const longest = new Map<string, number>()
  let least = 0
  vocab.forEach(([piece, score], id) => {
    ids.set(piece, id)
    scores[id] = score
    least = Math.min(least, score)
    const first = piece.charAt(0)
    if (piece.length > (longest.get(first) ?? 0)) longest.set(first, piece.length)
  })
  const unknownScore = least - UNKNOWN_PENALTY

  /** The most likely pieces of a word; neighbouring unknown characters are one piece. */
  function encode(word: string, pieces: string[]): void {
    const { length } = word
    const best = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY)
    const starts = new Int32Array(length + 1)
    const unknown = new Uint8Array(length + 1)
    best[0] = 0
    const offer = (start: number, end: number, score: number, isUnknown: 0 | 1) => {
      if (score <= (best[end] as number)) return
      best[end] = score
      starts[end] = start
      unknown[end] = isUnknown
    }
    for (let start = 0; start < length; ) {
      const before = best[start] as number
      const width = (word.codePointAt(start) as number) > 0xffff ? 2 : 1
      const last = Math.min(length, start + (longest.get(word.charAt(start)) ?? 0))
      let single = false
      for (let end = start + 1; end <= last; end++) {
        const score = scores[ids.get(word.slice(start, end)) ?? -1]
        if (score === undefined) continue
        offer(start, end, before + score, 0)
        if (end === start + width) single = true
      }
      if (!single) offer(start, start + width, before + unknownScore, 1)
      start += width
    }

    const fromTheEnd: string[] = []
    for (let end = length; end > 0; ) {
      let start = starts[end] as number
      while (unknown[end] && start > 0 && unknown[start]) start = starts[start] as number
      fromTheEnd.push(word.slice(start, end))
      end = start
    }
    // One by one: a call takes no more arguments than its stack has room for.
    for (const piece of fromTheEnd.reverse()) pieces.push(piece)
  }

  const model = (words: string[]) => {
    const pieces: string[] = []
    for (const word of words) encode(word, pieces)
    return pieces
  }
  return Object.assign(model, { tokens_to_ids: ids, vocab: vocab.map(([piece]) => piece), unk_token_id: unk_id ?? undefined })
}
