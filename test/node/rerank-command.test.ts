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

    test('a line that is no object makes it plain text, and says so', async () => {
      const { code, stdout, stderr } = await run(['rerank', 'cat', '--json'], { stdin: '{"text":"dog"}\n{"text":"cat"\n' })
      expect(code).toBe(0)
      expect(ranked(stdout)[0].document).toBe('{"text":"cat"')
      expect(stderr).toBe('page-rerank: Line 2 of standard input is not a JSON object, so every line is taken as plain text.\n')
    })
  })

  test('the options reach the model', async () => {
    const { created } = await run(['rerank', 'cat', '--model', 'some/model', '--dtype', 'fp32', '--device', 'wasm', '--threads', '2'], {
      stdin: 'a cat\n',
    })
    expect(created).toEqual([
      expect.objectContaining({ model: 'some/model', dtype: 'fp32', device: 'wasm', threads: 2, signal: expect.any(AbortSignal) }),
    ])
    expect(created[0]).not.toHaveProperty('host')
  })

  test('no documents: nothing is printed and no model is loaded', async () => {
    expect(await run(['rerank', query], { stdin: '\n \n' })).toEqual({ code: 0, stdout: '', stderr: '', created: [] })
  })

  test.each([
    ['an empty query', ['rerank', ' '], 'The query is empty.'],
    ['no query', ['rerank'], 'There is no query; the usage is: page-rerank rerank "<query>" [FILE|-] [options].'],
    ['--top-n 0', ['rerank', 'cat', '--top-n', '0'], '--top-n is 0; it must be a whole number, 1 or more.'],
    ['--top-n -1', ['rerank', 'cat', '--top-n', '-1'], '--top-n is -1; it must be a whole number, 1 or more.'],
    ['--top-n many', ['rerank', 'cat', '--top-n', 'many'], '--top-n is many; it must be a whole number, 1 or more.'],
    ['an empty number', ['rerank', 'cat', '--top-n='], '--top-n is empty; it must be a whole number, 1 or more.'],
    ['--min-score 2', ['rerank', 'cat', '--min-score', '2'], '--min-score is 2; it must be a number, from 0 to 1.'],
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
    [
      'an unknown option',
      ['rerank', 'cat', '--topn', '3'],
      'Unknown option --topn; see --help, or put -- before text that starts with a dash.',
    ],
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
    ['--field on plain text', ['--field', 'text'], 'cat\n', 'Line 1 of standard input is not a JSON object, which --field needs.'],
    ['a field that is missing', ['--field', 'a.b'], '{"a":{}}\n', 'The field "a.b" is missing on line 1 of standard input.'],
    ['a field that is no string', ['--field', 'a'], '\n{"a":1}\n', 'The field "a" on line 2 of standard input is not a string.'],
    [
      'no field to guess',
      [],
      '{"text":"cat"}\n{"name":"cat"}\n',
      'There is no text, content or body on line 2 of standard input; name the field with --field.',
    ],
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
