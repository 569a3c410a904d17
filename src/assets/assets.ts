import { InvalidInputError } from '../errors.js'
import { BUNDLED_MODEL } from '../model/location.js'
import { type OrtFiles, ortFilesIn, PACKAGED_ORT_NAMES } from '../runtime/ort-files.js'

/** Addresses of the package's files that are fetched when a page runs. */
export interface Assets {
  worker(): URL
  ort(): OrtFiles
  /** The bundled model's large files, by their paths. */
  model(): Record<string, string>
}

/** The same files where the package's folder is served, which has them as it has them when it is installed. */
export function assetsIn(folder: URL): Assets {
  const addressOf = (file: string) => new URL(file, modelFolder(folder, BUNDLED_MODEL)).href
  return {
    worker: () => new URL('dist/worker.js', folder),
    ort: () => ortFilesIn(new URL('dist/ort/', folder).href, PACKAGED_ORT_NAMES),
    model: () => Object.fromEntries(BUNDLED_MODEL_FILES.map((file) => [file, addressOf(file)])),
  }
}

/** Large files of the bundled model. */
const BUNDLED_MODEL_FILES = ['tokenizer.json', 'rarity.bin', 'onnx/model_quantized.onnx', 'onnx/model_q4.onnx']

/** A model's folder in the package's. */
export function modelFolder(folder: URL, name: string): URL {
  return new URL(`models/${name}/`, folder)
}

/**
 * Where the entry of a model's package may be without a bundler: where `page-rerank copy` puts it, and beside this package. Without
 * `new URL`, for which bundlers would copy every file of its folder.
 */
export function packageUrls(name: string): string[] {
  // A build whose format has no addresses has none here either, and what is looked for is not found.
  const dist = `${import.meta.url}`.replace(/[^/]*$/, '')
  return [`${dist}../models/${name}/index.js`, `${dist}../../${name}/index.js`]
}

/**
 * An address that a bundler made of a literal `new URL(…, import.meta.url)`. Turbopack's have a path and no origin; relative to the
 * page they are whole.
 *
 * @throws InvalidInputError (`invalid-option`) in a build whose format has no `import.meta.url`
 */
export function whole(address: () => URL): URL {
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
