import { describe, expect, test } from 'vitest'
import type { PageScore } from '../../../src/pagefind/order.js'
import { readPage } from '../../../src/pagefind/page-texts.js'
import type { ResultData, SubResult } from '../../../src/pagefind/pagefind.js'
import { withBestSections } from '../../../src/pagefind/sub-results.js'

const anchors = ['one', 'two', 'three', 'four', 'five'].map((id, i) => ({ element: 'h2', id, text: id, location: 3 + 3 * i }))
const content = ['The page begins', ...anchors.map(({ id }) => `${id} says <${id}>`)].join(' ')
const sub = (i: number, locations: number[]): SubResult => {
  const anchor = anchors[i] as (typeof anchors)[number]
  return { title: anchor.id, url: `/page/#${anchor.id}`, excerpt: '', locations, anchor }
}
const data = (subResults: SubResult[]): ResultData => ({
  url: '/page/',
  content,
  raw_content: content.replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  meta: { title: 'The page' },
  anchors,
  excerpt: 'The page begins',
  plain_excerpt: 'The page begins',
  sub_results: subResults,
})
const page = readPage('en_1', data([]))
const score = (logits: Record<number, number>): PageScore => {
  const sections = new Map(Object.entries(logits).map(([at, logit]) => [Number(at), logit]))
  const [best] = [...sections].sort((one, other) => other[1] - one[1])[0] as [number, number]
  return { logit: 0, best, sections }
}
const root: SubResult = { title: 'The page', url: '/page/', excerpt: 'begins', locations: [1] }

describe('sub-results', () => {
  test('come in the model’s order, the page’s beginning first, those that it did not read last', () => {
    const given = data([root, sub(0, [4]), sub(1, [7]), sub(2, [10])])
    const { sub_results } = withBestSections(given, page, score({ 6: 1, 3: 0.5 }), false)
    expect(sub_results.map(({ url }) => url)).toEqual(['/page/', '/page/#two', '/page/#one', '/page/#three'])
    expect(given.sub_results.map(({ title }) => title)).toEqual(['The page', 'one', 'two', 'three'])
  })

  test('those of interfaces that show the three with the most words are the first three', () => {
    const given = data([sub(0, [1, 2, 3, 4]), sub(1, [7, 8, 9]), sub(2, [10, 11]), sub(3, [13])])
    const { sub_results } = withBestSections(given, page, score({ 12: 4, 9: 3, 6: 2, 3: 1 }), false)
    const shown = [...sub_results].sort((one, other) => (other.locations?.length ?? 0) - (one.locations?.length ?? 0)).slice(0, 3)
    expect(shown.map(({ title }) => title)).toEqual(['four', 'three', 'two'])
  })

  test('the best section is there though it has none of the words, and says what stands there', () => {
    const { sub_results, excerpt } = withBestSections(data([root, sub(0, [4])]), page, score({ 3: 0, 12: 2 }), false)
    expect(sub_results.map(({ url }) => url)).toEqual(['/page/', '/page/#four', '/page/#one'])
    expect(sub_results[1]).toMatchObject({ title: 'four', excerpt: expect.stringMatching(/^four says &lt;four&gt;/), locations: [12] })
    expect(excerpt).toBe('The page begins')
  })

  test('a page that no keyword found shows its best section, in its excerpt too', () => {
    const { sub_results, excerpt } = withBestSections(data([]), page, score({ 9: 1 }), true)
    expect(sub_results).toEqual([expect.objectContaining({ title: 'three', url: '/page/#three', anchor: anchors[2] })])
    expect(excerpt).toBe(sub_results[0]?.excerpt)
    const beginning = withBestSections(data([]), page, score({ 0: 1 }), true)
    expect(beginning.sub_results).toEqual([expect.objectContaining({ title: 'The page', url: '/page/' })])
    expect(beginning.sub_results[0]).not.toHaveProperty('anchor')
  })
})
