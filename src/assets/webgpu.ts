import type { OrtFiles } from '../runtime/ort-files.js'
import { whole } from './assets.js'

export const webgpu = (): Pick<OrtFiles, 'jspi' | 'asyncify'> => ({
  jspi: {
    script: whole(() => new URL('./ort/ort.jspi.bundle.min.mjs', import.meta.url)).href,
    binary: whole(() => new URL('./ort/ort-wasm-simd-threaded.jspi.wasm.gz', import.meta.url)).href,
  },
  asyncify: {
    script: whole(() => new URL('./ort/ort.webgpu.bundle.min.mjs', import.meta.url)).href,
    binary: whole(() => new URL('./ort/ort-wasm-simd-threaded.asyncify.wasm.gz', import.meta.url)).href,
  },
})
