import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from './run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
let parent: string
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'page-rerank-copy-'))
})
afterAll(() => rmSync(parent, { recursive: true }))

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()

describe('page-rerank copy', () => {
  test('puts what a page fetches where it is told, as it lies in the package, and says what to write', async () => {
    const folder = join(parent, 'public/page-rerank')
    const { code, stdout, stderr } = await run(['copy', folder])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^\d+ files, \d+\.\d MB in .*\n/)
    expect(stdout).toContain("createReranker({ assetsPath: '/page-rerank/' })")
    expect(stdout).toContain("import { createReranker } from '/page-rerank/dist/index.js'")
    const files = filesIn(folder)
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/index.js',
        'dist/worker.js',
        'dist/ort/ort-wasm-simd-threaded.jspi.wasm.gz',
        'dist/open-web-engine.js',
      ]),
    )
    expect(files).toContain('models/page-rerank-small-en/onnx/model_q4.onnx')
    for (const file of files) expect(readFileSync(join(folder, file)).equals(readFileSync(join(root, file))), file).toBe(true)
    // More than some hosts take of one file.
    expect(files.filter((file) => statSync(join(folder, file)).size > 25 * 2 ** 20)).toEqual([])
    // Nothing of Node's, no types, no other model.
    expect(files.filter((file) => /node|cli|pagefind|vitepress|\.d\.ts|tiny|zh\/|README/.test(file))).toEqual([])
  })

  test('without WebGPU: less than half of it', async () => {
    const folder = join(parent, 'small')
    // Of a folder that is not known to be served the address is its name.
    expect((await run(['copy', folder, '--no-webgpu'])).stdout).toContain("assetsPath: '/small/'")
    const { stdout } = await run(['copy', folder, '--no-webgpu', '--json'])
    const { bytes, files } = JSON.parse(stdout)
    expect(files.toSorted()).toEqual(filesIn(folder))
    expect(files.reduce((sum: number, file: string) => sum + statSync(join(folder, file)).size, 0)).toBe(bytes)
    expect(bytes).toBeLessThan(42e6)
    expect(files.filter((file: string) => /jspi|asyncify|q4/.test(file))).toEqual([])
  })

  test('other models by their names; of one that has 4-bit weights alone, those', async () => {
    const folder = join(parent, 'models')
    await run(['copy', folder, '--models', 'page-rerank-tiny-en, page-rerank-small-zh', '--no-webgpu'])
    const files = filesIn(folder)
    expect(files).toContain('models/page-rerank-tiny-en/onnx/model_q4.onnx')
    expect(files).toContain('models/page-rerank-small-zh/onnx/model_quantized.onnx')
    expect(files.filter((file) => file.includes('small-en'))).toEqual([])
  })

  test.each([
    [['copy'], 'Copy where? The usage is: page-rerank copy DIR [options].'],
    [['copy', 'a', 'b'], 'Unexpected argument "b"; the usage is: page-rerank copy DIR [options].'],
    [
      ['copy', 'a', '--models', 'small'],
      '--models names "small"; there are page-rerank-small-en, page-rerank-tiny-en, page-rerank-small-zh.',
    ],
  ])('%j is refused', async (argv, sentence) => {
    expect(await run(argv)).toMatchObject({ code: 1, stdout: '', stderr: `page-rerank: ${sentence}\n` })
  })
})
