// @ts-check
// In Node and, served as it is, in a page.

/** @typedef {import('../src/types.js').Reranker} Reranker */
/** @typedef {(query: string, documents: readonly string[]) => Promise<unknown>} Rank */
/** @typedef {{ prepare(documents: readonly string[]): Promise<unknown>, rank: Rank }} Contender */
/** @typedef {{ contender: string, documents: number, ms: number, runs: number }} Figure */

/** What stands beside each other, the name as it is shown. */
export const CONTENDERS = {
  prepared: 'page-rerank, documents prepared',
  unprepared: 'page-rerank, documents never seen',
  crossEncoder: 'page-rerank, its former cross-encoder',
  byHand: 'transformers.js by hand, the same cross-encoder',
}

/** Results that are asked for: a page shows ten. */
const TOP_N = 10

/**
 * @param {{ prepared: Reranker, unprepared: Reranker, crossEncoder: Reranker, byHand: Rank }} with_ `unprepared` keeps nothing of
 *   what it reads
 * @returns {Record<keyof typeof CONTENDERS, Contender>}
 */
export function contenders({ prepared, unprepared, crossEncoder, byHand }) {
  const nothing = async () => undefined
  /** @param {Reranker} reranker @returns {Rank} */
  const ranking = (reranker) => (query, documents) => reranker.rerank(query, documents, { topN: TOP_N, firstStageWeight: 0 })
  return {
    prepared: { prepare: (documents) => prepared.prepare(documents), rank: ranking(prepared) },
    unprepared: { prepare: nothing, rank: ranking(unprepared) },
    crossEncoder: { prepare: nothing, rank: ranking(crossEncoder) },
    byHand: { prepare: nothing, rank: byHand },
  }
}

/**
 * Time all contenders in turn, query by query, so that all see the same machine. Who needs longer than `patience` for a query, as far
 * as the last number of documents tells, is left out.
 *
 * @param {Record<string, Contender>} all
 * @param {{ documents: readonly string[], queries: readonly string[], counts: readonly number[], runs: number, patience: number }} task
 *   `patience` in milliseconds
 * @param {(figure: Figure) => void} [onFigure]
 * @returns {Promise<Figure[]>} medians
 */
export async function race(all, { documents, queries, counts, runs, patience }, onFigure = () => undefined) {
  /** @type {Figure[]} */
  const figures = []
  /** @type {Map<string, number>} milliseconds a document */
  const pace = new Map()
  let asked = 0
  const nextQuery = () => /** @type {string} */ (queries[asked++ % queries.length])
  for (const count of counts) {
    const some = documents.slice(0, count)
    /** @type {Map<string, number[]>} */
    const times = new Map()
    for (const [name, { prepare }] of Object.entries(all)) {
      if ((pace.get(name) ?? 0) * count > patience) continue
      await prepare(some)
      times.set(name, [])
    }
    // The first two of the first count are to warm up.
    for (let run = pace.size === 0 ? -2 : 0; run < runs; run++) {
      const query = nextQuery()
      for (const [name, list] of times) {
        // One query that takes this long says enough.
        if ((list[0] ?? 0) > patience / 10) continue
        const start = performance.now()
        await all[name]?.rank(query, some)
        if (run >= 0) list.push(performance.now() - start)
      }
    }
    for (const [contender, list] of times) {
      const ms = /** @type {number} */ (list.sort((a, b) => a - b)[list.length >> 1])
      pace.set(contender, ms / count)
      const figure = { contender, documents: count, ms, runs: list.length }
      figures.push(figure)
      onFigure(figure)
    }
  }
  return figures
}
