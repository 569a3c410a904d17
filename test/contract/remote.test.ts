import { createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ModelLoadError } from '../../src/errors.js'
import { createFallbackReranker, createRemoteReranker } from '../../src/remote/index.js'
import type { ModelKind, Pair, Reranker } from '../../src/types.js'
import { type RerankServer, serveAsTei } from '../support/tei-server.js'
import { type Case, MODELS, type Place, servedCases } from './cases.js'

/** Rerankers that ask a server, and what kind of model that has. */
const CLIENTS: [what: string, kind: ModelKind, create: (url: string) => Promise<Reranker>][] = [
  ['a client', 'cross-encoder', async (url) => createRemoteReranker({ url, flavour: 'tei' })],
  ['a client', 'late-interaction', async (url) => createRemoteReranker({ url, flavour: 'tei' })],
  [
    'a fallback whose first cannot be made',
    'cross-encoder',
    (url) => createFallbackReranker([noModel, () => createRemoteReranker({ url, flavour: 'tei' })]),
  ],
]

function noModel(): never {
  throw new ModelLoadError('model-not-found', 'There is none.')
}

describe.each(CLIENTS)('%s of a server with a %s', (_, kind, create) => {
  let model: Reranker
  let server: RerankServer
  const place: Place = {
    // Whatever the server has: it reads documents when it is asked.
    kind: 'cross-encoder',
    isServed: true,
    create: () => create(server.url),
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
    await using remote = await place.create()
    const [here, there] = [await model.computeScore(pairs), await remote.computeScore(pairs)]
    for (const [i, logit] of here.entries()) expect(Math.abs((there[i] as number) - logit)).toBeLessThan(1e-5)
    expect(new Set(here).size).toBeGreaterThan(100)
  })
})
