import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { streamLines } from '../../src/node/lines.js'
import { jsonLines, run } from './run.js'

const query = 'undo the last commit'
/** Words of the query in each: 1, 3, 0, 4. */
const lines = 'the weather\nthe last commit\nbananas\nhow to undo the last commit\n'

const ranked = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('rerank', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'page-rerank-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('prints lines of text, best first', async () => {
    const { code, stdout, stderr } = await run(['rerank', query], { stdin: lines })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe('1  0.9820  how to undo the last commit\n2  0.9526  the last commit\n3  0.7311  the weather\n4  0.5000  bananas\n')
  })

  test('reads a file, and - as standard input', async () => {
    const path = join(folder, 'lines.txt')
    await writeFile(path, lines)
    const piped = await run(['rerank', query, '-'], { stdin: lines })
    expect((await run(['rerank', query, path])).stdout).toBe(piped.stdout)
    expect(piped.stdout).not.toBe('')
  })

  test('--json prints the result and the document', async () => {
    const { stdout } = await run(['rerank', query, '--json', '--top-n', '2'], { stdin: lines })
    expect(ranked(stdout)).toEqual([
      { rank: 1, index: 3, scored: true, score: 1 / (1 + Math.exp(-4)), logit: 4, document: 'how to undo the last commit' },
      { rank: 2, index: 1, scored: true, score: 1 / (1 + Math.exp(-3)), logit: 3, document: 'the last commit' },
    ])
  })

  test('--min-score leaves out what scores under it', async () => {
    const { stdout } = await run(['rerank', query, '--json', '--min-score', '0.95'], { stdin: lines })
    expect(ranked(stdout).map(({ index }) => index)).toEqual([3, 1])
  })

  test('--first-stage-weight lets the order of the input count, and leaves the scores', async () => {
    const { stdout } = await run(['rerank', query, '--json', '--first-stage-weight', '8'], { stdin: lines })
    // 1 + 8, 3 + 6, 0 + 4, 4 + 2: the tie of the first two is the input's.
    expect(ranked(stdout).map(({ index, logit }) => [index, logit])).toEqual([
      [0, 1],
      [1, 3],
      [3, 4],
      [2, 0],
    ])
  })

  test('ties keep the order of the input', async () => {
    const { stdout } = await run(['rerank', 'cat', '--json'], { stdin: 'b\na cat\nc\nthe cat\n' })
    expect(ranked(stdout).map(({ index }) => index)).toEqual([1, 3, 0, 2])
  })

  test('blank lines are no documents, and Windows line ends, a byte order mark and a missing last line end do not matter', async () => {
    const { stdout } = await run(['rerank', 'cat', '--json'], { stdin: '\ufeffa dog\r\n\r\na cat' })
    expect(ranked(stdout).map(({ document }) => document)).toEqual(['a cat', 'a dog'])
  })

  test('U+2028 inside a JSON string is no line end', async () => {
    const document = { text: 'a\u2028cat' }
    const { stdout } = await run(['rerank', 'cat', '--json'], { stdin: `{"text":"dog"}\n${JSON.stringify(document)}\n` })
    expect(ranked(stdout)[0].document).toEqual(document)
  })

  test('a character that two chunks share is read whole', async () => {
    const bytes = Buffer.from('ein Kätzchen\n')
    // The two bytes of ä are apart.
    const stream = Readable.from([bytes.subarray(0, 6), bytes.subarray(6)])
    const read: string[] = []
    for await (const { text } of streamLines(stream, 'x')) read.push(text)
    expect(read).toEqual(['ein Kätzchen'])
  })

  describe('JSON Lines', () => {
    const hits = [
      { id: 1, title: 'Reset', text: 'throw the last commit away' },
      { id: 2, title: 'Undo', text: 'the last commit' },
    ]

    test('are recognised, scored by title and text, and come back whole', async () => {
      const { stdout } = await run(['rerank', query, '--json'], { stdin: jsonLines(hits) })
      expect(ranked(stdout).map(({ logit, document }) => [logit, document])).toEqual([
        [4, hits[1]],
        [3, hits[0]],
      ])
    })

    test.each([
      ['content', [{ content: 'a dog' }, { content: 'a cat' }]],
      ['body', [{ body: 'a dog' }, { title: 'x', body: 'a cat' }]],
    ])('fall back to %s', async (_, documents) => {
      const { stdout } = await run(['rerank', 'cat', '--json'], { stdin: jsonLines(documents) })
      expect(ranked(stdout).map(({ index }) => index)).toEqual([1, 0])
    })

    test('--field takes a dotted path and several fields', async () => {
      const documents = [{ a: { b: 'nothing' }, c: 'cat' }, { a: { b: 'tabby' }, c: 'cat' }, { c: 'tabby' }]
      const args = (field: string) => ['rerank', 'tabby cat', '--json', '--field', field]
      const one = await run(args('c'), { stdin: jsonLines(documents) })
      expect(ranked(one.stdout).map(({ logit }) => logit)).toEqual([1, 1, 1])
      const several = await run(args('a.b,c'), { stdin: jsonLines(documents) })
      expect(ranked(several.stdout).map(({ index, logit }) => [index, logit])).toEqual([
        [1, 2],
        [0, 1],
        [2, 1],
      ])
    })

    test('the text form shows the text on one line, without control characters', async () => {
      const { stdout } = await run(['rerank', 'cat'], { stdin: jsonLines([{ title: 'A', text: 'cat\n\n\x1b[31mred\t!' }]) })
      expect(stdout).toBe('1  0.7311  A cat [31mred !\n')
    })

    test('a bad line is an error that names it, and --input-format text takes all lines as text', async () => {
      const stdin = '{"text":"dog"}\n\n{"text":"cat"\n'
      expect(await run(['rerank', 'cat', '--json'], { stdin })).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'page-rerank: Line 3 of standard input is not valid JSON; mend it, or read every line as plain text with --input-format text.\n',
        created: [],
      })
      const asText = await run(['rerank', 'cat', '--json', '--input-format', 'text'], { stdin })
      expect({ code: asText.code, stderr: asText.stderr }).toEqual({ code: 0, stderr: '' })
      expect(ranked(asText.stdout).map(({ document }) => document)).toEqual(['{"text":"cat"', '{"text":"dog"}'])
    })

    test('the name of a file decides before its first line does', async () => {
      const path = join(folder, 'hits.jsonl')
      await writeFile(path, 'cat\n{"text":"cat"}\n')
      const { code, stdout, stderr } = await run(['rerank', 'cat', path])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(`Line 1 of ${path} is not valid JSON; `)
    })

    test('strings are documents', async () => {
      const path = join(folder, 'texts.ndjson')
      await writeFile(path, '"a dog"\n"a\\ncat"\n')
      const { stdout } = await run(['rerank', 'cat', '--json', path])
      expect(ranked(stdout).map(({ document }) => document)).toEqual(['a\ncat', 'a dog'])
    })
  })

  describe('one JSON array', () => {
    const hits = [{ text: 'a dog' }, { title: 'Pets', text: 'a cat' }, 'the cat sat']
    test.each([
      ['on one line', JSON.stringify(hits)],
      ['over many lines', JSON.stringify(hits, undefined, 2)],
      ['with Windows line ends and a byte order mark', `\ufeff${JSON.stringify(hits, undefined, 2).replaceAll('\n', '\r\n')}\r\n`],
    ])('%s is a list of documents', async (_, stdin) => {
      const { code, stdout, stderr } = await run(['rerank', 'cat', '--json'], { stdin })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(ranked(stdout).map(({ index, document }) => [index, document])).toEqual([
        [1, hits[1]],
        [2, hits[2]],
        [0, hits[0]],
      ])
    })

    test('--field takes from its objects', async () => {
      const stdin = JSON.stringify([{ a: { b: 'dog' } }, { a: { b: 'cat' } }], undefined, 1)
      const { stdout } = await run(['rerank', 'cat', '--json', '--field', 'a.b'], { stdin })
      expect(ranked(stdout).map(({ index }) => index)).toEqual([1, 0])
    })

    test('an empty one holds no documents', async () => {
      expect(await run(['rerank', 'cat'], { stdin: '[\n]\n' })).toEqual({
        code: 0,
        stdout: '',
        stderr: 'page-rerank: There are no documents in standard input.\n',
        created: [],
      })
    })
  })

  test.each(['[12:04] the cat is ready', '{{ cat }}', '[1] Footnote', '- [x] feed the cat', '"Cat," she said.'])(
    'text may look a little like JSON: %s',
    async (line) => {
      const { code, stdout, stderr } = await run(['rerank', 'cat', '--json'], { stdin: `${line}\nsecond line\n` })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(ranked(stdout)[0].document).toBe(line)
    },
  )

  test('the options reach the model', async () => {
    const { created } = await run(['rerank', 'cat', '--model', 'some/model', '--dtype', 'fp32', '--device', 'wasm', '--threads', '2'], {
      stdin: 'a cat\n',
    })
    expect(created).toEqual([
      expect.objectContaining({ model: 'some/model', dtype: 'fp32', device: 'wasm', threads: 2, signal: expect.any(AbortSignal) }),
    ])
    expect(created[0]).not.toHaveProperty('host')
  })

  test('no documents: a note, and no model is loaded', async () => {
    const stderr = 'page-rerank: There are no documents in standard input.\n'
    for (const stdin of ['', '\n \n', '\ufeff']) {
      expect(await run(['rerank', query], { stdin })).toEqual({ code: 0, stdout: '', stderr, created: [] })
    }
  })

  test.each([
    ['an empty query', ['rerank', ' '], 'The query is empty.'],
    ['no query', ['rerank'], 'There is no query; the usage is: page-rerank rerank "<query>" [FILE|-] [options].'],
    ['--top-n 0', ['rerank', 'cat', '--top-n', '0'], '--top-n is 0; it must be a whole number, 1 or more.'],
    ['--top-n -1', ['rerank', 'cat', '--top-n', '-1'], '--top-n is -1; it must be a whole number, 1 or more.'],
    ['--top-n many', ['rerank', 'cat', '--top-n', 'many'], '--top-n is many; it must be a whole number, 1 or more.'],
    ['an empty number', ['rerank', 'cat', '--top-n='], '--top-n is empty; it must be a whole number, 1 or more.'],
    ['--min-score 2', ['rerank', 'cat', '--min-score', '2'], '--min-score is 2; it must be a number, from 0 to 1.'],
    [
      '--first-stage-weight -1',
      ['rerank', 'cat', '--first-stage-weight=-1'],
      '--first-stage-weight is -1; it must be a number, 0 or more.',
    ],
    ['--min-score NaN', ['rerank', 'cat', '--min-score', 'NaN'], '--min-score is NaN; it must be a number, from 0 to 1.'],
    [
      'a dtype that is none',
      ['rerank', 'cat', '--dtype', 'q3'],
      '--dtype is q3; it must be one of: auto, fp32, fp16, q8, int8, uint8, q4, q4f16.',
    ],
    ['--long-documents cut', ['rerank', 'cat', '--long-documents', 'cut'], '--long-documents is cut; it must be one of: truncate, chunk.'],
    [
      '--on-mismatch stop',
      ['rerank', 'cat', '--on-mismatch', 'stop'],
      '--on-mismatch is stop; it must be one of: keep-order, warn, ignore.',
    ],
    ['a forgotten value', ['rerank', 'cat', '--field', '--json'], '--field needs a value: --field PATH.'],
    ['a value for a flag', ['rerank', 'cat', '--json=yes'], '--json takes no value.'],
    ['an unknown option', ['rerank', 'cat', '--topn', '3'], 'Unknown option --topn; did you mean --top-n?'],
    ['an option of the library', ['rerank', 'cat', '--topN=3'], 'Unknown option --topN; did you mean --top-n?'],
    [
      'an option that is like none',
      ['rerank', 'cat', '--verbose'],
      'Unknown option --verbose; see --help, or put -- before text that starts with a dash.',
    ],
    ['a short option', ['rerank', 'cat', '-n', '3'], 'Unknown option -n; see --help, or put -- before text that starts with a dash.'],
    ['two values', ['rerank', 'cat', '--field', 'title', '--field', 'body'], '--field is given twice, as title and as body; give it once.'],
    ['an input format that is none', ['rerank', 'cat', '--input-format', 'csv'], '--input-format is csv; it must be one of: text, json.'],
    [
      '--field of text',
      ['rerank', 'cat', '--field', 'a', '--input-format', 'text'],
      '--field names a part of a JSON document; leave it out, or read the input as JSON.',
    ],
    ['--field with an empty path', ['rerank', 'cat', '--field', 'title,'], '--field is "title,"; a path in it is empty.'],
    [
      'a third argument',
      ['rerank', 'cat', 'a', 'b'],
      'Unexpected argument "b"; the usage is: page-rerank rerank "<query>" [FILE|-] [options].',
    ],
    ['a file that is not there', ['rerank', 'cat', '/no/such/file'], 'Cannot read /no/such/file: there is no such file.'],
    ['a folder', ['rerank', 'cat', tmpdir()], `Cannot read ${tmpdir()}: it is a folder.`],
  ])('%s is refused in one sentence, before a model is loaded', async (_, argv, sentence) => {
    expect(await run(argv, { stdin: 'a cat\n' })).toEqual({ code: 1, stdout: '', stderr: `page-rerank: ${sentence}\n`, created: [] })
  })

  test.each([
    ['--field on plain text', ['--field', 'text'], 'cat\n', 'Line 1 of standard input is not valid JSON; --field needs JSON objects.'],
    ['--field on a string', ['--field', 'text'], '"cat"\n', 'Line 1 of standard input is a string; --field needs objects.'],
    ['a field that is missing', ['--field', 'a.b'], '{"a":{}}\n', 'Line 1 of standard input has no "a.b".'],
    ['fields that are all missing', ['--field', 'a,b'], '[{"a":"x"},{}]', 'Element [1] of standard input has no "a" and no "b".'],
    ['a field that is no string', ['--field', 'a'], '\n{"a":1}\n', 'Line 2 of standard input has a number as "a"; it must be a string.'],
    [
      'no field to guess',
      [],
      '{"text":"cat"}\n{"name":"cat"}\n',
      'Line 2 of standard input has no text, content or body; name the field with --field.',
    ],
    [
      'an array without a field to guess',
      [],
      '[{"text":"cat"}, {"name":"cat"}]',
      'Element [1] of standard input has no text, content or body; name the field with --field.',
    ],
    [
      'an array of numbers',
      ['--input-format', 'json'],
      '[1]',
      'Element [0] of standard input is a number; documents are objects or strings.',
    ],
    ['a null among objects', [], '{"text":"cat"}\nnull\n', 'Line 2 of standard input is null; documents are objects or strings.'],
    ['arrays on lines', [], '["cat","dog"]\n["cat"]\n', 'Line 1 of standard input is an array; documents are objects or strings.'],
    [
      'an array with a mistake in it',
      [],
      '[\n  {"text": "cat"},\n  {"text": "dog" "id": 2}\n]\n',
      'Line 3 of standard input is not valid JSON; mend it, or read every line as plain text with --input-format text.',
    ],
    [
      'an array that breaks off',
      [],
      '[\n  {"text": "cat"},\n\n  {"text": "dog"},\n',
      'Line 4 of standard input is not valid JSON; mend it, or read every line as plain text with --input-format text.',
    ],
    [
      'a whole answer of a search engine',
      [],
      JSON.stringify({ took: 3, hits: [{ text: 'cat' }] }, undefined, 2),
      'All of standard input is one JSON object, whose "hits" is a list; pass that list alone.',
    ],
    [
      'text with JSON objects among it',
      [],
      '> dump-hits\n{"text":"cat"}\n',
      'Line 1 of standard input is plain text and line 2 a JSON object; say how to read them with --input-format text or json.',
    ],
    [
      'an object that is nested too deep to be written',
      ['--json'],
      `{"text":"cat"}\n{"text":"dog","more":${'['.repeat(50_000)}${']'.repeat(50_000)}}\n`,
      'Line 2 of standard input is nested more than 1000 levels deep, too deep to be written down again; leave out what is in there.',
    ],
    ['UTF-16', [], 'c\0a\0t\0\n\0', 'Cannot read standard input: it is not text, it holds zero bytes.'],
  ])('%s is refused', async (_, options, stdin, sentence) => {
    expect(await run(['rerank', 'cat', ...options], { stdin })).toEqual({
      code: 1,
      stdout: '',
      stderr: `page-rerank: ${sentence}\n`,
      created: [],
    })
  })

  test('bytes that are not UTF-8 are refused', async () => {
    const { code, stdout, stderr } = await run(['rerank', 'cat'], { stdin: Uint8Array.of(0x63, 0xff, 0xfe, 0x0a) })
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: 'page-rerank: Cannot read standard input: it is not UTF-8 text.\n',
    })
  })

  test('a terminal gets lines of its width and a progress line that goes away', async () => {
    const stdin = 'the cat 🐈 sat on the mat\n'
    const { stdout, stderr } = await run(['rerank', 'cat'], { stdin, columns: 20 })
    expect(stdout).toBe('1  0.7311  the cat …\n')
    expect(stderr).toBe('\r\x1b[KScoring: 1 of 1\r\x1b[K')
    expect((await run(['rerank', 'cat'], { stdin, columns: 21 })).stdout).toBe('1  0.7311  the cat 🐈…\n')
    // A terminal that does not know its width says 0.
    expect((await run(['rerank', 'cat'], { stdin, columns: 0 })).stdout).toBe(`1  0.7311  ${stdin}`)
  })

  test('a query may start with a dash after --', async () => {
    const { code, stdout } = await run(['rerank', '--json', '--', '--force'], { stdin: 'use force\n' })
    expect({ code, logit: ranked(stdout)[0].logit }).toEqual({ code: 0, logit: 1 })
  })
})
