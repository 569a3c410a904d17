import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createReranker } from 'page-rerank/node'
import { describe, expect, test } from 'vitest'
import type { RerankerInfo } from '../../src/types.js'

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
  /** What `createReranker` comes to in a process where the package cannot be resolved. */
  async function inAnotherProcess(options: object): Promise<{ info?: RerankerInfo; error?: { code: string; message: string } }> {
    const hooks = `export async function resolve(name, context, next) {
      if (name !== 'onnxruntime-node') return next(name, context)
      throw Object.assign(new Error("Cannot find package 'onnxruntime-node'"), { code: 'ERR_MODULE_NOT_FOUND' })
    }`
    const script = `
      import { register } from 'node:module'
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))
      const { createReranker } = await import(${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)})
      const outcome = await createReranker(${JSON.stringify({ model: MODEL, dtype: 'fp32', ...options })}).then(
        ({ info }) => ({ info }),
        ({ code, message }) => ({ error: { code, message } }),
      )
      console.log(JSON.stringify(outcome))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
    return JSON.parse(stdout)
  }

  test('WASM does the work, and info.fallbacks says what is missing and how to get it', async () => {
    const { info } = await inAnotherProcess({})
    expect(info).toMatchObject({ runtime: 'ort-web', device: 'wasm' })
    expect(info?.fallbacks).toMatchObject([{ device: 'cpu', code: 'unavailable' }])
    expect(info?.fallbacks[0]?.reason).toMatch(/onnxruntime-node is not installed.*npm install onnxruntime-node/)
  })

  test('who asked for WASM is told nothing', async () => {
    const { info } = await inAnotherProcess({ device: 'wasm' })
    expect(info).toMatchObject({ runtime: 'ort-web', fallbacks: [] })
  })

  test('who asked for it is told how to get it', async () => {
    const { error } = await inAnotherProcess({ runtime: 'ort-node' })
    expect(error).toMatchObject({ code: 'invalid-option', message: expect.stringContaining('npm install onnxruntime-node') })
  })
})
