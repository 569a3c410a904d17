// Compiled against the installed package; never run.
import { createReranker, type Reranker, type RerankResult } from 'page-rerank'
import { createReranker as createInNode } from 'page-rerank/node'

interface Hit {
  id: number
  title: string
}

declare const hits: Hit[]

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const assertType = <_ extends true>() => undefined

export async function use(): Promise<void> {
  const reranker = await createReranker({ device: 'auto', dtype: 'q8' })
  const results = await reranker.rerank('query', hits, { text: (hit) => hit.title, topN: 3 })
  // The caller's own type comes back, exactly.
  assertType<Same<typeof results, RerankResult<Hit>[]>>()
  assertType<Same<(typeof results)[number]['document'], Hit>>()
  const strings = await reranker.rerank('query', ['a', 'b'])
  assertType<Same<(typeof strings)[number]['document'], string>>()
  const scores = await reranker.computeScore([['query', 'passage']], { normalize: true })
  assertType<Same<typeof scores, number[]>>()
  assertType<Same<typeof reranker, Reranker>>()
  const inNode: Reranker = await createInNode({ model: './folder' })
  await inNode.dispose()

  // @ts-expect-error: no such device
  await createReranker({ device: 'gpu' })
  // @ts-expect-error: no such option
  await createReranker({ quantized: true })
  // @ts-expect-error: topN is a number
  await reranker.rerank('query', hits, { topN: '3' })
  // @ts-expect-error: the hit has no body
  await reranker.rerank('query', hits, { text: (hit) => hit.body })
  // @ts-expect-error: text returns a string
  await reranker.rerank('query', hits, { text: (hit) => hit.id })
  // @ts-expect-error: a pair is two strings
  await reranker.computeScore([['query']])
}
