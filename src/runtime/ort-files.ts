/** The three builds of ONNX Runtime in use. Binaries: 14, 17 and 27 MB (the latter two 4 and 7 as packed); each is fetched only where it is needed. */
export type OrtBuild = 'wasm' | 'jspi' | 'asyncify'

/** A script and its binary, by name or address. */
interface OrtBuildFiles {
  script: string
  binary: string
}

/** WebGPU's builds are left out where a site says that it wants none. */
export type OrtFiles = Record<'wasm', OrtBuildFiles> & Partial<Record<Exclude<OrtBuild, 'wasm'>, OrtBuildFiles>>

type AllOrtFiles = Record<OrtBuild, OrtBuildFiles>

/** Names as onnxruntime-web publishes them. */
export const ORT_NAMES: AllOrtFiles = {
  wasm: { script: 'ort.wasm.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.wasm' },
  jspi: { script: 'ort.jspi.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.jspi.wasm' },
  asyncify: { script: 'ort.webgpu.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.asyncify.wasm' },
}

/**
 * Names in the package's own `dist/ort`. WebGPU's binaries are there as gzip: they weigh a quarter, and some hosts take no file of more
 * than 25 MiB. WASM's is not: browsers keep the compiled code of a binary that they fetch themselves, so that a later visit starts in
 * half the time (0.6 s instead of 1.1 s in Chromium).
 */
export const PACKAGED_ORT_NAMES: AllOrtFiles = {
  wasm: ORT_NAMES.wasm,
  jspi: packed(ORT_NAMES.jspi),
  asyncify: packed(ORT_NAMES.asyncify),
}

function packed({ script, binary }: OrtBuildFiles): OrtBuildFiles {
  return { script, binary: `${binary}.gz` }
}

/** The same files in a folder. */
export function ortFilesIn(folder: string, names = ORT_NAMES): AllOrtFiles {
  const root = folder.endsWith('/') ? folder : `${folder}/`
  const move = ({ script, binary }: OrtBuildFiles) => ({ script: root + script, binary: root + binary })
  return { wasm: move(names.wasm), jspi: move(names.jspi), asyncify: move(names.asyncify) }
}
