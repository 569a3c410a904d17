import { createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRemoteReranker } from '../../src/remote/index.js'
import type { Pair, Reranker } from '../../src/types.js'
import { type RerankServer, serveAsTei } from '../support/tei-server.js'
import { type Case, KINDS, MODELS, type Place, servedCases } from './cases.js'

describe.each(KINDS)('a server with a %s', (kind) => {
  let model: Reranker
  let server: RerankServer
  const place: Place = {
    // Whatever the server has: it reads documents when it is asked.
    kind: 'cross-encoder',
    isServed: true,
    create: async () => createRemoteReranker({ url: server.url, flavour: 'tei' }),
  }

  beforeAll(async () => {
    model = await createReranker({ model: `test/reference/${MODELS[kind].folder}`, runtime: 'ort-node', dtype: 'fp32' })
    server = await serveAsTei(model)
  })
  afterAll(async () => {
    await (await place.shared)?.dispose()
    await server?.close()
    await model?.dispose()
  })

  test.each(Object.keys(servedCases))('%s', (name) => (servedCases[name] as Case)(place))

  test('two hundred pairs have the very logits that they have here', async () => {
    const pairs = Array.from({ length: 200 }, (_, i): Pair => [`query ${i % 7}`, `document ${i} ${'word '.repeat(i % 31)}`])
    await using remote = createRemoteReranker({ url: server.url, flavour: 'tei' })
    const [here, there] = [await model.computeScore(pairs), await remote.computeScore(pairs)]
    for (const [i, logit] of here.entries()) expect(Math.abs((there[i] as number) - logit)).toBeLessThan(1e-5)
    expect(new Set(here).size).toBeGreaterThan(100)
  })
})
