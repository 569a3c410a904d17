import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers'
import { ModelLoadError } from '../errors.js'
import { createNormalizer, type LibraryNormalizer, type NormalizerConfig } from './normalizer.js'
import { type PairTemplate, readPairTemplate } from './pair-encoding.js'

/** Text to token ids, and how two texts are joined. */
export interface Tokenizer {
  /** Token ids of one text, without special tokens, uncut. */
  encode(text: string): number[]
  readonly template: PairTemplate
  readonly padTokenId: number
}

/**
 * The tokenizer of a model in the hub's layout. @huggingface/tokenizers does the work; it neither truncates nor keeps
 * the final separator when one does, so pairs are joined in `pair-encoding.ts`.
 *
 * @param tokenizerJson parsed tokenizer.json
 * @param tokenizerConfig parsed tokenizer_config.json
 */
export function createTokenizer(tokenizerJson: Record<string, unknown>, tokenizerConfig: Record<string, unknown>): Tokenizer {
  let hub: HubTokenizer
  try {
    hub = new HubTokenizer(tokenizerJson, tokenizerConfig)
    const normalizer = createNormalizer(tokenizerJson.normalizer as NormalizerConfig | null, hub.normalizer as LibraryNormalizer | null)
    if (normalizer) hub.normalizer = normalizer as unknown as typeof hub.normalizer
  } catch (cause) {
    throw new ModelLoadError('model-file-invalid', `tokenizer.json cannot be used: ${(cause as Error).message}`, {
      cause,
      file: 'tokenizer.json',
    })
  }
  const template = readPairTemplate(tokenizerJson.post_processor as Parameters<typeof readPairTemplate>[0])
  const padToken = tokenizerConfig.pad_token as string | { content: string } | undefined
  const padTokenId = hub.token_to_id((typeof padToken === 'object' ? padToken?.content : padToken) ?? '[PAD]') ?? 0
  return {
    template,
    padTokenId,
    // Lone surrogates have no UTF-8 form; Python's tokenizers refuse them, browsers' own encoders put U+FFFD.
    encode: (text) => hub.encode(text.toWellFormed(), { add_special_tokens: false }).ids,
  }
}
