import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createReranker, pullModel } from 'page-rerank/node'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { filesOf, TestHub } from '../support/hub.js'

/** `page-rerank pull`, built, in processes of its own. */
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const LARGE = 'onnx/model_quantized.onnx'

/** In the forms that hub folders have. */
const COLBERT = ['colbert-bert', 'colbert-modernbert', 'colbert-onnx']

let hub: TestHub
let folder: string
beforeAll(async () => {
  const files = filesOf('test/reference/bert')
  hub = await TestHub.start([
    { id: 'owner/tiny', files },
    // What a pull does not look into may be any bytes.
    { id: 'owner/large', files: { ...files, [LARGE]: Uint8Array.from({ length: 4_000_000 }, (_, i) => (i * 7) & 255) } },
    { id: 'owner/gated', files, token: 'hf_secret' },
    ...COLBERT.map((model) => ({ id: `owner/${model}`, files: filesOf(`test/reference/${model}`) })),
  ])
})
afterAll(() => hub?.close())
beforeEach(async () => {
  hub.reset()
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-'))
})
afterEach(() => rm(folder, { recursive: true }))

function start(argv: string[], { env = {}, before = '' } = {}): ChildProcess {
  const options = { cwd: folder, env: { ...process.env, HF_ENDPOINT: hub.host, ...env } }
  if (before === '') return spawn(process.execPath, [cli, 'pull', ...argv], options)
  return spawn('bash', ['-c', `${before}; exec "$0" "$@"`, process.execPath, cli, 'pull', ...argv], options)
}

async function pull(argv: string[], surroundings?: Parameters<typeof start>[1]) {
  const child = start(argv, surroundings)
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'exit'),
  ])
  return { code, stdout, stderr }
}

test.each(COLBERT)('%s: by its id, and from the folder that was pulled', async (model) => {
  const pairs = [['a question', 'an answer'] as const, ['another', 'and a longer answer, with more words'] as const]
  await using original = await createReranker({ model: `test/reference/${model}`, dtype: 'fp32' })
  const scores = await original.computeScore(pairs)
  await using byId = await createReranker({ model: `owner/${model}`, host: hub.host, dtype: 'fp32', cache: false })
  expect(await byId.computeScore(pairs)).toEqual(scores)
  expect(hub.requests.filter(({ status }) => status === 404)).toEqual([])
  await pullModel(`owner/${model}`, { host: hub.host, dtype: 'fp32', out: join(folder, model) })
  // It says everything itself; the authors' files need not be there.
  for (const file of ['config_sentence_transformers.json', 'onnx_config.json', 'artifact.metadata', 'modules.json']) {
    await rm(join(folder, model, file), { force: true })
  }
  await using pulled = await createReranker({ model: join(folder, model) })
  expect(pulled.info).toMatchObject({ kind: 'late-interaction', model: `owner/${model}` })
  expect(await pulled.computeScore(pairs)).toEqual(scores)
})

test('the folder it writes loads, and is what it says', async () => {
  const { code, stdout, stderr } = await pull(['owner/tiny', '--dtype', 'fp32'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^owner\/tiny, revision [0-9a-f]{40}, fp32: 4 files, \d\.\d MB in models\/tiny\n/)
  expect(stdout).toContain(`createReranker({ model: '/models/tiny/', dtype: 'fp32' })`)
  const reranker = await createReranker({ model: join(folder, 'models/tiny') })
  const original = await createReranker({ model: 'test/reference/bert', dtype: 'fp32' })
  const pair = ['a question', 'an answer'] as const
  expect(await reranker.computeScore(pair)).toEqual(await original.computeScore(pair))
  expect(reranker.info).toMatchObject({ model: 'owner/tiny', revision: stdout.match(/[0-9a-f]{40}/)?.[0], dtype: 'fp32' })
  await Promise.all([reranker.dispose(), original.dispose()])
})

test('a folder outside of the working one is named as it is', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'page-rerank-'))
  const { stdout } = await pull(['owner/tiny', '--dtype', 'fp32', '--out', elsewhere])
  await rm(elsewhere, { recursive: true })
  expect(stdout).toContain(`createReranker({ model: '${elsewhere}', dtype: 'fp32' })`)
  expect(stdout).toContain(`createReranker({ model: '/${basename(elsewhere)}/', dtype: 'fp32' })`)
})

test('killed twice in the middle, it goes on where it was and verifies', async () => {
  hub.pieceDelay = 40
  const partial = join(folder, 'out', `${LARGE}.partial`)
  for (const bytes of [500_000, 1_500_000]) {
    const child = start(['owner/large', '--out', 'out'])
    while (((await stat(partial).catch(() => undefined))?.size ?? 0) < bytes) await new Promise((done) => setTimeout(done, 20))
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect(access(join(folder, 'out', LARGE))).rejects.toThrow()
  }
  hub.pieceDelay = 0
  const { code, stdout, stderr } = await pull(['owner/large', '--out', 'out', '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(hub.statusesOf(LARGE)).toEqual([200, 206, 206])
  const starts = hub.requests.filter((one) => one.status === 206).map(({ range }) => Number(/\d+/.exec(range as string)))
  expect(starts[0]).toBeGreaterThanOrEqual(500_000)
  expect(starts[1]).toBeGreaterThanOrEqual(1_500_000)
  expect(JSON.parse(stdout)).toMatchObject({ dtype: 'q8', folder: 'out' })
  expect((await readdir(join(folder, 'out'), { recursive: true })).sort()).toEqual(
    ['config.json', 'onnx', LARGE, 'page-rerank.json', 'tokenizer.json', 'tokenizer_config.json'].sort(),
  )
})

test('a second pull fetches nothing; one whose file was spoilt fetches that; a second dtype joins the first', async () => {
  await pull(['owner/large'])
  hub.requests.length = 0
  await pull(['owner/large'])
  expect(hub.requests).toEqual([])
  const path = join(folder, 'models/large', LARGE)
  const bytes = await readFile(path)
  bytes[1000] = (bytes[1000] as number) ^ 1
  await writeFile(path, bytes)
  await pull(['owner/large'])
  expect(hub.statusesOf(LARGE)).toEqual([200])
  await pull(['owner/large', '--dtype', 'fp32'])
  const { dtypes, files } = JSON.parse(await readFile(join(folder, 'models/large/page-rerank.json'), 'utf8'))
  expect(Object.keys(dtypes).sort()).toEqual(['fp32', 'q8'])
  expect(Object.keys(files)).toHaveLength(5)
})

test('progress tells bytes, rate and time left', async () => {
  hub.pieceDelay = 50
  const { stderr } = await pull(['owner/large', '--progress'])
  expect(stderr).toMatch(/Loading owner\/large: \d\.\d MB of 4\.\d MB, \d\.\d MB\/s, \d+ s left/)
})

test('an onProgress that fails ends the pull with that error', async () => {
  const error = new Error('of the caller')
  const options = { host: hub.host, dtype: 'fp32', out: join(folder, 'out') } as const
  let calls = 0
  const onProgress = () => {
    calls++
    throw error
  }
  await expect(pullModel('owner/tiny', { ...options, onProgress })).rejects.toBe(error)
  expect(calls).toBe(1)
  await expect(pullModel('owner/large', { ...options, dtype: 'q8', onProgress: () => Promise.reject(error) })).rejects.toBe(error)
})

test('a full disk: an error that says what to do, and a retry that goes on', async () => {
  // A limit on the size of files stands for the disk: 2,000 blocks of 1 KiB.
  const { code, stderr } = await pull(['owner/large'], { before: 'ulimit -f 2000' })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^page-rerank: There is no room for [^\n]*\n$/)
  expect((await pull(['owner/large'])).code).toBe(0)
  expect(hub.statusesOf(LARGE)).toEqual([200, 206])
})

test('a gated model needs HF_TOKEN', async () => {
  const { code, stderr } = await pull(['owner/gated', '--dtype', 'fp32'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^page-rerank: [^\n]*401[^\n]*HF_TOKEN[^\n]*\n$/)
  expect((await pull(['owner/gated', '--dtype', 'fp32'], { env: { HF_TOKEN: 'hf_secret' } })).code).toBe(0)
})

test.each([
  ['a dtype the model does not have', ['owner/tiny', '--dtype', 'q4'], /no q4 weights/],
  ['no model', [], /Which model\?/],
  ['a model that is not on the hub', ['page-rerank-small-en'], /pull takes owner\/name/],
  ['a model that does not exist', ['owner/none'], /config\.json is missing from owner\/none/],
  ['a folder that is a file', ['owner/tiny', '--out', cli], /Cannot write to [^\n]*: there is a file of that name\. Name another folder\./],
  ['a host without a scheme', ['owner/tiny', '--host', 'hub.example'], /host is "hub\.example"; it must be an address such as https:/],
])('%s: one sentence and exit code 1', async (_, argv, message) => {
  const { code, stdout, stderr } = await pull(argv)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^page-rerank: [^\n]*\n$/)
  expect(stderr).toMatch(message)
})
