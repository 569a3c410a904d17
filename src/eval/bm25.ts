import { setImmediate } from 'node:timers/promises'
import MiniSearch from 'minisearch'
import type { Query } from './beir.js'

/** Documents indexed between two looks at the signal. */
const CHUNK = 500

/**
 * The best documents of every query by BM25, as MiniSearch computes it: no stemming, no stop words, any word may match.
 *
 * @returns query id to document ids, best first, at most `pool`
 */
export async function bm25(
  texts: ReadonlyMap<string, string>,
  queries: readonly Query[],
  { pool, signal, onProgress }: { pool: number; signal?: AbortSignal; onProgress?: (indexed: number) => void },
): Promise<Map<string, string[]>> {
  const index = new MiniSearch<{ id: string; text: string }>({ fields: ['text'], tokenize })
  let indexed = 0
  for (const [id, text] of texts) {
    index.add({ id, text })
    indexed++
    if (indexed % CHUNK !== 0) continue
    onProgress?.(indexed)
    // Lets Ctrl-C be heard.
    await setImmediate(undefined, { signal })
  }
  const candidates = new Map<string, string[]>()
  for (const { id, text } of queries) {
    const hits = index.search(text)
    candidates.set(
      id,
      hits.slice(0, pool).map((hit) => hit.id as string),
    )
    await setImmediate(undefined, { signal })
  }
  return candidates
}

/**
 * Words, and for scripts that write without spaces, pairs of neighbouring characters: MiniSearch's own tokenizer would
 * take a whole Chinese sentence for one word.
 */
export function tokenize(text: string): string[] {
  return text.split(/[^\p{L}\p{M}\p{N}]+/u).flatMap((word) => {
    if (word === '') return []
    if (!/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(word)) return [word]
    const characters = [...word]
    return characters.length === 1 ? characters : characters.slice(1).map((character, index) => `${characters[index]}${character}`)
  })
}
