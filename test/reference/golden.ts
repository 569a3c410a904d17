import { readFileSync } from 'node:fs'
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

export interface Golden {
  model: string
  cases: GoldenCase[]
}

export const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

export function readGolden(model: string): Golden {
  return readJson(`test/reference/${model}/golden.json`) as Golden
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

/** Whether a tokenizer and the pair template make the ids that Python made. */
export function sameIds(golden: GoldenCase, tokenizer: Tokenizer): boolean {
  const { query, document, mode, maxLength, queryMaxLength = 0, inputIds, tokenTypeIds } = golden
  const atLeast = mode === 'flag' ? maxLength : Number.POSITIVE_INFINITY
  const pair = encodePair(tokenizer.encodeQuery(query, atLeast), tokenizer.encodeDocument(document, atLeast), tokenizer.template, {
    maxLength,
    queryMaxLength,
    truncation: truncationOf(mode),
  })
  const same = (a: Int32Array, b: number[] | undefined) => b === undefined || (a.length === b.length && a.every((id, i) => id === b[i]))
  return same(pair.inputIds, inputIds) && same(pair.tokenTypeIds, tokenTypeIds)
}
