import type { OrtFiles } from '../runtime/ort-files.js'
import { whole } from './assets.js'

// The modules of this folder have one literal `new URL(…, import.meta.url)` for each file, which lies beside dist/ or in it: bundlers see
// it and copy the file, and without a bundler it simply works. An entry carries the files of the modules that it imports, and no others.
// They are opaque files on purpose (the worker is one self-contained script), so that no bundler has to bundle a worker.

export const worker = () => whole(() => new URL('./worker.js', import.meta.url))

export const wasm = (): OrtFiles['wasm'] => ({
  script: whole(() => new URL('./ort/ort.wasm.bundle.min.mjs', import.meta.url)).href,
  binary: whole(() => new URL('./ort/ort-wasm-simd-threaded.wasm', import.meta.url)).href,
})
