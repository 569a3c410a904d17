import { Sha256 } from '../core/sha256.js'
import { createTokenizer, type Tokenizer } from '../core/tokenizer.js'
import { ModelLoadError } from '../errors.js'
import { DTYPES, type Dtype, type LocalRerankerInfo } from '../types.js'
import { externalDataOf } from './describe/external-data.js'
import { createManifest, type FileFacts, type ModelConfig, type ModelManifest, readsPairs, weightFiles } from './describe/manifest.js'
import { readColbert } from './describe/read-colbert.js'
import { type ManifestJson, readConfigJson, readManifestJson } from './describe/read-json.js'
import { registeredManifest } from './describe/registry.js'
import { mostWeightBytes } from './describe/weight-size.js'
import type { ModelFile } from './download/file-reader.js'
import type { ModelLocation } from './location.js'
import { ModelSource, type SourceOptions } from './model-source.js'

/** A graph and its weights, ready for a session. */
export interface Weights {
  /** Path in the model's layout. */
  file: string
  model: ModelFile
  /** Under the names by which the graph asks for them. Where `model` has a path, they lie beside it. */
  externalData: { path: string; data: ModelFile }[]
}

export interface LoadOptions extends SourceOptions {
  /** Weights under a name of their own: the only ones this model then has. */
  weights?: { file: string; dtype: Dtype }
}

const MANIFEST = 'page-rerank.json'
/** Most bytes of a file of which only a projection is wanted: Stanford's is among all weights. */
const MAX_PROJECTION_BYTES = 2 ** 25
/** Most bytes of what lies beside a manifest: a byte for each token of a vocabulary. */
const MAX_SMALL_BYTES = 2 ** 23

/**
 * A model's files, read when they are needed: the small ones at once, the weights by dtype. Weights are not kept; a
 * session that has to be rebuilt reads them again (from the cache).
 */
export class LoadedModel {
  readonly manifest: ModelManifest
  readonly tokenizer: Tokenizer
  readonly bytes: LocalRerankerInfo['bytes']
  /** What registry and page-rerank.json say of it. */
  readonly said: ManifestJson
  /** Where everything comes from: of a hub the commit. */
  readonly location: ModelLocation
  /** Milliseconds spent waiting for files. */
  downloadMs = 0
  readonly #source: ModelSource
  /** Paths of the files beside a graph, by its own. */
  readonly #externalData = new Map<string, string[]>()
  /** Weights that were looked for in vain, and where. */
  readonly #absent = new Map<Dtype, string>()

  private constructor(source: ModelSource, said: ManifestJson, manifest: ModelManifest, tokenizer: Tokenizer) {
    this.#source = source
    this.said = said
    this.manifest = manifest
    this.tokenizer = tokenizer
    this.bytes = source.bytes
    this.location = source.location
  }

  /**
   * Read config, manifest and tokenizer.
   *
   * @throws ModelLoadError naming the file and why; AbortError
   */
  static async open(location: ModelLocation, options: LoadOptions): Promise<LoadedModel> {
    const start = performance.now()
    const { weights } = options
    const source = await ModelSource.open(location, options)
    const { name } = location
    // Few repositories of a hub carry our manifest; where nobody lists their files, asking for it would cost a failed request.
    const mayHaveManifest = location.kind !== 'hub' || source.factsOf(MANIFEST)
    const manifestJson = mayHaveManifest ? await source.json(MANIFEST, { optional: true }) : undefined
    const own = manifestJson === undefined ? undefined : readManifestJson(manifestJson, name)
    source.manifestFacts = own?.files ?? {}
    const registered = location.kind === 'hub' ? registeredManifest(name) : undefined
    const { config, colbert } = await readConfig(source, own ?? registered)
    const said: ManifestJson = {
      ...registered,
      ...colbert,
      ...(colbert?.dtypes && { dtypes: { ...colbert.dtypes, ...registered?.dtypes } }),
      ...own,
      ...(source.revision !== undefined && { id: name, revision: source.revision }),
    }
    const manifest = createManifest(said.id ?? name, said.revision ?? 'local', config, said)
    source.id = manifest.id
    if (weights) Object.assign(manifest, { dtypes: { [weights.dtype]: { file: weights.file } }, complete: true, recommended: {} })
    const [tokenizerJson, tokenizerConfig] = await Promise.all([
      source.json('tokenizer.json'),
      source.json('tokenizer_config.json', { optional: true }),
    ])
    const model = new LoadedModel(source, said, manifest, createTokenizer(tokenizerJson, tokenizerConfig ?? {}, manifest.prompt))
    model.downloadMs = performance.now() - start
    return model
  }

  /** @throws ModelLoadError (`model-not-found`) where the model has no weights of this dtype, and as `open` */
  async weights(dtype: Dtype): Promise<Weights> {
    const { manifest } = this
    if (manifest.complete && !manifest.dtypes[dtype]) throw this.#noWeights(dtype)
    const start = performance.now()
    const { file, externalData: known } = weightFiles(manifest, dtype)
    this.#countIn(file, known)
    const model = await this.#readGraph(file, dtype)
    const folder = file.slice(0, file.lastIndexOf('/') + 1)
    const paths = known ?? (await externalDataOf(model, file)).map((name) => folder + name)
    this.#externalData.set(file, paths)
    for (const path of paths) this.#source.expect(path)
    const externalData: Weights['externalData'] = []
    for (const path of paths) {
      const data = await this.#source.read(path, this.#mostBytes(path))
      if (!data) throw this.#source.missing(path)
      externalData.push({ path: path.slice(folder.length), data })
    }
    await this.#source.complete()
    this.downloadMs += performance.now() - start
    return { file, model, externalData }
  }

  /**
   * A small file that the manifest names.
   *
   * @throws ModelLoadError (`model-not-found` where it is not there)
   */
  async read(path: string): Promise<Uint8Array> {
    const found = await this.#source.read(path, MAX_SMALL_BYTES)
    if (!found) throw this.#source.missing(path)
    return found.bytes()
  }

  /**
   * Lower-case hex; of a file whose hash nobody tells it is computed. Undefined where there is no such file.
   *
   * @throws ModelLoadError; AbortError
   */
  async sha256Of(path: string): Promise<string | undefined> {
    const told = this.factsOf(path)?.sha256
    if (told !== undefined) return told
    const bytes = await (await this.#source.read(path, this.#mostBytes(path)))?.bytes()
    return bytes && new Sha256().update(bytes).digest()
  }

  /** A file that holds a projection; undefined where there is none, or none of a size worth fetching. */
  async readProjection(path: string): Promise<Uint8Array | undefined> {
    const facts = this.factsOf(path)
    if ((facts?.bytes ?? 0) > MAX_PROJECTION_BYTES) return undefined
    const found = await this.#source.read(path, MAX_PROJECTION_BYTES).catch((error) => {
      // Of no known size, it turned out to be larger.
      if (!facts && error instanceof ModelLoadError && error.code === 'model-file-invalid') return undefined
      throw error
    })
    return found?.bytes()
  }

  /** Size and hash of a file, where they are known without reading it. */
  factsOf(file: string): FileFacts | undefined {
    return this.#source.factsOf(file) ?? undefined
  }

  /**
   * The graph of this dtype could not be read: do not keep its files.
   *
   * @returns whether one of them came from the cache, so that it is worth reading them again
   */
  async evictWeights(dtype: Dtype): Promise<boolean> {
    const { file } = weightFiles(this.manifest, dtype)
    const evicted = await Promise.all([file, ...(this.#externalData.get(file) ?? [])].map((path) => this.#source.evict(path)))
    return evicted.includes(true)
  }

  /** For progress: the graph, and what lies beside it as far as that can be known before it is read. */
  #countIn(file: string, externalData: readonly string[] | undefined): void {
    const beside = externalData ?? this.#source.listed.filter((one) => one.startsWith(`${file}_data`) || one.startsWith(`${file}.data`))
    for (const one of [file, ...beside]) this.#source.expect(one)
    this.#source.progress.countedWeights()
  }

  async #readGraph(file: string, dtype: Dtype): Promise<ModelFile> {
    const { kind } = this.#source.location
    const isKnown = this.manifest.dtypes[dtype] !== undefined
    // Weights that are kept go before others that may be there, when nobody can be asked.
    const hurry = !isKnown && !(await this.#source.isStored(file)) && (await this.#hasStoredWeights())
    let answer = ''
    try {
      const graph = await this.#source.read(file, this.#mostBytes(file), { hurry })
      if (graph) return graph
    } catch (error) {
      const { code, status } = !isKnown && error instanceof ModelLoadError ? error : {}
      // Which weights a folder has is told by nothing but what it answers: single-page apps answer for a file they do not have
      // with their HTML page, storage services with 403.
      if (kind === 'folder' && code === 'model-file-invalid') answer = ' (what is there is no model file)'
      else if (kind === 'folder' && code === 'access-denied') answer = ` (the server answers ${status})`
      else if (hurry && code === 'download-failed' && status === undefined) answer = ' (which cannot be reached)'
      else throw error
    }
    if (isKnown) throw this.#source.missing(file)
    this.#absent.set(dtype, this.#source.addressOf(file) + answer)
    throw this.#noWeights(dtype)
  }

  async #hasStoredWeights(): Promise<boolean> {
    const stored = await Promise.all(DTYPES.map((dtype) => this.#source.isStored(weightFiles(this.manifest, dtype).file)))
    return stored.includes(true)
  }

  /** Of a file whose size nobody has told. */
  #mostBytes(file: string): number {
    return this.#source.factsOf(file)?.bytes ?? mostWeightBytes(this.manifest)
  }

  #noWeights(dtype: Dtype): ModelLoadError {
    const { id, dtypes } = this.manifest
    const { file } = weightFiles(this.manifest, dtype)
    const tried = [...new Set([...this.#absent.keys(), dtype])].join(' or ')
    const why =
      this.#absent.size > 0 ? `there is nothing at ${[...this.#absent.values()].join(', ')}` : `it has ${Object.keys(dtypes).join(', ')}`
    return new ModelLoadError(
      'model-not-found',
      `${id} has no ${tried} weights: ${why}. Choose another dtype, or name the file with modelFile.`,
      {
        file,
      },
    )
  }
}

/**
 * The model's config.json and, where it is not a model of pairs, what its files say of ColBERT. Exported ColBERT models may have no
 * config.json at all.
 */
async function readConfig(source: ModelSource, said: ManifestJson | undefined): Promise<{ config: ModelConfig; colbert?: ManifestJson }> {
  const { name } = source.location
  const strictly = async () => readConfigJson(await source.json('config.json'), name)
  const isLate = said?.kind === 'late-interaction'
  if (said?.architecture !== undefined && !isLate) return { config: await strictly() }
  const json = await source.json('config.json', { optional: true })
  const config = json === undefined ? undefined : readConfigJson(json, name)
  if (isLate && said.terms) return { config: config ?? {} }
  if (config && readsPairs(config)) return { config }
  const colbert = await readColbert(name, config, (file) => source.json(file, { optional: true }))
  if (isLate && !colbert) {
    throw new ModelLoadError(
      'model-unsupported',
      `${name} does not say how it reads texts: there is neither config_sentence_transformers.json of PyLate's nor onnx_config.json nor artifact.metadata. Take the model from its authors, or export it with pylate-onnx-export.`,
      { file: 'config_sentence_transformers.json' },
    )
  }
  // A model that is none of these must have it, or it says why it cannot be read.
  return { config: config ?? (colbert ? {} : await strictly()), colbert }
}
