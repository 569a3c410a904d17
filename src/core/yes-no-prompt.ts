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

/** @throws ModelLoadError (`model-file-invalid`) where a placeholder is missing */
export function readPrompt({ text }: YesNoPrompt): PromptParts {
  const [beforeQuery, behindQuery] = splitAt(text, '{query}')
  const [beforeDocument, behindDocument] = splitAt(behindQuery ?? '', '{document}')
  if (behindQuery === undefined || behindDocument === undefined) {
    throw new ModelLoadError('model-file-invalid', 'The model’s prompt must hold {query} and, after it, {document}.', {
      file: 'page-rerank.json',
    })
  }
  const opening = beforeQuery.trimEnd()
  const fixed = beforeDocument.trim()
  const closing = behindDocument.trimStart()
  // White space alone between the texts is the query's.
  const afterQuery = beforeDocument.slice(0, beforeDocument.length - beforeDocument.trimStart().length)
  const beforeText = fixed === '' ? '' : beforeDocument.slice(beforeDocument.trimEnd().length)
  return {
    opening,
    query: [beforeQuery.slice(opening.length), afterQuery],
    between: fixed,
    document: [beforeText, behindDocument.slice(0, behindDocument.length - closing.length)],
    closing,
  }
}

/** What is before the first `mark`, and behind it where there is one. */
function splitAt(text: string, mark: string): [before: string, behind: string | undefined] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)]
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
