import type { Mismatch } from '../types.js'
import { findLanguage, findOtherLanguage, isInAnotherScript, lacksOwnScript, languageName } from './languages.js'
import type { Tokenizer } from './tokenizer.js'

/** Documents looked at, spread over the list; enough to know what most of them are. */
const SAMPLE = 8
/** Characters looked at of each text. */
const CHARACTERS = 400
/** With a larger share of documents that it can read, the model is worth asking. */
const READABLE = 1 / 4

/** What speaks against a text, without saying where it stands. */
type Finding = Pick<Mismatch, 'code'> & { language?: string }

/** Looks for texts the model cannot read. @returns undefined where it can, or where nothing tells */
export type LanguageGuard = (query: string, texts: readonly string[]) => Mismatch | undefined

/**
 * The guard of a model. A reranker of one language is worse than none on others, so such a model is held to its script
 * and, in Latin script, to its function words. A model of several languages, or of unknown ones, carries over to more
 * than its list says; there only tokens that are not in its vocabulary count.
 *
 * @param languages the model's, BCP 47
 */
export function createLanguageGuard(
  { encodeDocument, unknownTokenId }: Pick<Tokenizer, 'encodeDocument' | 'unknownTokenId'>,
  languages: readonly string[],
): LanguageGuard {
  const only = languages.length === 1 ? findLanguage(languages[0] as string) : undefined

  const countPieces = (text: string) => encodeDocument(text, Number.POSITIVE_INFINITY).length

  function examine(whole: string, part: Mismatch['part']): Finding | undefined {
    const text = whole.slice(0, CHARACTERS)
    if (only && isInAnotherScript(text, only)) return { code: 'script' }
    // A query in English may well be asked of Chinese pages; pages without a Chinese letter are nothing for a Chinese model.
    if (only && part === 'documents' && lacksOwnScript(text, only)) return { code: 'script' }
    const language = only && findOtherLanguage(text, only, countPieces)
    if (language) return { code: 'language', language }
    if (unknownTokenId === undefined) return undefined
    const ids = encodeDocument(text, Number.POSITIVE_INFINITY)
    return 2 * ids.filter((id) => id === unknownTokenId).length > ids.length ? { code: 'unknown-tokens' } : undefined
  }

  function describe({ code, language }: Finding, part: Mismatch['part']): Mismatch {
    const [subject, is, looks] = part === 'query' ? ['The query', 'is', 'looks'] : ['Most documents', 'are', 'look']
    const reason = {
      script: () => `${subject} ${is} in another script than ${only?.name}, the model's only language.`,
      language: () => `${subject} ${looks} like ${languageName(language as string)}; the model's only language is ${only?.name}.`,
      'unknown-tokens': () => `${subject} ${is} made of characters that the model's vocabulary does not have.`,
    }[code]()
    return { part, code, reason }
  }

  return (query, texts) => {
    const finding = examine(query, 'query')
    if (finding) return describe(finding, 'query')
    const step = Math.max(1, Math.floor(texts.length / SAMPLE))
    const sample = texts.filter((_, i) => i % step === 0).slice(0, SAMPLE)
    let readable = 0
    let first: Finding | undefined
    for (const text of sample) {
      const finding = examine(text, 'documents')
      first ??= finding
      if (!finding && ++readable > sample.length * READABLE) return undefined
    }
    return first && describe(first, 'documents')
  }
}
