import { readFile, stat } from 'node:fs/promises'
import type { Plugin } from 'vite'
import { findEntry, registry } from '../model/describe/registry.js'
import type { KnownModel } from './download-size.js'

const VIRTUAL = 'virtual:models'
const BUNDLED = ['page-rerank-small-en', 'page-rerank-small-zh', 'page-rerank-tiny-en']
const ROOT = new URL('../../', import.meta.url)

/** Tells the page, before anything is fetched, how large the models are that have a name: `import { models } from 'virtual:models'`. */
export function modelSizes(): Plugin {
  return {
    name: 'model-sizes',
    resolveId(id) {
      return id === VIRTUAL ? `\0${VIRTUAL}` : undefined
    },
    async load(id) {
      if (id !== `\0${VIRTUAL}`) return undefined
      const models = [...(await Promise.all(BUNDLED.map(bundled))), ...Object.keys(registry).map(registered)]
      const runtime = await stat(new URL('dist/ort/ort-wasm-simd-threaded.wasm', ROOT))
      return `export const models = ${JSON.stringify(models)}\nexport const runtimeBytes = ${runtime.size}`
    },
  }
}

async function bundled(name: string): Promise<KnownModel> {
  const { files, dtypes, recommended } = JSON.parse(await readFile(new URL(`models/${name}/page-rerank.json`, ROOT), 'utf8'))
  const needed = (weights: string) =>
    Object.entries<{ bytes: number }>(files).reduce(
      (sum, [file, { bytes }]) => (!file.endsWith('.onnx') || file === weights ? sum + bytes : sum),
      0,
    )
  const bytes = Object.fromEntries(Object.entries<{ file: string }>(dtypes).map(([dtype, { file }]) => [dtype, needed(file)]))
  return { names: [name], recommended, bytes }
}

function registered(name: string): KnownModel {
  const entry = findEntry(name)
  if (!entry) throw new Error(`The registry has no ${name}.`)
  const parameters = entry.parameters * 1e6
  // Where nobody published it, what so many numbers take.
  const bytes = { fp32: 4 * parameters, fp16: 2 * parameters, q8: parameters, int8: parameters, uint8: parameters, ...entry.bytes }
  return { names: [name, entry.id, entry.onnx], recommended: entry.recommended, bytes }
}
