import { createReranker } from 'page-rerank/node'
import { describe, expect, test } from 'vitest'
import { createTokenizer } from '../../src/core/tokenizer.js'
import { groupBySettings, readGolden, readJson, sameIds, scoreGroups, worstError } from './golden.js'

/** The bundled models' files against PyTorch's logits: quantization moves them, by no more than their manifests say. */
describe.each([
  { model: 'page-rerank-small-en', dtypes: ['q8', 'q4'] as const },
  { model: 'page-rerank-tiny-en', dtypes: ['q4'] as const },
])('the bundled model $model', ({ model, dtypes }) => {
  const { cases } = readGolden(model)
  const folder = `public/models/${model}`
  const manifest = readJson(`${folder}/page-rerank.json`)

  test.each(dtypes)('%s is within its tolerance of PyTorch', async (dtype) => {
    await using reranker = await createReranker({ model, dtype })
    expect(reranker.info.dtype).toBe(dtype)
    const groups = groupBySettings(cases)
    expect(worstError(await scoreGroups(reranker, groups), groups)).toBeLessThanOrEqual(manifest.tolerance[dtype])
  })

  test('token ids follow its own pair template', () => {
    const tokenizer = createTokenizer(readJson(`${folder}/tokenizer.json`), readJson(`${folder}/tokenizer_config.json`))
    expect(cases.filter((one) => !sameIds(one, tokenizer)).map((one) => one.query)).toEqual([])
  })
})
