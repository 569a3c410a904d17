import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Pages that show the Chinese model where the English ones show the English model: their code and figures are their own. */
const OF_THE_CHINESE_MODEL = ['index.md', 'getting-started.md', 'choosing-a-model.md', 'search.md', 'vitepress.md']

const docs = new URL('../../docs/', import.meta.url)

const translated = readdirSync(new URL('zh', docs))

test.each(translated)('docs/zh/%s has the headings of the English page', (name) => {
  expect(frameOf(`zh/${name}`).headings).toEqual(frameOf(name).headings)
})

test.each(translated.filter((name) => !OF_THE_CHINESE_MODEL.includes(name)))('docs/zh/%s has its code and its tables’ numbers', (name) => {
  const { code, rows } = frameOf(name)
  expect(frameOf(`zh/${name}`)).toMatchObject({ code, rows })
})

interface Frame {
  /** Their levels. */
  headings: number[]
  code: string[]
  /** For each row of each table, the numbers in it; words stand in another order in another language. */
  rows: string[][]
}

function frameOf(path: string): Frame {
  const page = readFileSync(new URL(path, docs), 'utf8')
  const blocks = /^```.*\n[\s\S]*?^```$/gm
  const text = page.replace(blocks, '')
  return {
    headings: [...text.matchAll(/^#+(?= )/gm)].map(([marks]) => marks.length),
    code: (page.match(blocks) ?? []).map(withoutComments),
    rows: [...text.replace(/\]\([^)]*\)/g, ']').matchAll(/^\|.*$/gm)].map(([row]) => (row.match(/\d+(?:[.,]\d+)*/g) ?? []).toSorted()),
  }
}

function withoutComments(code: string): string {
  return code
    .replace(/<!--[\s\S]*?-->|\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)(\/\/|#) .*$/gm, '')
    .replace(/[ \t]+$/gm, '')
}
