// @ts-check
import { createInterface } from 'node:readline'

/**
 * Points of `page-rerank vectors` as Vespa's document operations, a line each.
 *
 * node feed.js < articles.vectors.jsonl > feed.jsonl
 */
for await (const line of createInterface({ input: process.stdin })) {
  const { document, part, vectors } = JSON.parse(line)
  const fields = { place: document, first: { values: vectors[0].slice(0, -5) }, vectors: { blocks: { ...vectors } } }
  console.log(JSON.stringify({ put: `id:docs:point::${document}-${part}`, fields }))
}
