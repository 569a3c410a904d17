import { describe, expect, test } from 'vitest'
import { ModelLoadError } from '../../src/errors.js'
import { duration } from '../../src/node/commands/progress.js'
import { createOverlapReranker } from './overlap-reranker.js'
import { run } from './run.js'

const commands = ['rerank', 'score', 'eval', 'info']

describe('the program', () => {
  test('--version prints the version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '', created: [] })
  })

  test('--help lists the commands', async () => {
    const { code, stdout } = await run(['--help'])
    expect(code).toBe(0)
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} +\\w`, 'm'))
  })

  test('help is --help', async () => {
    expect(await run(['help'])).toEqual(await run(['--help']))
    expect(await run(['help', 'score'])).toEqual(await run(['score', '--help']))
    expect((await run(['help', 'scores'])).stderr).toBe('page-rerank: There is no command "scores"; did you mean score?\n')
  })

  test.each(commands)('%s --help shows usage, options and examples', async (command) => {
    const { code, stdout, created } = await run([command, '--help'])
    expect({ code, created }).toEqual({ code: 0, created: [] })
    expect(stdout).toContain(`Usage: page-rerank ${command} `)
    expect(stdout).toMatch(/^ {2}--model MODEL +\w/m)
    expect(stdout).toMatch(/^ {2}--json +\w/m)
    expect(stdout).toMatch(/^Examples\n {2}\S/m)
  })

  test.each([
    [
      ['sort', 'x'],
      'There is no command "sort"; the commands are rerank, score, eval, index, vectors, pagefind, serve, info, pull, copy, cache, and --help tells more.',
    ],
    [['scores', 'x'], 'There is no command "scores"; did you mean score?'],
    [['Rerank'], 'There is no command "Rerank"; did you mean rerank?'],
    [
      [],
      'There is no command; the commands are rerank, score, eval, index, vectors, pagefind, serve, info, pull, copy, cache, and --help tells more.',
    ],
  ])('%j says what there is', async (argv, sentence) => {
    expect(await run(argv)).toEqual({ code: 1, stdout: '', stderr: `page-rerank: ${sentence}\n`, created: [] })
  })

  describe('when the model does not load', () => {
    const createReranker = async () => {
      throw new ModelLoadError('model-not-found', 'There is no model x.\nLook again.', { cause: new Error('404') })
    }

    test('prints the message in one line', async () => {
      const { code, stdout, stderr } = await run(['info'], { createReranker })
      expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: 'page-rerank: There is no model x. Look again.\n' })
    })

    test('--debug adds the causes', async () => {
      const { code, stderr } = await run(['info', '--debug'], { createReranker })
      expect(code).toBe(1)
      const parts = stderr.split(/\n(?! )/)
      expect(parts.map((part) => part.split('\n')[0])).toEqual([
        'page-rerank: There is no model x. Look again.',
        'ModelLoadError: There is no model x.',
        'Look again.',
        'Caused by: Error: 404',
        '',
      ])
      expect(stderr).toMatch(/\n {4}at .*program\.test\.ts/)
    })
  })

  test('the reranker is disposed of, also after a failure', async () => {
    const disposed: string[] = []
    const createReranker = (name: string, broken: boolean) => async () => {
      const reranker = createOverlapReranker()
      reranker.dispose = async () => void disposed.push(name)
      if (broken) reranker.computeScore = () => Promise.reject(new Error('No luck.'))
      return reranker
    }
    expect((await run(['score'], { stdin: '["a","b"]', createReranker: createReranker('good', false) })).code).toBe(0)
    expect((await run(['score'], { stdin: '["a","b"]', createReranker: createReranker('bad', true) })).code).toBe(1)
    expect(disposed).toEqual(['good', 'bad'])
  })

  test('Ctrl-C while the input is read ends with 130 and no message', async () => {
    const interrupt = new AbortController()
    const running = run(['rerank', 'cat'], { signal: interrupt.signal })
    setTimeout(() => interrupt.abort(), 20)
    expect(await running).toEqual({ code: 130, stdout: '', stderr: '', created: [] })
  })

  test('Ctrl-C while pairs are scored ends with 130 and no output', async () => {
    const interrupt = new AbortController()
    const { code, stdout, stderr } = await run(['rerank', 'cat'], {
      stdin: 'a cat\n',
      signal: interrupt.signal,
      createReranker: async () => {
        interrupt.abort()
        return createOverlapReranker()
      },
    })
    expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: '', stderr: '' })
  })

  test('--progress shows progress on stderr, which is silent without it', async () => {
    const createReranker: NonNullable<Parameters<typeof run>[1]>['createReranker'] = async (options) => {
      options.onProgress?.({ status: 'progress_total', name: 'm', progress: 50, loaded: 1_500_000, total: 3e6, files: {} })
      return createOverlapReranker()
    }
    const loud = await run(['rerank', 'cat', '--progress'], { stdin: 'a cat\n', createReranker })
    const quiet = await run(['rerank', 'cat'], { stdin: 'a cat\n', createReranker })
    expect(loud.stderr).toBe('Loading m: 1.5 MB of 3.0 MB\n')
    expect(quiet.stderr).toBe('')
    expect(loud.stdout).toBe(quiet.stdout)
  })

  test('info prints what is running', async () => {
    const text = await run(['info', '--model', 'some/model', '--threads', '3'])
    expect(text.stdout).toMatch(/^model +some\/model$/m)
    expect(text.stdout).toMatch(/^threads +3$/m)
    expect(text.stdout).toMatch(/^self-test +passed: 8 pairs, at most 0\.00012 off \(0\.01 is allowed\)$/m)
    expect(text.stdout).toMatch(/^given up +webgpu: There is no WebGPU here\.$/m)
    const json = await run(['info', '--json'])
    expect(JSON.parse(json.stdout)).toEqual(createOverlapReranker().info)
  })

  test.each([
    [0, '0 s'],
    [59_001, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [3_900_000, '1 h 05 min'],
  ])('%i ms is %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text)
  })
})
