import { readFileSync } from 'node:fs'
import { encodeText } from '../../src/core/late-interaction/text-encoding.js'
import { encodePair } from '../../src/core/pair-encoding.js'
import type { Tokenizer } from '../../src/core/tokenizer.js'
import type { Pair, Reranker, ScoreOptions, Truncation } from '../../src/types.js'

/** A pair with what the real FlagEmbedding or transformers made of it (see training/). */
export interface GoldenCase {
  query: string
  document: string
  /** `flag`: FlagReranker; `pair`: transformers' tokenizer called with a pair; `prompt`: Qwen3-Reranker's model card. */
  mode: 'flag' | 'pair' | 'prompt'
  maxLength: number
  queryMaxLength?: number
  inputIds: number[]
  tokenTypeIds?: number[]
  /** PyTorch, fp32. */
  logit: number
  /** FlagReranker's `normalize=True`; the card's probability of yes. */
  score?: number
}

/** A pair with what training/codes.py made of it: a late-interaction model reads each text alone. */
export interface LateGoldenCase {
  query: string
  document: string
  queryIds: number[]
  documentIds: number[]
  /** PyTorch's embeddings in fp32, through all bits of the codes. */
  logit: number
}

export interface Golden<Case = GoldenCase> {
  model: string
  cases: Case[]
}

export const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

export function readGolden<Case = GoldenCase>(model: string): Golden<Case> {
  return readJson(`test/reference/${model}/golden.json`) as Golden<Case>
}

export const truncationOf = (mode: GoldenCase['mode']): Truncation => (mode === 'flag' ? 'only_second' : 'longest_first')

/** Cases that one `computeScore` call can answer together. */
export interface GoldenGroup {
  pairs: Pair[]
  options: Pick<ScoreOptions, 'maxLength' | 'queryMaxLength' | 'truncation'>
  logits: number[]
}

export function groupBySettings(cases: GoldenCase[]): GoldenGroup[] {
  const groups = new Map<string, GoldenGroup>()
  for (const { query, document, mode, maxLength, queryMaxLength, logit } of cases) {
    const options = { maxLength, queryMaxLength, truncation: truncationOf(mode) }
    const key = JSON.stringify(options)
    const group = groups.get(key) ?? { pairs: [], options, logits: [] }
    group.pairs.push([query, document])
    group.logits.push(logit)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** Largest distance between logits, a list a group, and PyTorch's. */
export function worstError(scores: number[][], groups: GoldenGroup[]): number {
  let worst = 0
  groups.forEach(({ logits }, group) => {
    logits.forEach((logit, i) => {
      // NaN, or a score that is not there, makes the result NaN, which is under no tolerance.
      worst = Math.max(worst, Math.abs((scores[group]?.[i] as number) - logit))
    })
  })
  return worst
}

/** A reranker's logits, a list a group. */
export async function scoreGroups(reranker: Reranker, groups: GoldenGroup[]): Promise<number[][]> {
  const scores: number[][] = []
  for (const { pairs, options } of groups) scores.push(await reranker.computeScore(pairs, options))
  return scores
}

/** All cases of a late-interaction model: its lengths are those of its manifest. */
export function oneGroup(cases: LateGoldenCase[]): GoldenGroup {
  return { pairs: cases.map(({ query, document }) => [query, document]), options: {}, logits: cases.map(({ logit }) => logit) }
}

/** Whether a tokenizer and the template of single texts make the ids that Python made. */
export function sameTextIds(
  { query, document, queryIds, documentIds }: LateGoldenCase,
  { encodeQuery, encodeDocument, textTemplate }: Tokenizer,
  { maxLength, queryMaxLength }: { maxLength: number; queryMaxLength: number },
): boolean {
  const asked = encodeText(encodeQuery(query, queryMaxLength), textTemplate, queryMaxLength).inputIds
  const told = encodeText(encodeDocument(document, maxLength), textTemplate, maxLength).inputIds
  return sameNumbers(asked, queryIds) && sameNumbers(told, documentIds)
}

/** Whether a tokenizer and the pair template make the ids that Python made. */
export function sameIds(golden: GoldenCase, tokenizer: Tokenizer): boolean {
  const { query, document, mode, maxLength, queryMaxLength = 0, inputIds, tokenTypeIds } = golden
  const atLeast = mode === 'flag' ? maxLength : Number.POSITIVE_INFINITY
  const pair = encodePair(tokenizer.encodeQuery(query, atLeast), tokenizer.encodeDocument(document, atLeast), tokenizer.template, {
    maxLength,
    queryMaxLength,
    truncation: truncationOf(mode),
  })
  return sameNumbers(pair.inputIds, inputIds) && (tokenTypeIds === undefined || sameNumbers(pair.tokenTypeIds, tokenTypeIds))
}

function sameNumbers(a: Int32Array, b: number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}
