import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createReranker } from 'page-rerank/node'
import { beforeAll, describe, expect, test } from 'vitest'
import { questions } from '../../scripts/example-questions.js'
import { buildCorpusIndex } from '../../src/demo/corpus/corpus-index.js'
import { extractMiniProgramApis } from '../../src/demo/corpus/mini-program-apis.js'
import { extractWebApis } from '../../src/demo/corpus/web-apis.js'
import { toEntries } from '../../src/demo/document-entry.js'
import { EXAMPLES } from '../../src/demo/examples.js'
import { FirstStage } from '../../src/demo/first-stage.js'

/** Places of the best right entry, from 1; beyond all where there is none. */
interface Ranks {
  keywords: number
  everything: number
}

describe('the example questions of the demo', () => {
  const ranks = new Map<string, Ranks>()

  beforeAll(async () => {
    const entries = toEntries(extractWebApis(readFileSync(createRequire(import.meta.url).resolve('@types/web/index.d.ts'), 'utf8')))
    const firstStage = new FirstStage()
    await firstStage.add(entries)
    // The demo's build has left it; reading everything would take a minute and more.
    const index = await buildCorpusIndex('web-apis', entries)
    if (!index) throw new Error('The bundled model reads nothing ahead.')
    await using reranker = await createReranker()
    await reranker.prepare({ index: index.out })
    for (const { question } of EXAMPLES['web-apis']) {
      const right = questions.find(([asked]) => asked === question)?.[1]
      if (!right) throw new Error(`scripts/example-questions.js does not say what answers "${question}".`)
      const best = (ids: (string | undefined)[]) => Math.min(...right.map((id) => ids.indexOf(id) + 1).filter((rank) => rank > 0))
      const found = Array.from(firstStage.search(question, 0).places, (at) => entries[at]?.id)
      const { results } = await reranker.rerank(question, entries, { text: ({ read }) => read, firstStageWeight: 0 })
      ranks.set(question, { keywords: best(found), everything: best(results.map(({ document }) => document.id)) })
    }
  }, 300_000)

  test('but for those that say otherwise: keywords do not have the right entry among their first hundred, the page among its first three', () => {
    const lost = EXAMPLES['web-apis'].filter(({ keywordsBetter }) => keywordsBetter).map(({ question }) => question)
    const found = [...ranks].filter(([, { keywords, everything }]) => keywords > 100 && everything <= 3).map(([question]) => question)
    expect(found.length).toBeGreaterThanOrEqual(6)
    expect(found).toEqual(EXAMPLES['web-apis'].map(({ question }) => question).filter((question) => !lost.includes(question)))
  })

  test('say where keywords do better, and only there', () => {
    const noted = EXAMPLES['web-apis'].filter(({ keywordsBetter }) => keywordsBetter).map(({ question }) => question)
    const lost = [...ranks].filter(([, { keywords, everything }]) => everything > keywords).map(([question]) => question)
    expect(noted.length).toBeGreaterThanOrEqual(1)
    expect(lost).toEqual(noted)
  })
})

/** What answers the Chinese questions. */
const ANSWERS: Record<string, string[]> = {
  指南针朝哪个方向: ['wx.startCompass', 'wx.onCompassChange'],
  清空本地保存的东西: ['wx.clearStorage', 'wx.clearStorageSync'],
  页面滚到最上面: ['wx.pageScrollTo'],
  把数据存在手机里下次还能用: ['wx.setStorage', 'wx.setStorageSync'],
  录一段声音: ['wx.startRecord', 'RecorderManager.start', 'wx.getRecorderManager'],
  播放背景音乐: ['wx.getBackgroundAudioManager', 'wx.playBackgroundAudio'],
}

test('the Chinese questions: keywords have no right entry among their first thirty, the page among its first five; or it says so', async () => {
  const file = createRequire(import.meta.url).resolve('miniprogram-api-typings/types/wx/lib.wx.api.d.ts')
  const entries = toEntries(extractMiniProgramApis(readFileSync(file, 'utf8')))
  const firstStage = new FirstStage()
  await firstStage.add(entries)
  const index = await buildCorpusIndex('mini-program-apis', entries)
  await using reranker = await createReranker({ model: 'page-rerank-small-zh' })
  await reranker.prepare({ index: index?.out as string })
  for (const { question, keywordsBetter } of EXAMPLES['mini-program-apis']) {
    const best = (ids: (string | undefined)[]) =>
      Math.min(...(ANSWERS[question] ?? []).map((id) => ids.indexOf(id) + 1).filter((rank) => rank > 0))
    const keywords = best(Array.from(firstStage.search(question, 0).places, (at) => entries[at]?.id))
    const { results } = await reranker.rerank(question, entries, { text: ({ read }) => read, firstStageWeight: 0 })
    const everything = best(results.map(({ document }) => document.id))
    if (keywordsBetter) expect(everything, question).toBeGreaterThan(keywords)
    else expect([keywords > 30, everything <= 5], `${question}: ${keywords}, ${everything}`).toEqual([true, true])
  }
}, 120_000)
