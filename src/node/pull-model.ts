import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ownAssets } from '../assets/own-assets.js'
import { loading } from '../core/loading.js'
import { modelOptionChecks } from '../core/model-options.js'
import { aString, type OptionChecks, readOptions } from '../core/options.js'
import { InvalidInputError, ModelLoadError } from '../errors.js'
import { type FileFacts, type ModelManifest, namedWeights } from '../model/describe/manifest.js'
import { LoadedModel } from '../model/load-model.js'
import { locateModel } from '../model/location.js'
import { planCandidates } from '../runtime/candidates.js'
import type { Dtype, ModelOptions } from '../types.js'
import { hubHost } from './hub-fetch.js'
import { fileProblem } from './lines.js'
import { NodeFileReader } from './node-file-reader.js'

export interface PullOptions extends Pick<ModelOptions, 'dtype' | 'modelFile' | 'revision' | 'host' | 'onProgress' | 'signal'> {
  /** Folder to write to. @default `models/` and the model's name without its owner */
  out?: string
}

/** What a pull wrote. */
export interface PulledModel {
  model: string
  /** The commit, where the hub says it; else the revision that was asked for. */
  revision: string
  dtype: Dtype
  folder: string
  files: ({ file: string } & FileFacts)[]
}

const { dtype, modelFile, revision, host, onProgress, signal } = modelOptionChecks
const pullChecks: OptionChecks<PullOptions> = { dtype, modelFile, revision, host, onProgress, signal, out: aString }

const MANIFEST = 'page-rerank.json'

/**
 * Download a model of the hub into a folder in the hub's layout, to serve it from one's own site. What is there already
 * and right is kept, and an interrupted pull goes on where it stopped. A `page-rerank.json` with sizes and hashes is
 * written beside, so that pages verify what they fetch.
 *
 * @param model `owner/name`, or a known model's name
 * @throws InvalidInputError; ModelLoadError; AbortError; what `onProgress` threw
 */
export async function pullModel(model: string, given: PullOptions = {}): Promise<PulledModel> {
  aString('model', model)
  const options = readOptions('pullModel', given, pullChecks)
  return loading(options, (hooks) => pull(model, { ...options, ...hooks }))
}

async function pull(model: string, options: PullOptions): Promise<PulledModel> {
  const { revision, onProgress, signal, out = join('models', model.split('/').at(-1) as string) } = options
  const host = hubHost(options.host)
  const location = locateModel({ model, revision, host }, undefined, ownAssets.model)
  if (location.kind !== 'hub')
    throw new InvalidInputError('invalid-input', `${model} is not on the hub; pull takes owner/name or a known model's name.`)
  await mkdir(out, { recursive: true }).catch((cause) => {
    throw new InvalidInputError('invalid-option', `Cannot write to ${out}: ${fileProblem(cause)}. Name another folder.`, {
      option: 'out',
      cause,
    })
  })
  const reader = new NodeFileReader({ host, token: process.env.HF_TOKEN, folder: out })
  const named = namedWeights(options)
  const loaded = await LoadedModel.open(location, { reader, weights: named, onProgress, signal })
  const { weights, dtype: found } = await chooseWeights(loaded, named?.dtype ?? options.dtype)

  const { projection = [], terms } = loaded.manifest
  for (const { file } of projection) await loaded.readProjection(file)
  const rarity = terms?.rarity === undefined ? [] : [terms.rarity]
  for (const file of rarity) await loaded.read(file)
  const small = ['config.json', 'tokenizer.json', 'tokenizer_config.json', ...projection.map(({ file }) => file), ...rarity]
  const large = [weights.file, ...weights.externalData.map(({ path }) => weights.file.replace(/[^/]+$/, path))]
  const files: Record<string, FileFacts> = {}
  for (const file of [...small, ...large]) {
    const facts = await factsOnDisk(join(out, file), loaded.factsOf(file))
    if (facts) files[file] = facts
  }
  await writeManifest(join(out, MANIFEST), {
    ...loaded.said,
    id: location.name,
    revision: loaded.manifest.revision,
    complete: true,
    dtypes: { [found]: { file: weights.file, ...(large.length > 1 && { externalData: large.slice(1) }) } },
    files,
  })
  return {
    model: location.name,
    revision: loaded.manifest.revision,
    dtype: found,
    folder: out,
    files: Object.entries(files).map(([file, facts]) => ({ file, ...facts })),
  }
}

/** The dtype asked for, else the best one for WASM that the model has. */
async function chooseWeights(model: LoadedModel, dtype: ModelOptions['dtype']) {
  const { candidates } = planCandidates({ device: 'wasm', dtype }, model.manifest, undefined, ['wasm'])
  let absent: unknown
  for (const { dtype } of candidates) {
    try {
      return { weights: await model.weights(dtype), dtype }
    } catch (error) {
      if (!(error instanceof ModelLoadError) || error.code !== 'model-not-found') throw error
      absent = error
    }
  }
  throw absent
}

async function factsOnDisk(path: string, known: FileFacts | undefined): Promise<FileFacts | undefined> {
  if (known?.sha256) return known
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const piece of createReadStream(path)) {
      hash.update(piece)
      bytes += piece.length
    }
  } catch {
    // An optional file that the model does not have.
    return undefined
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** Another dtype of the same revision may have been pulled before: both stay known. */
async function writeManifest(
  path: string,
  manifest: Pick<ModelManifest, 'id' | 'revision' | 'complete' | 'dtypes' | 'files'>,
): Promise<void> {
  const before = await readFile(path, 'utf8').then(JSON.parse, () => undefined)
  if (before?.id === manifest.id && before.revision === manifest.revision) {
    Object.assign(manifest, { dtypes: { ...before.dtypes, ...manifest.dtypes }, files: { ...before.files, ...manifest.files } })
  }
  await writeFile(path, `${JSON.stringify(manifest, undefined, 2)}\n`)
}
