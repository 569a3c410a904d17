import type { BundledModel } from './model/location.js'
import type { OrtFiles } from './runtime/ort-files.js'

/**
 * Addresses of the files that come with the package, relative to this module (in src/ and in dist/ alike). Each is a literal
 * `new URL(…, import.meta.url)`: bundlers see it and copy the file, and without a bundler it simply works. They are
 * opaque files on purpose (the worker is one self-contained script), so that no bundler has to bundle a worker.
 */
export const workerUrl = () => new URL('./worker.js', import.meta.url)

/** Another entry of the package. Not as a literal: this one no bundler is to see. */
export const entryUrl = (name: string) => new URL(`./${name}.js`, here)

/** Apart from `new URL`, which bundlers would take for an address of many files. */
const here = import.meta.url

export const ortFiles = (): OrtFiles => ({
  wasm: {
    script: new URL('./ort/ort.wasm.bundle.min.mjs', import.meta.url).href,
    binary: new URL('./ort/ort-wasm-simd-threaded.wasm', import.meta.url).href,
  },
  jspi: {
    script: new URL('./ort/ort.jspi.bundle.min.mjs', import.meta.url).href,
    binary: new URL('./ort/ort-wasm-simd-threaded.jspi.wasm', import.meta.url).href,
  },
  asyncify: {
    script: new URL('./ort/ort.webgpu.bundle.min.mjs', import.meta.url).href,
    binary: new URL('./ort/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
  },
})

export const bundledModelUrls = (): Record<BundledModel, Record<string, string>> => ({
  'page-rerank-small-en': {
    'tokenizer.json': new URL('../public/models/page-rerank-small-en/tokenizer.json', import.meta.url).href,
    'rarity.bin': new URL('../public/models/page-rerank-small-en/rarity.bin', import.meta.url).href,
    'onnx/model_quantized.onnx': new URL('../public/models/page-rerank-small-en/onnx/model_quantized.onnx', import.meta.url).href,
    'onnx/model_q4.onnx': new URL('../public/models/page-rerank-small-en/onnx/model_q4.onnx', import.meta.url).href,
  },
  'page-rerank-tiny-en': {
    'tokenizer.json': new URL('../public/models/page-rerank-tiny-en/tokenizer.json', import.meta.url).href,
    'onnx/model_q4.onnx': new URL('../public/models/page-rerank-tiny-en/onnx/model_q4.onnx', import.meta.url).href,
  },
})
