import { createReranker } from 'page-rerank/node'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTokenizer } from '../../src/core/tokenizer.js'
import { createManifest } from '../../src/model/describe/manifest.js'
import type { Pair, Runtime } from '../../src/types.js'
import { launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'
import { type GoldenCase, type GoldenGroup, groupBySettings, readGolden, readJson, sameIds, scoreGroups, worstError } from './golden.js'

/**
 * The same numbers as Python: token ids and fp32 logits against files that the real FlagEmbedding and transformers
 * wrote, for both truncations, on every runtime and device.
 */
const MODELS = ['bert', 'roberta', 'xlm-roberta', 'deberta-v2', 'modernbert']
const TOLERANCE = 1e-3

describe.each(MODELS)('%s', (model) => {
  const { cases } = readGolden(model)
  const folder = `test/reference/${model}`
  const groups = groupBySettings(cases)

  test.each(['flag', 'pair'] as const)('there are 200 golden pairs and more: %s', (mode) => {
    expect(cases.filter((one) => one.mode === mode).length).toBeGreaterThanOrEqual(200)
  })

  test.each(['flag', 'pair'] as const)('token ids are those of Python: %s', (mode) => {
    const tokenizer = createTokenizer(readJson(`${folder}/tokenizer.json`), readJson(`${folder}/tokenizer_config.json`))
    const wrong = cases.filter((one) => one.mode === mode).filter((one) => !sameIds(one, tokenizer))
    expect(wrong.map((one) => [one.query.slice(0, 60), one.document.slice(0, 60), one.maxLength])).toEqual([])
  })

  test.each(['ort-node', 'ort-web', 'transformers'] satisfies Runtime[])('logits are those of PyTorch in Node, on %s', async (runtime) => {
    await using reranker = await createReranker({ model: folder, dtype: 'fp32', runtime })
    expect(reranker.info.runtime).toBe(runtime)
    expect(worstError(await scoreGroups(reranker, groups), groups)).toBeLessThanOrEqual(TOLERANCE)
  })

  test('normalized scores are FlagReranker’s', async () => {
    await using reranker = await createReranker({ model: folder, dtype: 'fp32' })
    const flag = cases.filter((one) => one.mode === 'flag')
    expect(flag.every((one) => typeof one.score === 'number')).toBe(true)
    for (const { pairs, options } of groupBySettings(flag)) {
      const scores = await reranker.computeScore(pairs, { ...options, normalize: true })
      const golden = flag.filter((one) => one.maxLength === options.maxLength && one.queryMaxLength === options.queryMaxLength)
      scores.forEach((score, i) => {
        expect(Math.abs(score - (golden[i]?.score as number))).toBeLessThanOrEqual(1e-4)
      })
    }
  })

  test('a single pair scores as it does in a list', async () => {
    await using reranker = await createReranker({ model: folder, dtype: 'fp32' })
    const { pairs, options } = groups[0] as GoldenGroup
    const alone = await reranker.computeScore(pairs[7] as Pair, { ...options, normalize: true })
    const listed = await reranker.computeScore(pairs, { ...options, normalize: true })
    expect(alone).toHaveLength(1)
    expect(alone[0]).toBeCloseTo(listed[7] as number, 6)
  })
})

/** Qwen3-Reranker's way: one text, and an answer of one token; the card's code made these. */
describe('qwen3', () => {
  const { cases } = readGolden('qwen3')
  const folder = 'test/reference/qwen3'
  const groups = groupBySettings(cases)
  const { prompt } = createManifest('qwen3', 'local', readJson(`${folder}/config.json`))

  test('token ids are those of Python', () => {
    expect(cases.length).toBeGreaterThanOrEqual(200)
    const tokenizer = createTokenizer(readJson(`${folder}/tokenizer.json`), readJson(`${folder}/tokenizer_config.json`), prompt)
    const wrong = cases.filter((one) => !sameIds(one, tokenizer))
    expect(wrong.map((one) => [one.query.slice(0, 60), one.document.slice(0, 60), one.maxLength])).toEqual([])
  })

  test.each(['ort-node', 'ort-web'] satisfies Runtime[])('logits are those of PyTorch in Node, on %s', async (runtime) => {
    await using reranker = await createReranker({ model: folder, dtype: 'fp32', runtime })
    expect(worstError(await scoreGroups(reranker, groups), groups)).toBeLessThanOrEqual(TOLERANCE)
  })

  test('normalized scores are the card’s probability of yes', async () => {
    await using reranker = await createReranker({ model: folder, dtype: 'fp32' })
    const [first] = cases as [GoldenCase]
    const { maxLength, query, document } = first
    const scores = await reranker.computeScore([query, document], { maxLength, truncation: 'longest_first', normalize: true })
    expect(scores[0]).toBeCloseTo(first.score as number, 5)
  })

  test('transformers.js runs classifiers only, and says so', async () => {
    await expect(createReranker({ model: folder, dtype: 'fp32', runtime: 'transformers' })).rejects.toThrow(/runs classifiers/)
  })
})

/**
 * A few of the shorter pairs of each mode, for a GPU that is software and takes seconds to compile for another batch: those that
 * nothing is cut off of share their settings, so that each mode is one batch of many lengths.
 */
function shortGroups(model: string, countOfEach: number): GoldenGroup[] {
  const sorted = readGolden(model).cases.sort((a, b) => a.inputIds.length - b.inputIds.length)
  const shorter = sorted.slice(0, sorted.length / 2)
  return (['flag', 'pair'] as const).map((mode) => {
    const [whole] = groupBySettings(shorter.filter((one) => one.mode === mode && one.maxLength === 512))
    const { pairs, logits, options } = whole as GoldenGroup
    const step = Math.floor(pairs.length / countOfEach)
    const some = <T>(all: T[]) => Array.from({ length: countOfEach }, (_, i) => all[i * step] as T)
    return { pairs: some(pairs), logits: some(logits), options }
  })
}

describe('in Chromium', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await serve({ folders: LIBRARY_FOLDERS })
  })

  afterAll(async () => {
    await server?.close()
  })

  describe.each(['wasm', 'webgpu'] as const)('on %s', (device) => {
    let browser: Browser

    beforeAll(async () => {
      browser = await launchBrowser({ webgpu: device === 'webgpu' })
    })

    afterAll(async () => {
      await browser?.close()
    })

    // Not qwen3 on WebGPU: 1.2e-3 from PyTorch there, more than the tolerance (docs/models.md says so).
    test.each(device === 'wasm' ? [...MODELS, 'qwen3'] : MODELS)(
      'logits are those of PyTorch: %s',
      async (model) => {
        const page = await openLibraryPage(browser, server.origin)
        const groups = device === 'wasm' ? groupBySettings(readGolden(model).cases) : shortGroups(model, 8)
        const { used, scores } = await page.evaluate(
          ({ model, device, groups }) =>
            withReranker({ model: `/reference/${model}/`, device, dtype: 'fp32' }, async (reranker) => {
              const scores: number[][] = []
              for (const { pairs, options } of groups) scores.push(await reranker.computeScore(pairs, options))
              return { used: reranker.info.device, scores }
            }),
          { model, device, groups },
        )
        expect(used).toBe(device)
        expect(worstError(scores, groups)).toBeLessThanOrEqual(TOLERANCE)
        await page.close()
      },
      600_000,
    )
  })
})
