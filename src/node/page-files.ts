import { cp, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BUNDLED_MODEL } from '../model/location.js'
import { PACKAGED_ORT_NAMES } from '../runtime/ort-files.js'
import { installedModelFolder } from './installed-model.js'
import { packageFolder } from './package-folder.js'

/** A file that a page fetches, and its path in the folder that `assetsPath` names. */
export interface PageFile {
  source: string
  path: string
}

/**
 * Scripts, ONNX Runtime and models.
 *
 * @param models names of packaged ones
 * @throws InvalidInputError (`invalid-option`) where one is not installed
 */
export async function pageFiles(models: readonly string[], withWebGpu: boolean): Promise<PageFile[]> {
  return [...(await libraryFiles(withWebGpu)), ...(await Promise.all(models.map((model) => modelFiles(model, withWebGpu)))).flat()]
}

/** @returns their bytes */
export async function copyPageFiles(files: readonly PageFile[], to: string): Promise<number> {
  let bytes = 0
  for (const { source, path } of files) {
    await cp(source, join(to, path))
    bytes += (await stat(join(to, path))).size
  }
  return bytes
}

/** Where a packaged model's files are. @throws InvalidInputError (`invalid-option`) where it is not installed */
export function packagedModelFolder(model: string): string {
  return model === BUNDLED_MODEL ? join(packageFolder(), 'models', model) : installedModelFolder(model)
}

async function libraryFiles(withWebGpu: boolean): Promise<PageFile[]> {
  const folder = join(packageFolder(), 'dist')
  const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js') && !/^(node|cli|ort-thread|pagefind|vitepress)/.test(name))
  const builds = withWebGpu ? Object.values(PACKAGED_ORT_NAMES) : [PACKAGED_ORT_NAMES.wasm]
  const names = [...scripts, ...builds.flatMap(({ script, binary }) => [`ort/${script}`, `ort/${binary}`])]
  return names.map((name) => ({ source: join(folder, name), path: `dist/${name}` }))
}

async function modelFiles(model: string, withWebGpu: boolean): Promise<PageFile[]> {
  const folder = packagedModelFolder(model)
  const manifest = JSON.parse(await readFile(join(folder, 'page-rerank.json'), 'utf8'))
  const weights = (device: 'webgpu' | 'wasm'): string | undefined => manifest.dtypes[manifest.recommended[device]]?.file
  // A package's entry, for pages that have no bundler.
  const entry = model === BUNDLED_MODEL ? [] : ['index.js']
  const gpuOnly = weights('webgpu') === weights('wasm') ? undefined : weights('webgpu')
  return [...entry, 'page-rerank.json', ...Object.keys(manifest.files)]
    .filter((name) => withWebGpu || name !== gpuOnly)
    .map((name) => ({ source: join(folder, name), path: `models/${model}/${name}` }))
}
