/** The three builds of ONNX Runtime in use. Binaries: 14, 17 and 27 MB (7 as packed); each is fetched only where it is needed. */
export type OrtBuild = 'wasm' | 'jspi' | 'asyncify'

/** A script and its binary, by name or address. */
export type OrtFiles = Record<OrtBuild, { script: string; binary: string }>

/** Names as onnxruntime-web publishes them. */
export const ORT_NAMES: OrtFiles = {
  wasm: { script: 'ort.wasm.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.wasm' },
  jspi: { script: 'ort.jspi.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.jspi.wasm' },
  asyncify: { script: 'ort.webgpu.bundle.min.mjs', binary: 'ort-wasm-simd-threaded.asyncify.wasm' },
}

/** Names in the package's own `dist/ort`: some hosts take no file of more than 25 MiB, so the largest binary is there as gzip. */
export const PACKAGED_ORT_NAMES: OrtFiles = {
  ...ORT_NAMES,
  asyncify: { ...ORT_NAMES.asyncify, binary: `${ORT_NAMES.asyncify.binary}.gz` },
}

/** The same files in a folder. */
export function ortFilesIn(folder: string, names = ORT_NAMES): OrtFiles {
  const root = folder.endsWith('/') ? folder : `${folder}/`
  const move = ({ script, binary }: OrtFiles[OrtBuild]) => ({ script: root + script, binary: root + binary })
  return { wasm: move(names.wasm), jspi: move(names.jspi), asyncify: move(names.asyncify) }
}
