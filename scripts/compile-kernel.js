// @ts-check
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const PREFIX = 'virtual:'
const RESOLVED = '\0kernel:'

/**
 * Lets `virtual:kernels/NAME` be imported as base64, compiled from kernels/NAME.ts (AssemblyScript). For rolldown and Vite.
 *
 * @returns {import('rolldown').Plugin}
 */
export function compileKernels() {
  /** @type {Map<string, Promise<string>>} */
  const compiled = new Map()
  return {
    name: 'compile-kernels',
    resolveId: (id) => (id.startsWith(`${PREFIX}kernels/`) ? RESOLVED + id.slice(PREFIX.length) : undefined),
    async load(id) {
      if (!id.startsWith(RESOLVED)) return undefined
      const source = `${id.slice(RESOLVED.length)}.ts`
      const code = compiled.get(source) ?? compileKernel(source)
      compiled.set(source, code)
      return `export default ${JSON.stringify(await code)}`
    },
  }
}

/**
 * @param {string} source path in the repository
 * @returns {Promise<string>} WebAssembly in base64
 */
export async function compileKernel(source) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  /** @type {Uint8Array | undefined} */
  let wasm
  const { error, stderr } = await main(
    [
      source,
      '--outFile',
      'kernel.wasm',
      '-O3',
      '--converge',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--initialMemory',
      '1',
    ],
    {
      readFile: (name) => (name === source ? readFileSync(root + name, 'utf8') : null),
      writeFile: (_, contents) => {
        if (typeof contents !== 'string') wasm = contents
      },
      listFiles: () => [],
    },
  )
  if (error || !wasm) throw new Error(`${source} could not be compiled: ${stderr}`)
  return Buffer.from(wasm).toString('base64')
}
