import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers'
import { ModelLoadError } from '../errors.js'
import type { TextTemplate } from './late-interaction/text-encoding.js'
import { createNormalizer, type LibraryNormalizer, type NormalizerConfig } from './normalizer.js'
import { type PairTemplate, readPairTemplate, readTextTemplate } from './pair-encoding.js'
import { correctPreTokenizer, type LibraryPreTokenizer, type PreTokenizerConfig } from './pre-tokenizer.js'
import { checkTokenizerLimits } from './tokenizer-limits.js'
import { createUnigram, type UnigramJson } from './unigram.js'
import { promptTemplate, readPrompt, type YesNoPrompt } from './yes-no-prompt.js'

/** Text to token ids, and how two texts are joined. */
export interface Tokenizer {
  /**
   * Token ids of a query, without special tokens.
   *
   * @param atLeast how many of the first ids are needed; the rest may be left out
   */
  encodeQuery(text: string, atLeast: number): number[]
  /** The same for a document: a prompt may put other white space around it. */
  encodeDocument(text: string, atLeast: number): number[]
  readonly template: PairTemplate
  /** What stands around a text that is read alone. */
  readonly textTemplate: TextTemplate
  readonly padTokenId: number
  /** What characters outside the vocabulary become; undefined where none are (byte-level vocabularies). */
  readonly unknownTokenId: number | undefined
  /** The id of a token of the vocabulary, by its name. */
  tokenId(token: string): number | undefined
  /** What stands for a hidden token. */
  readonly maskTokenId: number | undefined
  /** Ids of a prompt's answers. */
  readonly answers?: AnswerIds
}

/** Tokens whose logits are compared: the pair's logit is that of `yes` less that of `no`. */
export interface AnswerIds {
  yes: number
  no: number
}

/**
 * The tokenizer of a model in the hub's layout. @huggingface/tokenizers does the work; it neither truncates nor keeps
 * the final separator when one does, so pairs are joined in `pair-encoding.ts`.
 *
 * @param tokenizerJson parsed tokenizer.json, whatever it holds
 * @param tokenizerConfig parsed tokenizer_config.json
 * @param prompt of a language model; it takes the place of the pair template
 * @throws ModelLoadError (`model-file-invalid`); its functions too, for a tokenizer that fails on a text
 */
export function createTokenizer(tokenizerJson: unknown, tokenizerConfig: unknown, prompt?: YesNoPrompt): Tokenizer {
  return orInvalid('cannot be used', () => {
    const tokenizer = readTokenizer(asObject(tokenizerJson), asObject(tokenizerConfig), prompt)
    // What cannot do this says so now.
    tokenizer.encodeDocument(SAMPLE, Number.POSITIVE_INFINITY)
    return tokenizer
  })
}

const SAMPLE = 'A loaf keeps for 3–5 days; 面包可以保存三天。'

function readTokenizer(json: TokenizerJson, config: Record<string, unknown>, prompt: YesNoPrompt | undefined): Tokenizer {
  checkTokenizerLimits(json)
  const preTokenizer = json.pre_tokenizer
  const hub = createHubTokenizer(json, config)
  const normalizer = createNormalizer(json.normalizer, hub.normalizer as LibraryNormalizer | null)
  if (normalizer) hub.normalizer = normalizer as unknown as typeof hub.normalizer
  correctPreTokenizer(preTokenizer, hub.pre_tokenizer as unknown as LibraryPreTokenizer | null)
  const tokenId = (token: string) => hub.token_to_id(token)
  const namedId = (token: unknown) => {
    const name = typeof token === 'object' && token !== null ? (token as { content?: unknown }).content : token
    return typeof name === 'string' ? tokenId(name) : undefined
  }
  const padTokenId = namedId(config.pad_token ?? '[PAD]') ?? 0
  const maskTokenId = namedId(config.mask_token) ?? tokenId('[MASK]') ?? tokenId('<mask>')
  // Lone surrogates have no UTF-8 form; Python's tokenizers refuse them, browsers' own encoders put U+FFFD.
  const encodeAll = (text: string) =>
    orInvalid('fails on a text', () => {
      const { ids } = hub.encode(text.toWellFormed(), { add_special_tokens: false })
      if (ids.every(isTokenId)) return ids
      throw new Error('it gives ids that are none')
    })
  const encode = (text: string, atLeast: number) => {
    const wanted = atLeast + EDGE_TOKENS
    for (let length = wanted * CHARS_A_TOKEN; length < text.length; length *= 4) {
      const ids = encodeAll(text.slice(0, length))
      if (ids.length >= wanted) return ids.slice(0, -EDGE_TOKENS)
    }
    return encodeAll(text)
  }
  const unknownTokenId = findUnknownTokenId(json.model, hub)
  if (!prompt) {
    const postProcessor = json.post_processor
    const template = readPairTemplate(postProcessor)
    return {
      encodeQuery: encode,
      encodeDocument: encode,
      template,
      textTemplate: readTextTemplate(postProcessor),
      padTokenId,
      unknownTokenId,
      tokenId,
      maskTokenId,
    }
  }
  const parts = readPrompt(prompt)
  const encodeWithin = ([before, after]: [string, string]) => {
    return (text: string, atLeast: number) => encode(before + text + after, atLeast)
  }
  const answerId = (word: string) => {
    const id = hub.token_to_id(word)
    if (id !== undefined) return id
    throw new Error(`it has no token ${JSON.stringify(word)}, an answer of the model’s prompt`)
  }
  return {
    encodeQuery: encodeWithin(parts.query),
    encodeDocument: encodeWithin(parts.document),
    template: promptTemplate(parts, encodeAll),
    textTemplate: { before: [], after: [] },
    padTokenId,
    unknownTokenId,
    tokenId,
    maskTokenId,
    answers: { yes: answerId(prompt.yes), no: answerId(prompt.no) },
  }
}

/** The parts of tokenizer.json that are looked at here. Other people's words: nothing of it need be so. */
interface TokenizerJson {
  normalizer?: NormalizerConfig | null
  pre_tokenizer?: PreTokenizerConfig | null
  post_processor?: Parameters<typeof readPairTemplate>[0]
  model?: ModelJson
}

function asObject(json: unknown): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  throw new Error('it is not an object')
}

function isTokenId(id: unknown): id is number {
  return Number.isSafeInteger(id) && (id as number) >= 0
}

/** Whatever a tokenizer.json makes the code trip over is told as its fault. */
function orInvalid<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof ModelLoadError) throw cause
    throw new ModelLoadError('model-file-invalid', `tokenizer.json ${what}: ${(cause as Error).message}.`, {
      cause,
      file: 'tokenizer.json',
    })
  }
}

/** The library's tokenizer, with a Unigram model of our own. */
function createHubTokenizer(tokenizerJson: TokenizerJson, tokenizerConfig: Record<string, unknown>): HubTokenizer {
  const json = tokenizerJson.model as UnigramJson | undefined
  if (json?.type !== 'Unigram') return new HubTokenizer(tokenizerJson, tokenizerConfig)
  const hub = new HubTokenizer({ ...tokenizerJson, model: { ...json, vocab: [['', 0]], unk_id: 0 } }, tokenizerConfig)
  const model = createUnigram(json)
  for (const { content, id } of hub.added_tokens) model.tokens_to_ids.set(content, id)
  hub.model = model as unknown as typeof hub.model
  return hub
}

/** The parts of tokenizer.json's `model` that matter here. */
interface ModelJson {
  /** WordPiece, BPE, WordLevel. */
  unk_token?: string | null
  /** Unigram. */
  unk_id?: number | null
}

function findUnknownTokenId(model: ModelJson | undefined, hub: HubTokenizer): number | undefined {
  return model?.unk_id ?? (model?.unk_token ? hub.token_to_id(model.unk_token) : undefined)
}

/** Characters looked at for every token wanted; prose has four to six. */
const CHARS_A_TOKEN = 8

/**
 * Tokens at the end of a text's beginning that may be others than in the whole text: those of the word that is cut. WordPiece takes
 * words of up to 100 characters apart, and the other models decide on the few characters around.
 */
const EDGE_TOKENS = 128
