/**
 * A tokenizer.json is somebody else's words, and what it says is run over every text. What no tokenizer needs, and would make
 * some texts take for ever or all memory, is refused.
 */

/** Longest piece of a vocabulary that is looked for at every place of a text. XLM-RoBERTa's longest has 16 characters. */
const MAX_PIECE = 256
/** Longest word that WordPiece looks at; 100 by default. */
const MAX_WORD = 1000
/** Longest text or pattern in a normalizer or pre-tokenizer. GPT-4's pattern has 300 characters. */
const MAX_TEXT = 5000
/** Steps that a normalizer or pre-tokenizer has. */
const MAX_STEPS = 1000
const MAX_DEPTH = 20

interface Parts {
  normalizer?: unknown
  pre_tokenizer?: unknown
  model?: unknown
}

/** @throws Error saying what is refused */
export function checkTokenizerLimits({ normalizer, pre_tokenizer, model }: Parts): void {
  checkSteps(normalizer)
  checkSteps(pre_tokenizer)
  const { max_input_chars_per_word: longest = 0, vocab } = (model ?? {}) as { max_input_chars_per_word?: unknown; vocab?: unknown }
  if (!(typeof longest === 'number' && longest <= MAX_WORD)) throw new Error(`max_input_chars_per_word is over ${MAX_WORD}`)
  if (Array.isArray(vocab) && vocab.some((entry) => Array.isArray(entry) && String(entry[0]).length > MAX_PIECE)) {
    throw new Error(`a piece of its vocabulary has more than ${MAX_PIECE} characters`)
  }
}

/** The texts and patterns in a normalizer's or pre-tokenizer's steps, wherever they are. */
function checkSteps(root: unknown): void {
  let count = 0
  const check = (value: unknown, key: string, depth: number): void => {
    if (++count > MAX_STEPS || depth > MAX_DEPTH) throw new Error('its normalizer or pre-tokenizer has more steps than any needs')
    if (typeof value === 'string' && key !== 'precompiled_charsmap') {
      if (value.length > MAX_TEXT) throw new Error(`its ${key} has more than ${MAX_TEXT} characters`)
      if (key === 'Regex' && !isBounded(value)) throw new Error(`its pattern ${value} can take for ever`)
    } else if (typeof value === 'object' && value !== null) {
      for (const [inner, one] of Object.entries(value)) check(one, inner, depth + 1)
    }
  }
  check(root, '', 0)
}

/**
 * Whether a regular expression cannot take exponential time: no group is repeated, and nothing that was found is looked for
 * again. Tokenizers' patterns are alternatives of repeated character classes, with a group made optional at the most.
 */
export function isBounded(source: string): boolean {
  const plain = source.replace(/\\[^1-9k]|\\k(?!<)/gs, '_').replace(/\[[^\]]*\]/gs, '_')
  return !/\)[*+{]|\\[1-9]|\\k</.test(plain)
}
