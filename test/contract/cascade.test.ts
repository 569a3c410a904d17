import { createReranker } from 'page-rerank/node'
import { afterAll, describe, expect, test } from 'vitest'
import { createCascade } from '../../src/cascade/index.js'
import { type Case, casesOf, type LocalCase, type LocalPlace, MODELS, type Place, servedCases } from './cases.js'

/** Its weight is for the first stage alone: what the cascade makes of its order is told in unit tests. */
const { 'firstStageWeight: the order is by logit and place, scores stay the model’s': ofOneStage, ...cases } = servedCases

/** What is asked of models that run here, and not about their files. */
const LOCAL = [
  'chunk reads all of a long document: the best passage has its logit and its place',
  'chunk keeps budgetMs, onUpdate, abort and options honest',
]

/** Both contract models as one: the late-interaction model over all documents, the cross-encoder over its first ten. */
describe('a cascade, in Node', () => {
  const POOL = 10
  const place: Place = {
    kind: 'late-interaction',
    total: (documents) => documents + Math.min(POOL, documents),
    async create(options) {
      const open = (kind: keyof typeof MODELS) =>
        createReranker({ model: `test/reference/${MODELS[kind].folder}`, dtype: 'fp32', ...options })
      const first = await open('late-interaction')
      const second = await open('cross-encoder')
      const cascade = createCascade({ first, second, pool: POOL, firstStageWeight: 0 })
      const dispose = cascade.dispose.bind(cascade)
      cascade.dispose = async () => {
        await dispose()
        await Promise.all([first.dispose(), second.dispose()])
      }
      return cascade
    },
  }
  afterAll(async () => (await place.shared)?.dispose())

  test.each(Object.keys(cases))('%s', (name) => (cases[name] as Case)(place))

  test.each(LOCAL)('%s', (name) => (casesOf('late-interaction')[name] as LocalCase)(place as LocalPlace))

  test('what is left out is there', () => {
    expect(ofOneStage).toBeTypeOf('function')
  })
})
