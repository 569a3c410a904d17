import { describe, expect, test } from 'vitest'
import { DocumentFileError, decodeText, type FileProblem, parseCsv, parseDocuments } from '../../src/demo/document-files.js'

/** What a reader is told of. */
function problemOf(work: () => unknown): FileProblem | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof DocumentFileError) return error.problem
    throw error
  }
  return undefined
}

describe('parseDocuments', () => {
  test('plain text: a document a line, or paragraphs where blank lines part them', () => {
    expect(parseDocuments('pasted text', 'one\ntwo\r\n\n').drafts).toEqual([
      { title: 'one', text: '' },
      { title: 'two', text: '' },
    ])
    expect(parseDocuments('a.txt', 'one\nmore\n\ntwo\n').drafts).toEqual([
      { title: 'one', text: 'more' },
      { title: 'two', text: '' },
    ])
  })

  test('Markdown: a document a section, under the headings above it; fenced code holds no headings', () => {
    const text = '# A\nintro\n## B\nbody\n```\n# not a heading\n```\n# C\nlast'
    expect(parseDocuments('a.md', text).drafts).toEqual([
      { title: 'A', text: 'intro' },
      { title: 'A › B', text: 'body\n```\n# not a heading\n```' },
      { title: 'C', text: 'last' },
    ])
  })

  test('JSON: an array, or the first array in an object; fields by their usual names', () => {
    const documents = [
      { Title: 'A', Body: 'a', url: 'https://example.org/' },
      'plain',
      7,
      { other: 'x', n: 2 },
      { url: 'javascript:alert(1)', text: 'b' },
    ]
    expect(parseDocuments('a.json', JSON.stringify({ documents })).drafts).toEqual([
      { title: 'A', text: 'a', url: 'https://example.org/' },
      { title: 'plain', text: '' },
      { title: 'other: x', text: 'n: 2' },
      { title: 'b', text: '' },
    ])
    expect(problemOf(() => parseDocuments('a.json', '{'))).toMatchObject({ code: 'not-json', reason: expect.stringContaining('JSON') })
    expect(problemOf(() => parseDocuments('a.json', '{"a":1}'))).toEqual({ code: 'no-array' })
  })

  test('JSON Lines: names the line that is broken', () => {
    expect(parseDocuments('a.jsonl', '"one"\n\n{"text":"two"}\n').drafts).toHaveLength(2)
    expect(problemOf(() => parseDocuments('a.jsonl', '"one"\n{"text":'))).toMatchObject({ code: 'line-not-json', line: 2 })
  })

  test('CSV: the header names the fields', () => {
    expect(parseDocuments('a.csv', '\uFEFFname,description\r\n"Müller, Anna","says ""hi""\nand more"\r\n,\r\n').drafts).toEqual([
      { title: 'Müller, Anna', text: 'says "hi"\nand more' },
    ])
  })
})

test('entries without text are counted, not lost without a word', () => {
  expect(parseDocuments('a.json', '[{"title":"A"}, 7, {}, null, ""]')).toEqual({ drafts: [{ title: 'A', text: '' }], textless: 4 })
  expect(parseDocuments('a.jsonl', '{"text":"A"}\n[]\n')).toMatchObject({ drafts: [{ title: 'A' }], textless: 1 })
})

test('what is no UTF-8 text is refused', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values).buffer
  expect(decodeText(new TextEncoder().encode('Kätzchen 🐈').buffer as ArrayBuffer)).toBe('Kätzchen 🐈')
  // A picture, UTF-16, Latin-1.
  for (const file of [bytes(0x89, 0x50, 0x4e, 0x47), bytes(0x61, 0, 0x62, 0), bytes(0x4b, 0xe4, 0x74)]) {
    expect(problemOf(() => decodeText(file))).toEqual({ code: 'not-text' })
  }
})

describe('parseCsv', () => {
  test('quotes, doubled quotes, line breaks, empty fields', () => {
    expect(parseCsv('a,"b,""c""\nd",\r\n,,x\n', ',')).toEqual([
      ['a', 'b,"c"\nd', ''],
      ['', '', 'x'],
    ])
  })

  test('semicolons where the first line has no comma; tabs', () => {
    expect(parseCsv('a;b\n1,5;2', ',')).toEqual([
      ['a', 'b'],
      ['1,5', '2'],
    ])
    expect(parseCsv('a\tb', '\t')).toEqual([['a', 'b']])
  })

  test('a quote that never ends is an error, not a file swallowed whole', () => {
    expect(problemOf(() => parseCsv('a\n"b\nc', ','))).toEqual({ code: 'open-quote', row: 2 })
  })
})
