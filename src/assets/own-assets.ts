import type { Assets } from './assets.js'
import { wasm, worker } from './library.js'
import { model } from './model.js'
import { webgpu } from './webgpu.js'
import { webgpuModel } from './webgpu-model.js'

/** All of the package's files. */
export const ownAssets: Assets = {
  worker,
  ort: () => ({ wasm: wasm(), ...webgpu() }),
  model: () => ({ ...model(), ...webgpuModel() }),
}
