import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createLanguageGuard } from '../../src/core/language-guard.js'
import { languageName } from '../../src/core/languages.js'
import { createTokenizer } from '../../src/core/tokenizer.js'

const folder = 'models/page-rerank-small-en'
const read = (file: string) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Record<string, unknown>
const guard = createLanguageGuard(createTokenizer(read('tokenizer.json'), read('tokenizer_config.json')), ['en'])

const ENGLISH_DOCUMENTS = [
  'The key was left on the table when the shop closed.',
  'Bees find their way home by the sun and by landmarks.',
  'You can return any item within thirty days.',
  'The museum opens at ten and closes at six.',
]

interface Group {
  head: string
  lines: string[]
}

/** Lines under `## head` lines; `# …` is a comment. */
function readGroups(file: string): Group[] {
  const groups: Group[] = []
  for (const line of readFileSync(`test/unit/language-guard/${file}`, 'utf8').split('\n')) {
    if (line.startsWith('## ')) groups.push({ head: line.slice(3), lines: [] })
    else if (line !== '' && !line.startsWith('#')) groups.at(-1)?.lines.push(line)
  }
  return groups
}

const queries = readGroups('queries.txt').flatMap(({ head, lines }) => {
  const [kind, language, chosenOn] = head.split(' ') as [string, string, string?]
  return lines.map((text, i) => ({
    text,
    kind,
    language,
    isHeldOut: chosenOn === undefined && i % 2 === 1,
    caught: guard(text, ENGLISH_DOCUMENTS),
  }))
})
type Labelled = (typeof queries)[number]

const share = (all: readonly Labelled[]) => all.filter(({ caught }) => caught).length / all.length
const english = queries.filter(({ language }) => language === 'en')
const foreign = queries.filter(({ language }) => language !== 'en')

/** A table of docs/languages.md: a row for each value of `by`, what the guard stopped of the chosen-on part and the held-out part. */
function table(all: readonly Labelled[], title: string, by: (one: Labelled) => string): string {
  const cell = (part: readonly Labelled[]) => `${part.filter(({ caught }) => caught).length} of ${part.length}`
  const row = (name: string, part: readonly Labelled[]) =>
    `| ${name} | ${cell(part.filter((one) => !one.isHeldOut))} | ${cell(part.filter((one) => one.isHeldOut))} |`
  const names = [...new Set(all.map(by))]
  return [
    `| ${title} | stopped, chosen on | stopped, held out |`,
    '|:--|--:|--:|',
    ...names.map((name) =>
      row(
        name,
        all.filter((one) => by(one) === name),
      ),
    ),
    row('**all**', all),
  ].join('\n')
}

describe('the English guard on labelled queries', () => {
  test.each([
    ['chosen on', false],
    ['held out', true],
  ])('what an English search is asked goes through, %s: at most 0.5 % stopped', (_, isHeldOut) => {
    expect(share(english.filter((one) => one.isHeldOut === isHeldOut))).toBeLessThanOrEqual(0.005)
  })

  test('whole sentences in other languages are stopped: 97 %', () => {
    expect(share(foreign)).toBeGreaterThanOrEqual(0.97)
  })

  test('no query of up to three words in Latin script is stopped', () => {
    const short = english.filter(({ text, kind }) => kind !== 'symbol' && text.split(' ').length <= 3)
    expect(short.length).toBeGreaterThan(300)
    expect(short.filter(({ caught }) => caught)).toEqual([])
  })

  test('docs/languages.md has the table', () => {
    const docs = readFileSync('docs/languages.md', 'utf8')
    expect(docs).toContain(table(english, 'an English search is asked', ({ kind }) => kind))
    expect(docs).toContain(table(foreign, 'whole sentences', ({ language }) => languageName(language)))
  })

  test.each(readGroups('documents.txt'))('documents: $head', ({ head, lines }) => {
    const [language, ...query] = head.split(' ') as [string, ...string[]]
    const mismatch = guard(query.join(' '), lines)
    if (language === 'en' || language === 'mixed') expect(mismatch).toBeUndefined()
    else expect(mismatch).toMatchObject({ code: /ja|ru/.test(language) ? 'script' : 'language' })
  })
})
