import { describe, expect, test } from 'vitest'
import { createOverlapReranker } from './overlap-reranker.js'
import { jsonLines, run } from './run.js'

const pairs = [
  ['a cat', 'a dog'],
  ['a cat', 'a cat'],
  ['', ''],
]

describe('score', () => {
  test('prints one logit a line, in the order of the input', async () => {
    const { code, stdout, stderr } = await run(['score'], { stdin: jsonLines(pairs) })
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '1\n2\n0\n', stderr: '' })
  })

  test('--normalize prints sigmoids', async () => {
    const { stdout } = await run(['score', '--normalize'], { stdin: jsonLines(pairs) })
    expect(stdout.trimEnd().split('\n').map(Number)).toEqual([1 / (1 + Math.exp(-1)), 1 / (1 + Math.exp(-2)), 0.5])
  })

  test('--json prints index and score', async () => {
    const { stdout } = await run(['score', '-', '--json'], { stdin: jsonLines(pairs) })
    expect(stdout).toBe('{"index":0,"score":1}\n{"index":1,"score":2}\n{"index":2,"score":0}\n')
  })

  test('the options reach computeScore', async () => {
    const seen: unknown[] = []
    const argv = [
      'score',
      '--max-length',
      '64',
      '--query-max-length',
      '16',
      '--truncation',
      'longest_first',
      '--batch-size',
      '4',
      '--normalize',
    ]
    const { stdout } = await run(argv, {
      stdin: jsonLines(pairs.slice(0, 1)),
      createReranker: async (options) => {
        const reranker = createOverlapReranker(options)
        const computeScore = reranker.computeScore.bind(reranker)
        reranker.computeScore = (...call) => {
          seen.push(...call)
          return computeScore(...call)
        }
        return reranker
      },
    })
    expect(stdout).toBe(`${1 / (1 + Math.exp(-1))}\n`)
    expect(seen).toEqual([
      [['a cat', 'a dog']],
      expect.objectContaining({ maxLength: 64, queryMaxLength: 16, truncation: 'longest_first', batchSize: 4, normalize: true }),
    ])
  })

  test('blank lines are skipped and no pairs give no output', async () => {
    expect((await run(['score'], { stdin: `\n${jsonLines(pairs)}\n` })).stdout).toBe('1\n2\n0\n')
    const stderr = 'page-rerank: There are no pairs in standard input.\n'
    expect(await run(['score'], { stdin: '' })).toEqual({ code: 0, stdout: '', stderr, created: [] })
  })

  test.each([
    ['not JSON', 'a cat\tcat'],
    ['three strings', '["a","b","c"]'],
    ['one string', '["a"]'],
    ['a number', '["a", 1]'],
    ['null', '["a", null]'],
    ['an object', '{"query":"a","passage":"b"}'],
  ])('%s: the line is named and nothing is printed', async (_, bad) => {
    const { code, stdout, stderr, created } = await run(['score'], { stdin: `${jsonLines(pairs.slice(0, 2))}${bad}\n["a","b"]\n` })
    expect({ code, stdout, created }).toEqual({ code: 1, stdout: '', created: [] })
    const problem = bad.startsWith('a') ? 'is not valid JSON; it must be' : 'is not'
    expect(stderr).toBe(`page-rerank: Line 3 of standard input ${problem} two strings, ["query", "passage"].\n`)
  })

  test.each([
    ['on one line', JSON.stringify(pairs)],
    ['over many lines', JSON.stringify(pairs, undefined, 2)],
  ])('one array of pairs, %s', async (_, stdin) => {
    expect(await run(['score'], { stdin })).toMatchObject({ code: 0, stdout: '1\n2\n0\n', stderr: '' })
  })

  test('a single pair is no list', async () => {
    expect((await run(['score'], { stdin: '["a cat","a cat"]' })).stdout).toBe('2\n')
    const { code, stderr } = await run(['score'], { stdin: '["a cat"]\n' })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'page-rerank: Line 1 of standard input is not two strings, ["query", "passage"].\n',
    })
  })

  test('an element of a list that is no pair is named', async () => {
    const { code, stdout, stderr } = await run(['score'], { stdin: '[\n["a", "b"],\n["a", 1]\n]' })
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: 'page-rerank: Element [1] of standard input is not two strings, ["query", "passage"].\n',
    })
  })

  test.each([
    [['--truncation', 'none'], '--truncation is none; it must be one of: only_second, longest_first.'],
    [['--max-length', '1.5'], '--max-length is 1.5; it must be a whole number, 1 or more.'],
    [['a', 'b'], 'Unexpected argument "b"; the usage is: page-rerank score [FILE|-] [options].'],
  ])('%j is refused', async (argv, sentence) => {
    expect(await run(['score', ...argv])).toEqual({ code: 1, stdout: '', stderr: `page-rerank: ${sentence}\n`, created: [] })
  })
})
