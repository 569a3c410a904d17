// Compiled against the installed package, as a page's code; never run.
import { type CreateRerankerOptions, createReranker, type LocalReranker, type RerankResponse, type RerankResult } from 'page-rerank'

interface Hit {
  id: number
  title: string
}

declare const hits: Hit[]

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const assertType = <_ extends true>() => undefined

export async function use(): Promise<void> {
  const reranker = await createReranker({ device: 'auto', dtype: 'q8' })
  const response = await reranker.rerank('query', hits, { text: (hit) => hit.title, topN: 3 })
  // The caller's own type comes back, exactly.
  assertType<Same<typeof response, RerankResponse<Hit>>>()
  assertType<Same<typeof response.results, RerankResult<Hit>[]>>()
  assertType<Same<(typeof response.results)[number]['document'], Hit>>()
  for (const result of response.results) {
    if (result.scored) assertType<Same<typeof result.score, number>>()
    const { scored, logit } = result
    if (scored) assertType<Same<typeof logit, number>>()
    // @ts-expect-error: a document that was not scored has no score
    result.score.toFixed(2)
  }
  const strings = await reranker.rerank('query', ['a', 'b'])
  assertType<Same<(typeof strings.results)[number]['document'], string>>()
  const scores = await reranker.computeScore([['query', 'passage']], { normalize: true })
  assertType<Same<typeof scores, number[]>>()
  assertType<Same<typeof reranker, LocalReranker>>()
  const ofPages: CreateRerankerOptions = { device: 'webgpu', model: new FileList(), worker: () => new Worker('worker.js') }
  await createReranker(ofPages)

  // @ts-expect-error: no such device
  await createReranker({ device: 'gpu' })
  // @ts-expect-error: no such option
  await createReranker({ quantized: true })
  // @ts-expect-error: onnxruntime-node runs in Node
  await createReranker({ runtime: 'ort-node' })
  // @ts-expect-error: topN is a number
  await reranker.rerank('query', hits, { topN: '3' })
  // @ts-expect-error: the hit has no body
  await reranker.rerank('query', hits, { text: (hit) => hit.body })
  // @ts-expect-error: text returns a string
  await reranker.rerank('query', hits, { text: (hit) => hit.id })
  // @ts-expect-error: a pair is two strings
  await reranker.computeScore([['query']])
}
