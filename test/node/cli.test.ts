import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeWhere } from '../support/needs.js'

/** The built command line in a process of its own, with the bundled model. `npm run build:lib` makes it. */
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Started in a folder that is not the package's. */
function start(argv: string[]) {
  return spawn(process.execPath, [cli, ...argv], { cwd: folder })
}

async function run(argv: string[], stdin = '') {
  const child = start(argv)
  child.stdin.end(stdin)
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  // A crash has a signal and no code.
  return { code: code ?? signal, stdout, stderr }
}

const question = 'how do I undo the last commit'
const answers = [
  'Bananas are rich in potassium.',
  'The weather will be sunny tomorrow in the north.',
  'git reset --soft HEAD~1 undoes the last commit and keeps your changes staged.',
]

describe('the built command line', () => {
  test('rerank puts the answer first', async () => {
    const { code, stdout, stderr } = await run(['rerank', question, '--json'], answers.join('\n'))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const results = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(results.map(({ rank }) => rank)).toEqual([1, 2, 3])
    expect(results[0]).toMatchObject({ index: 2, document: answers[2] })
    expect(results[0].logit).toBeGreaterThan(results[1].logit)
    expect(results[0].score).toBeGreaterThan(0)
    expect(results[0].score).toBeLessThan(1)
  })

  test('rerank reads JSON Lines and prints text', async () => {
    const path = join(folder, 'hits.jsonl')
    await writeFile(path, answers.map((body, id) => JSON.stringify({ id, body })).join('\n'))
    const { code, stdout, stderr } = await run(['rerank', question, 'hits.jsonl', '--top-n', '1'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^1 {2}0\.\d{4} {2}git reset [^\n]*\n$/)
  })

  test('score prints one line a pair, in input order, and rerank gives the same logits', async () => {
    const pairs = answers.map((answer) => JSON.stringify([question, answer])).join('\n')
    const { code, stdout, stderr } = await run(['score'], pairs)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const scores = stdout.trimEnd().split('\n').map(Number)
    expect(scores).toHaveLength(3)
    expect(scores.indexOf(Math.max(...scores))).toBe(2)
    const reranked = await run(['rerank', question, '--json'], answers.join('\n'))
    for (const line of reranked.stdout.trimEnd().split('\n')) {
      const { index, logit } = JSON.parse(line)
      expect(Math.abs(logit - (scores[index] as number))).toBeLessThan(1e-3)
    }
  })

  test('eval measures a small collection', async () => {
    const lines = (values: unknown[]) => values.map((value) => JSON.stringify(value)).join('\n')
    await writeFile(join(folder, 'corpus.jsonl'), lines(answers.map((answer, i) => ({ _id: `d${i}`, text: answer }))))
    await writeFile(join(folder, 'queries.jsonl'), lines([{ _id: 'q', text: question }]))
    await writeFile(join(folder, 'qrels.tsv'), 'q\td2\t1\n')
    await writeFile(join(folder, 'candidates.jsonl'), lines([{ qid: 'q', docs: ['d0', 'd1', 'd2'] }]))
    const { code, stdout, stderr } = await run(['eval', '.', '--candidates', 'candidates.jsonl', '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout).mean).toMatchObject({ base: { ndcg10: 0.5 }, reranked: { ndcg10: 1 }, won: 1, lost: 0, tied: 0 })
    // Its own first stage needs MiniSearch at run time.
    expect(await run(['eval', '.', '--json'])).toMatchObject({ code: 0, stderr: '' })
  })

  test('--long-documents chunk prints the passage that answers', async () => {
    const long = `${'The weather was sunny in the north, as it often is in June. '.repeat(60)}${answers[2]}`
    const { code, stdout, stderr } = await run(['rerank', question, '--long-documents', 'chunk', '--json'], `${answers[0]}\n${long}`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [best] = stdout.split('\n').map((line) => line && JSON.parse(line))
    expect(best).toMatchObject({ index: 1, document: long })
    expect(long.slice(best.passage.start, best.passage.end)).toBe(best.passage.text)
    expect(best.passage.text).toContain(answers[2])
    const text = await run(['rerank', question, '--long-documents', 'chunk', '--top-n', '1'], `${answers[0]}\n${long}`)
    expect(text.stdout).toBe(`1  ${best.score.toFixed(4)}  ${best.passage.text}\n`)
  })

  test('a language the model does not know keeps the order, unless --on-mismatch says otherwise', async () => {
    const input = '¿Quién dijo que no?\nLa llave está en la mesa.'
    const ask = (...options: string[]) => run(['rerank', '¿Dónde está la llave?', ...options], input)
    const reason = "page-rerank: The query looks like Spanish; the model's only language is English."
    expect(await ask()).toEqual({
      code: 0,
      stdout: '1  –       ¿Quién dijo que no?\n2  –       La llave está en la mesa.\n',
      stderr: `${reason} The order was kept; --on-mismatch ignore reranks all the same.\n`,
    })
    const json = await ask('--json', '--top-n', '1')
    expect(JSON.parse(json.stdout)).toEqual({
      rank: 1,
      index: 0,
      scored: false,
      document: '¿Quién dijo que no?',
      mismatch: { part: 'query', code: 'language', reason: reason.slice('page-rerank: '.length) },
    })
    const warned = await ask('--on-mismatch', 'warn')
    expect(warned.stderr).toBe(`${reason} It was reranked all the same.\n`)
    expect(warned.stdout).toMatch(/^1 {2}0\.\d{4} {2}/)
    expect(await ask('--on-mismatch', 'ignore')).toEqual({ ...warned, stderr: '' })
  })

  test('eval counts the queries of another language and leaves them as they were', async () => {
    const lines = (values: unknown[]) => values.map((value) => JSON.stringify(value)).join('\n')
    const german = ['Der Schlüssel liegt auf dem Tisch.', 'Das Wetter wird morgen schön.']
    const set = join(folder, 'german')
    await mkdir(set)
    await writeFile(join(set, 'corpus.jsonl'), lines(german.map((text, i) => ({ _id: `d${i}`, text }))))
    await writeFile(join(set, 'queries.jsonl'), lines([{ _id: 'q', text: 'Wie wird das Wetter?' }]))
    await writeFile(join(set, 'qrels.tsv'), 'q\td1\t1\n')
    await writeFile(join(set, 'first-stage.jsonl'), lines([{ qid: 'q', docs: ['d0', 'd1'] }]))
    const { code, stdout, stderr } = await run(['eval', set, '--candidates', 'first-stage.jsonl', '--json', '--run', 'german.run'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^page-rerank: german, 1 of 1 queries: The query looks like German; .* The order was kept/)
    expect(JSON.parse(stdout).mean).toMatchObject({ mismatched: 1, tied: 1 })
    expect(await readFile(join(folder, 'german.run'), 'utf8')).toBe('q Q0 d0 1 -1 page-rerank\nq Q0 d1 2 -2 page-rerank\n')
  })

  test('info tells what is running', async () => {
    const { code, stdout } = await run(['info', '--json', '--device', 'wasm'])
    expect(code).toBe(0)
    const lengths = { maxLength: 256, maxPositions: 512 }
    expect(JSON.parse(stdout)).toMatchObject({
      device: 'wasm',
      runtime: 'ort-web',
      selfTest: { result: 'passed' },
      worker: false,
      ...lengths,
    })
  })

  test('--version is the package’s', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test.each([
    ['a pair that is none', ['score'], '["a","b"]\n["a"]\n', /^page-rerank: Line 2 of standard input .*\.\n$/],
    ['an empty query', ['rerank', ''], 'text\n', /^page-rerank: The query is empty\.\n$/],
    ['a length the model does not take', ['rerank', 'a', '--max-length', '100000'], 'text\n', /^page-rerank: [^\n]*100000[^\n]*512\.\n$/],
    ['a model folder that is not there', ['info', '--model', './no-such-model'], '', /^page-rerank: [^\n]*no-such-model[^\n]*\n$/],
    [
      'an unknown command',
      ['sort'],
      '',
      /^page-rerank: There is no command "sort"; the commands are rerank, score, eval, index, vectors, pagefind, serve, info, pull, copy, cache, .*\.\n$/,
    ],
  ])('%s: exit code 1, one line on stderr, nothing on stdout', async (_, argv, stdin, message) => {
    const { code, stdout, stderr } = await run(argv, stdin)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('a reader that has seen enough is no failure', async () => {
    const child = start(['rerank', question, '--json'])
    child.stdout.destroy()
    child.stdin.end(answers.join('\n'))
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  describeWhere(existsSync('/dev/full') ? undefined : 'there is no /dev/full', 'a disk that is full', () => {
    test('is a failure with one sentence', async () => {
      for (const argv of [['--version'], ['rerank', question, '--json']]) {
        const child = spawn('sh', ['-c', 'exec "$0" "$@" > /dev/full', process.execPath, cli, ...argv])
        child.stdin.end(answers.join('\n'))
        const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
        expect({ code, stderr }).toEqual({
          code: 1,
          stderr: expect.stringMatching(/^page-rerank: The output could not be written: ENOSPC[^\n]*\.\n$/),
        })
      }
    })
  })

  test('a standard input that is closed holds no documents', async () => {
    const child = spawn('sh', ['-c', 'exec "$0" "$@" <&-', process.execPath, cli, 'rerank', question])
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'page-rerank: There are no documents in standard input.\n' })
  })

  test('Ctrl-C ends a run in progress with 130 and prints nothing', async () => {
    const path = join(folder, 'many.txt')
    // Each of its own: a model may read the same text only once.
    await writeFile(path, Array.from({ length: 20_000 }, (_, i) => `${i}. ${answers.join(' ')}\n`).join(''))
    const child = start(['rerank', question, path, '--progress'])
    const stdout = text(child.stdout)
    let stderr = ''
    for await (const chunk of child.stderr) {
      stderr += chunk
      // Interrupted while it scores, not before.
      if (stderr.includes('Scoring') && !child.killed) child.kill('SIGINT')
    }
    const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
    expect({ code, stdout: await stdout }).toEqual({ code: 130, stdout: '' })
    expect(stderr).toMatch(/^((Loading|Scoring)[^\n]*\n)+$/)
  })
})
