import { ModelLoadError } from '../errors.js'
import type { PairTemplate, TemplatePiece } from './pair-encoding.js'

/** How a language model is asked whether a document answers a query. Its logit is that of `yes` less that of `no`. */
export interface YesNoPrompt {
  /** The whole prompt; `{query}` and `{document}` stand for the texts, the query first. */
  text: string
  /** The answers, one token each. */
  yes: string
  no: string
}

/** A prompt in parts. White space beside a text is tokenized with it: byte-level tokenizers take the space before a word along. */
interface PromptParts {
  opening: string
  query: [before: string, after: string]
  between: string
  document: [before: string, after: string]
  closing: string
}

const PARTS = /^(?<opening>.*?)(?<q1>\s*)\{query\}(?<q2>\s*)(?<between>.*?)(?<d1>\s*)\{document\}(?<d2>\s*)(?<closing>.*)$/s

/** @throws ModelLoadError (`model-file-invalid`) where a placeholder is missing */
export function readPrompt({ text }: YesNoPrompt): PromptParts {
  const groups = PARTS.exec(text)?.groups as Record<'opening' | 'q1' | 'q2' | 'between' | 'd1' | 'd2' | 'closing', string> | undefined
  if (!groups) {
    throw new ModelLoadError('model-file-invalid', 'The model’s prompt must hold {query} and, after it, {document}.', {
      file: 'page-rerank.json',
    })
  }
  const { opening, q1, q2, between, d1, d2, closing } = groups
  return { opening, query: [q1, q2], between, document: [d1, d2], closing }
}

/**
 * A prompt as a pair template, so that a query is tokenized once for all its documents. No token reaches from the fixed
 * parts into the texts (`test/reference` compares with the ids of the whole text).
 */
export function promptTemplate({ opening, between, closing }: PromptParts, encode: (text: string) => number[]): PairTemplate {
  const fixed = (text: string) => encode(text).map((tokenId): TemplatePiece => ({ tokenId, type: 0 }))
  const tail = fixed(closing)
  const pieces: TemplatePiece[] = [...fixed(opening), { sequence: 'A', type: 0 }, ...fixed(between), { sequence: 'B', type: 0 }, ...tail]
  return { pieces, specialTokens: pieces.length - 2, tail: tail.length }
}
