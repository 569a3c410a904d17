import { InvalidInputError } from './errors.js'
import type { BundledModel } from './model/location.js'
import { type OrtFiles, ortFilesIn, PACKAGED_ORT_NAMES } from './runtime/ort-files.js'

/** Addresses of the package's files that are fetched when a page runs. */
export interface Assets {
  worker(): URL
  ort(): OrtFiles
  /** A bundled model's large files, by their paths. */
  model(name: BundledModel): Record<string, string>
}

/** The same files where the package's folder is served, which has them as it has them when it is installed. */
export function assetsIn(folder: URL): Assets {
  return {
    worker: () => new URL('dist/worker.js', folder),
    ort: () => ortFilesIn(new URL('dist/ort/', folder).href, PACKAGED_ORT_NAMES),
    model: (name) => addressesOf(name, (file) => new URL(file, modelFolder(folder, name))),
  }
}

/** A model's folder in the package's. */
export function modelFolder(folder: URL, name: string): URL {
  return new URL(`public/models/${name}/`, folder)
}

/**
 * Where they lie beside this module (in src/ and in dist/ alike). Each is a literal `new URL(…, import.meta.url)`: bundlers see it
 * and copy the file, and without a bundler it simply works. They are opaque files on purpose (the worker is one self-contained
 * script), so that no bundler has to bundle a worker.
 *
 * @throws InvalidInputError (`invalid-option`) in a build whose format has no `import.meta.url`
 */
export const ownAssets: Assets = {
  worker: () => whole(() => new URL('./worker.js', import.meta.url)),
  ort: () => ({
    wasm: {
      script: whole(() => new URL('./ort/ort.wasm.bundle.min.mjs', import.meta.url)).href,
      binary: whole(() => new URL('./ort/ort-wasm-simd-threaded.wasm', import.meta.url)).href,
    },
    jspi: {
      script: whole(() => new URL('./ort/ort.jspi.bundle.min.mjs', import.meta.url)).href,
      binary: whole(() => new URL('./ort/ort-wasm-simd-threaded.jspi.wasm', import.meta.url)).href,
    },
    asyncify: {
      script: whole(() => new URL('./ort/ort.webgpu.bundle.min.mjs', import.meta.url)).href,
      binary: whole(() => new URL('./ort/ort-wasm-simd-threaded.asyncify.wasm.gz', import.meta.url)).href,
    },
  }),
  model: (name) => addressesOf(name, (_, own) => whole(own)),
}

/** Large files by their paths. Functions, for a build that has no addresses of its own and is given others. */
const OWN_MODELS: Record<BundledModel, Record<string, () => URL>> = {
  'page-rerank-small-en': {
    'tokenizer.json': () => new URL('../public/models/page-rerank-small-en/tokenizer.json', import.meta.url),
    'rarity.bin': () => new URL('../public/models/page-rerank-small-en/rarity.bin', import.meta.url),
    'onnx/model_quantized.onnx': () => new URL('../public/models/page-rerank-small-en/onnx/model_quantized.onnx', import.meta.url),
    'onnx/model_q4.onnx': () => new URL('../public/models/page-rerank-small-en/onnx/model_q4.onnx', import.meta.url),
  },
  'page-rerank-tiny-en': {
    'tokenizer.json': () => new URL('../public/models/page-rerank-tiny-en/tokenizer.json', import.meta.url),
    'onnx/model_q4.onnx': () => new URL('../public/models/page-rerank-tiny-en/onnx/model_q4.onnx', import.meta.url),
  },
}

function addressesOf(name: BundledModel, addressOf: (file: string, own: () => URL) => URL): Record<string, string> {
  return Object.fromEntries(Object.entries(OWN_MODELS[name]).map(([file, own]) => [file, addressOf(file, own).href]))
}

/** Address of another entry of the package. Without `new URL`, for which bundlers would copy every file beside this one. */
export const entryUrl = (name: string) => `${import.meta.url.replace(/[^/]*$/, '')}${name}.js`

/** Turbopack's addresses of files have a path and no origin; relative to the page they are whole. */
function whole(address: () => URL): URL {
  try {
    return new URL(address().href, globalThis.document?.baseURI ?? globalThis.location?.href)
  } catch (cause) {
    throw new InvalidInputError(
      'invalid-option',
      'This build does not know where page-rerank’s files are. Run "npx page-rerank copy DIR", serve DIR, and pass its address as assetsPath.',
      { option: 'assetsPath', cause },
    )
  }
}
