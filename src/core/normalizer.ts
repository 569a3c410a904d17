/**
 * Three normalizers of Hugging Face tokenizers, exactly as its Rust code has them. @huggingface/tokenizers approximates
 * them: it lower-cases with JavaScript's rules (a final sigma becomes ς), misses Chinese characters beyond U+FFFF,
 * replaces SentencePiece's character map by NFKC, and strips what JavaScript calls white space instead of what Unicode
 * does. Every token id behind such a character would differ from Python's.
 */

import { segments } from './segments.js'

export interface NormalizerConfig {
  type: string
  normalizers?: NormalizerConfig[]
  /** BertNormalizer */
  clean_text?: boolean
  handle_chinese_chars?: boolean
  strip_accents?: boolean | null
  lowercase?: boolean
  /** Precompiled, base64 */
  precompiled_charsmap?: string
  /** Strip */
  strip_left?: boolean
  strip_right?: boolean
}

export type Normalizer = (text: string) => string

/** What is used of a normalizer of @huggingface/tokenizers. */
export interface LibraryNormalizer {
  normalize(text: string): string
  normalizers?: LibraryNormalizer[]
}

/** Exact normalizers where the library's differ, the library's elsewhere. */
export function createNormalizer(config: NormalizerConfig | null | undefined, library: LibraryNormalizer | null): Normalizer | undefined {
  if (!config || !library) return undefined
  switch (config.type) {
    case 'BertNormalizer':
      return bertNormalizer(config)
    case 'Precompiled':
      return config.precompiled_charsmap ? precompiledNormalizer(config.precompiled_charsmap) : undefined
    case 'Strip':
      return stripNormalizer(config)
    case 'Sequence': {
      const steps = (config.normalizers ?? []).flatMap((one, i) => createNormalizer(one, library.normalizers?.[i] ?? null) ?? [])
      return (text) => steps.reduce((result, step) => step(result), text)
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = config.type
      return (text) => normalizeUnicode(text, form)
    }
    default:
      return (text) => library.normalize(text)
  }
}

/** normalizers/bert.rs */
function bertNormalizer({ clean_text, handle_chinese_chars, strip_accents, lowercase }: NormalizerConfig): Normalizer {
  const stripAccents = strip_accents ?? lowercase
  return (text) => {
    let result = text
    if (clean_text) result = result.replace(CONTROL, '').replace(ALL_WHITE_SPACE, ' ')
    if (handle_chinese_chars) result = result.replace(CHINESE, ' $& ')
    if (stripAccents) result = normalizeUnicode(result, 'NFD').replace(/\p{Mn}/gu, '')
    // Character by character: String.prototype.toLowerCase looks at neighbours (final sigma), Rust's char does not.
    if (lowercase) result = result.replace(/\p{Changes_When_Lowercased}/gu, (char) => char.toLowerCase())
    return result
  }
}

/**
 * `String.prototype.normalize` in time proportional to the text's length. Engines sort a run of marks by insertion (Node 20: 7 s for
 * 100,000 of two kinds in turn), so a longer run than any language writes is sorted in pieces.
 */
function normalizeUnicode(text: string, form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): string {
  if (!LONG_RUN.test(text)) return text.normalize(form)
  return text.replace(WITH_ITS_MARKS, (piece) => piece.normalize(form))
}

/** Marks, and the two letters that NFKC and NFKD make marks of. */
const LONG_RUN = /[\p{M}\uFF9E\uFF9F]{64}/u
const WITH_ITS_MARKS = /[^\p{M}\uFF9E\uFF9F]+[\p{M}\uFF9E\uFF9F]{0,64}|[\p{M}\uFF9E\uFF9F]{1,64}/gu

/** normalizers/strip.rs */
function stripNormalizer({ strip_left, strip_right }: NormalizerConfig): Normalizer {
  return (text) => {
    let [start, end] = [0, text.length]
    // All white space is in the basic plane: one code unit a character.
    while (strip_left && start < end && WHITE_SPACE.test(text[start] as string)) start++
    while (strip_right && end > start && WHITE_SPACE.test(text[end - 1] as string)) end--
    return text.slice(start, end)
  }
}

/** NUL, the replacement character and everything of category "other" that is not white space. */
const CONTROL = /(?![\t\n\r])[\p{C}\uFFFD]/gu
const WHITE_SPACE = /\p{White_Space}/u
const ALL_WHITE_SPACE = /\p{White_Space}/gu
/** CJK ideographs in the blocks that BERT's original tokenization.py lists. */
const CHINESE =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu

/**
 * SentencePiece's `precompiled_charsmap`: a double-array trie over UTF-8 bytes, and the replacements it points to
 * (normalizers/precompiled.rs and the crate spm_precompiled).
 */
function precompiledNormalizer(charsmap: string): Normalizer {
  const text = atob(charsmap)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i)
  const view = new DataView(bytes.buffer)
  const trieBytes = view.getUint32(0, true)
  if (trieBytes > bytes.length - 4) throw new Error('its precompiled_charsmap is cut short')
  const trie = new Uint32Array(trieBytes / 4)
  for (let i = 0; i < trie.length; i++) trie[i] = view.getUint32(4 + i * 4, true)
  const replacements = bytes.subarray(4 + trieBytes)
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()

  /** The replacement of the shortest prefix in the map; like the original, for the whole of `part`. */
  function transform(part: string): string | undefined {
    const start = shortestPrefix(trie, encoder.encode(part))
    if (start === undefined) return undefined
    const end = replacements.indexOf(0, start)
    if (end < start || end - start > MAX_REPLACEMENT) throw new Error('its precompiled_charsmap has a replacement that does not end')
    return decoder.decode(replacements.subarray(start, end))
  }

  function normalizeGraphemes(text: string): string {
    let result = ''
    for (const { start, end } of segments(text, 'grapheme')) {
      const segment = text.slice(start, end)
      const whole = encoder.encode(segment).length < 6 ? transform(segment) : undefined
      if (whole !== undefined) result += whole
      else for (const char of segment) result += transform(char) ?? char
    }
    return result
  }

  const asciiIsMapped = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i)).some((char) => transform(char) !== undefined)
  if (asciiIsMapped) return normalizeGraphemes
  // Plain ASCII stays as it is and is most of the text; segmenting only around the rest is many times faster.
  return (text) => text.replace(/[\x20-\x7e]?(?:[^\x20-\x7e]+[\x20-\x7e]?)+/g, normalizeGraphemes)
}

/** Most bytes that stand for a few characters; NFKC's longest has 33. */
const MAX_REPLACEMENT = 256

/** Value of the shortest key that starts `key`, in a double-array trie as darts-clone lays it out. */
function shortestPrefix(trie: Uint32Array, key: Uint8Array): number | undefined {
  const offset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6)
  let position = offset(trie[0] as number)
  for (const byte of key) {
    if (byte === 0) return undefined
    position ^= byte
    const unit = trie[position] ?? 0
    if ((unit & 0x800000ff) >>> 0 !== byte) return undefined
    position ^= offset(unit)
    if (unit & 0x100) return (trie[position] as number) & 0x7fffffff
  }
  return undefined
}
