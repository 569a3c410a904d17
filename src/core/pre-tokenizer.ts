/**
 * White space is what Unicode calls so, as in Hugging Face tokenizers' Rust code. JavaScript's `\s`, which
 * @huggingface/tokenizers uses in two pre-tokenizers, takes U+FEFF in and leaves U+0085 out.
 */

export interface PreTokenizerConfig {
  type: string
  /** Sequence */
  pretokenizers?: PreTokenizerConfig[]
}

/** What is used of a pre-tokenizer of @huggingface/tokenizers. */
export interface LibraryPreTokenizer {
  /** ByteLevel */
  pattern?: RegExp
  pre_tokenize_text(text: string): string[]
  /** Sequence */
  tokenizers?: LibraryPreTokenizer[]
}

/** pre_tokenizers/byte_level.rs (GPT-2's pattern) */
const BYTE_LEVEL =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu

/** Correct the library's pre-tokenizer where it differs. */
export function correctPreTokenizer(config: PreTokenizerConfig | null | undefined, library: LibraryPreTokenizer | null): void {
  if (!config || !library) return
  if (config.type === 'ByteLevel') library.pattern = BYTE_LEVEL
  if (config.type === 'WhitespaceSplit') library.pre_tokenize_text = (text) => text.match(/\P{White_Space}+/gu) ?? []
  config.pretokenizers?.forEach((one, i) => {
    correctPreTokenizer(one, library.tokenizers?.[i] ?? null)
  })
}
