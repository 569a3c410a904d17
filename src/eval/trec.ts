/** One query's reranked documents. */
export interface RunQuery {
  id: string
  /** Best first. */
  ranking: readonly { id: string; score: number }[]
}

/** Name of the run in the last column. */
const TAG = 'page-rerank'

/** A TREC run, query by query. A line holds query id, `Q0`, document id, rank from 1, score and tag. */
export function* runLines(queries: Iterable<RunQuery>): Generator<string> {
  for (const { id, ranking } of queries) {
    yield ranking.map((document, place) => `${id} Q0 ${document.id} ${place + 1} ${document.score} ${TAG}\n`).join('')
  }
}
