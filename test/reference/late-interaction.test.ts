import { createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTokenizer } from '../../src/core/tokenizer.js'
import type { Runtime } from '../../src/types.js'
import { launchBrowser, openLibraryPage } from '../support/browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'
import { type LateGoldenCase, oneGroup, readGolden, readJson, sameTextIds, scoreGroups, worstError } from './golden.js'

/**
 * A late-interaction model with random weights: the same token ids and logits as Python. A device whose embeddings are off by a
 * few millionths may round one to another code: hence the tolerance, a hundredth of what the logits differ by.
 */
const MODEL = 'late-bert'
const TOLERANCE = 0.01

const folder = `test/reference/${MODEL}`
const { cases } = readGolden<LateGoldenCase>(MODEL)
const group = oneGroup(cases)

test('there are 200 golden pairs and more, of logits that differ', () => {
  expect(cases.length).toBeGreaterThanOrEqual(200)
  expect(Math.max(...group.logits) - Math.min(...group.logits)).toBeGreaterThan(100 * TOLERANCE)
})

test('token ids are those of Python', () => {
  const tokenizer = createTokenizer(readJson(`${folder}/tokenizer.json`), readJson(`${folder}/tokenizer_config.json`))
  const manifest = readJson(`${folder}/page-rerank.json`)
  const wrong = cases.filter((one) => !sameTextIds(one, tokenizer, manifest))
  expect(wrong.map((one) => [one.query.slice(0, 60), one.document.slice(0, 60)])).toEqual([])
})

test.each(['ort-node', 'ort-web'] satisfies Runtime[])('logits are those of Python in Node, on %s', async (runtime) => {
  await using reranker = await createReranker({ model: folder, runtime })
  expect(reranker.info.runtime).toBe(runtime)
  expect(worstError(await scoreGroups(reranker, [group]), [group])).toBeLessThanOrEqual(TOLERANCE)
})

/** A GPU that is software takes a second to compile for another length: pairs of texts that have few of them, and a long one. */
const LENGTHS = [5, 12, 16, 18, 58]
const [longest] = cases.toSorted((a, b) => b.documentIds.length - a.documentIds.length) as [LateGoldenCase]
const ofFewLengths = cases.filter((one) => [one.queryIds, one.documentIds].every(({ length }) => LENGTHS.includes(length))).concat(longest)

describe('in Chromium', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await serve({ folders: LIBRARY_FOLDERS })
  })

  afterAll(async () => {
    await server?.close()
  })

  test.each(['wasm', 'webgpu'] as const)(
    'logits are those of Python on %s, alone and together',
    async (device) => {
      const browser = await launchBrowser({ webgpu: device === 'webgpu' })
      try {
        const page = await openLibraryPage(browser, server.origin)
        const some = device === 'wasm' ? group : oneGroup(ofFewLengths)
        expect(some.pairs.length).toBeGreaterThan(10)
        // Kernels have gone wrong from 64 tokens on.
        expect(longest.documentIds.length).toBeGreaterThan(64)
        const { used, kept, together, alone } = await page.evaluate(
          async ({ model, device, pairs }) => {
            // Nothing is kept, so that what is asked again is read again.
            const options = { model: `/reference/${model}/`, device, dtype: 'fp32', states: { maxBytes: 0 } } as const
            return withReranker(options, async (reranker) => {
              const together = await reranker.computeScore(pairs)
              const alone: number[] = []
              for (const pair of pairs.toReversed()) alone.unshift(...(await reranker.computeScore(pair)))
              const { device: used, kept } = reranker.info
              return { used, kept: kept?.documents, together, alone }
            })
          },
          { model: MODEL, device, pairs: some.pairs },
        )
        expect([used, kept]).toEqual([device, 0])
        expect(worstError([together], [some])).toBeLessThanOrEqual(TOLERANCE)
        expect(alone).toEqual(together)
      } finally {
        await browser.close()
      }
    },
    300_000,
  )
})
