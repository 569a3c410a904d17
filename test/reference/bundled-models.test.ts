import { createReranker } from 'page-rerank/node'
import { describe, expect, test } from 'vitest'
import { createTokenizer } from '../../src/core/tokenizer.js'
import {
  type GoldenCase,
  groupBySettings,
  type LateGoldenCase,
  oneGroup,
  readGolden,
  readJson,
  sameIds,
  sameTextIds,
  scoreGroups,
  worstError,
} from './golden.js'

/** The bundled models' files against PyTorch's logits: quantization moves them, by no more than their manifests say. */
describe.each([
  { model: 'page-rerank-small-en', dtypes: ['q8', 'q4'] as const },
  { model: 'page-rerank-tiny-en', dtypes: ['q4'] as const },
  { model: 'page-rerank-small-zh', dtypes: ['q8'] as const },
])('the bundled model $model', ({ model, dtypes }) => {
  const folder = `models/${model}`
  const manifest = readJson(`${folder}/page-rerank.json`)
  const isLate = manifest.kind === 'late-interaction'
  const { cases } = readGolden<GoldenCase | LateGoldenCase>(model)
  const groups = isLate ? [oneGroup(cases as LateGoldenCase[])] : groupBySettings(cases as GoldenCase[])

  test.each(dtypes)('%s is within its tolerance of PyTorch', async (dtype) => {
    await using reranker = await createReranker({ model, dtype })
    expect([reranker.info.kind, reranker.info.dtype]).toEqual([isLate ? 'late-interaction' : 'cross-encoder', dtype])
    expect(worstError(await scoreGroups(reranker, groups), groups)).toBeLessThanOrEqual(manifest.tolerance[dtype])
  })

  test('token ids follow its own template', () => {
    const tokenizer = createTokenizer(readJson(`${folder}/tokenizer.json`), readJson(`${folder}/tokenizer_config.json`))
    const isRight = (one: GoldenCase | LateGoldenCase) =>
      isLate ? sameTextIds(one as LateGoldenCase, tokenizer, manifest) : sameIds(one as GoldenCase, tokenizer)
    expect(cases.filter((one) => !isRight(one)).map((one) => one.query)).toEqual([])
  })
})
