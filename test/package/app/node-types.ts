// Compiled against the installed package without the types of pages; never run.
import { type CreateRerankerOptions, createReranker, pullModel, type RerankResult } from 'page-rerank'
import * as node from 'page-rerank/node'

export async function use(): Promise<void> {
  const ofNode: CreateRerankerOptions = { model: new URL('folder/', import.meta.url), device: 'wasm', runtime: 'ort-node' }
  await using reranker = await createReranker(ofNode)
  const { results } = await reranker.rerank('query', [{ text: 'a' }], { signal: AbortSignal.timeout(1000) })
  const texts: string[] = results.map((result: RerankResult<{ text: string }>) => result.document.text)
  const files: node.ModelFiles = { 'config.json': new Blob(texts), 'onnx/model.onnx': new Uint8Array(1) }
  await node.createReranker({ model: files })
  await pullModel('owner/name', { dtype: 'q8' })

  // @ts-expect-error: there are no workers in Node
  await createReranker({ worker: false })
  // @ts-expect-error: there is no WebGPU in Node
  await createReranker({ device: 'webgpu' })
  // @ts-expect-error: the page's own picker
  await createReranker({ model: [] })
}
