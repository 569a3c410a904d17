import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ORT_NAMES } from '../../src/runtime/ort-files.js'
import type { LocalRerankerInfo } from '../../src/types.js'

/** Which engine runs the model in Node, and what is said where the wanted one cannot be had. */
const MODEL = 'test/reference/bert'

describe('runtime', () => {
  test.each(['ort-node', 'transformers'] as const)('%s on device wasm is refused: it would run on something else', async (runtime) => {
    await expect(createReranker({ model: MODEL, runtime, device: 'wasm' })).rejects.toMatchObject({
      name: 'InvalidInputError',
      code: 'invalid-option',
      option: 'runtime',
      message: expect.stringContaining('ort-web'),
    })
  })

  test('device wasm is onnxruntime-web', async () => {
    await using reranker = await createReranker({ model: MODEL, dtype: 'fp32', device: 'wasm' })
    expect(reranker.info).toMatchObject({ runtime: 'ort-web', device: 'wasm', fallbacks: [] })
  })

  test('transformers refuses what it cannot run as an option that cannot be used', async () => {
    await expect(createReranker({ model: 'test/reference/qwen3', dtype: 'fp32', runtime: 'transformers' })).rejects.toMatchObject({
      name: 'InvalidInputError',
      code: 'invalid-option',
      option: 'runtime',
    })
  })
})

describe('without onnxruntime-node', () => {
  /** The library where no package is installed. */
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'page-rerank-'))
    const { script, binary } = ORT_NAMES.wasm
    const isNeeded = (path: string) =>
      /^(dist|ort)$|^(node|ort-thread).*\.js$/.test(basename(path)) || [script, binary].includes(basename(path))
    await cp('dist', join(folder, 'dist'), { recursive: true, filter: isNeeded })
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** What `createReranker` comes to there. */
  async function createThere(options: object): Promise<{ info?: LocalRerankerInfo; error?: { code: string; message: string } }> {
    const script = `
      import { createReranker } from './dist/node.js'
      const outcome = await createReranker(${JSON.stringify({ model: resolve(MODEL), dtype: 'fp32', ...options })}).then(
        ({ info }) => ({ info }),
        ({ code, message }) => ({ error: { code, message } }),
      )
      console.log(JSON.stringify(outcome))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder })
    return JSON.parse(stdout)
  }

  test('WASM does the work, and info.fallbacks says what is missing and how to get it', async () => {
    const { info } = await createThere({})
    expect(info).toMatchObject({ runtime: 'ort-web', device: 'wasm' })
    expect(info?.fallbacks).toMatchObject([{ device: 'cpu', code: 'unavailable' }])
    expect(info?.fallbacks[0]?.reason).toMatch(/onnxruntime-node is not installed.*npm install onnxruntime-node/)
  })

  test('who asked for WASM is told nothing', async () => {
    const { info } = await createThere({ device: 'wasm' })
    expect(info).toMatchObject({ runtime: 'ort-web', fallbacks: [] })
  })

  test('who asked for it is told how to get it', async () => {
    const { error } = await createThere({ runtime: 'ort-node' })
    expect(error).toMatchObject({ code: 'invalid-option', message: expect.stringContaining('npm install onnxruntime-node') })
  })
})
