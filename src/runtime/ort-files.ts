/** The three builds of ONNX Runtime in use. Binaries: 14, 17 and 27 MB; each is fetched only where it is needed. */
export type OrtBuild = 'wasm' | 'jspi' | 'asyncify'

/** A script and its binary, by name or address. */
export type OrtFiles = Record<OrtBuild, { script: string; binary: string }>

/** Names as onnxruntime-web publishes them. */
export const ORT_NAMES: OrtFiles = {
  wasm: { script: 'ort.wasm.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.wasm' },
  jspi: { script: 'ort.jspi.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.jspi.wasm' },
  asyncify: { script: 'ort.webgpu.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.asyncify.wasm' },
}

/** The same files in a folder of the caller's. */
export function ortFilesIn(folder: string): OrtFiles {
  const root = folder.endsWith('/') ? folder : `${folder}/`
  const move = ({ script, binary }: OrtFiles[OrtBuild]) => ({ script: root + script, binary: root + binary })
  return { wasm: move(ORT_NAMES.wasm), jspi: move(ORT_NAMES.jspi), asyncify: move(ORT_NAMES.asyncify) }
}
