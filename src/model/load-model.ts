import { createTokenizer, type Tokenizer } from '../core/tokenizer.js'
import { ModelLoadError } from '../errors.js'
import type { Dtype, ProgressEvent, RerankerInfo } from '../types.js'
import { bundledFiles } from './describe/bundled-files.js'
import { externalDataOf } from './describe/external-data.js'
import { createManifest, type FileFacts, type ModelConfig, type ModelManifest, weightFiles } from './describe/manifest.js'
import { registeredManifest } from './describe/registry.js'
import { type FileReader, fileInMemory, type ModelFile } from './download/file-reader.js'
import type { HubListing } from './download/hub-listing.js'
import { ProgressReporter } from './download/progress-reporter.js'
import { verifyFile } from './download/verify.js'
import { fileOf, type ModelLocation } from './location.js'

/** A graph and its weights, ready for a session. */
export interface Weights {
  /** Path in the model's layout. */
  file: string
  model: ModelFile
  /** Under the names by which the graph asks for them. Where `model` has a path, they lie beside it. */
  externalData: { path: string; data: ModelFile }[]
}

export interface LoadOptions {
  reader: FileReader
  /** Weights under a name of their own: the only ones this model then has. */
  weights?: { file: string; dtype: Dtype }
  onProgress?: (event: ProgressEvent) => void
  signal?: AbortSignal
}

/**
 * A model's files, read when they are needed: the small ones at once, the weights by dtype. Weights are not kept; a
 * session that has to be rebuilt reads them again (from the cache).
 */
export class LoadedModel {
  readonly manifest: ModelManifest
  readonly tokenizer: Tokenizer
  readonly bytes: RerankerInfo['bytes']
  /** Milliseconds spent waiting for files. */
  downloadMs = 0
  readonly #files: Files
  /** Paths of the files beside a graph, by its own. */
  readonly #externalData = new Map<string, string[]>()

  private constructor(files: Files, manifest: ModelManifest, tokenizer: Tokenizer) {
    this.#files = files
    this.manifest = manifest
    this.tokenizer = tokenizer
    this.bytes = files.bytes
  }

  /**
   * Read config, manifest and tokenizer.
   *
   * @throws ModelLoadError naming the file and why; AbortError
   */
  static async open(location: ModelLocation, options: LoadOptions): Promise<LoadedModel> {
    const start = performance.now()
    const files = new Files(location, options)
    // Hub repositories do not carry our manifest; asking for it would cost every visitor a failed request.
    const manifestJson =
      location.kind === 'hub'
        ? registeredManifest(location.name)
        : await files.json<Partial<ModelManifest>>('page-rerank.json', { optional: true })
    files.facts = manifestJson?.files ?? {}
    const config = await files.json<ModelConfig>('config.json')
    const revision = location.kind === 'hub' ? location.revision : 'local'
    const manifest = createManifest(manifestJson?.id ?? location.name, manifestJson?.revision ?? revision, config, manifestJson)
    const { weights } = options
    if (weights) Object.assign(manifest, { dtypes: { [weights.dtype]: { file: weights.file } }, complete: true, recommended: {} })
    const [tokenizerJson, tokenizerConfig] = await Promise.all([
      files.json<Record<string, unknown>>('tokenizer.json'),
      files.json<Record<string, unknown>>('tokenizer_config.json', { optional: true }),
    ])
    const model = new LoadedModel(files, manifest, createTokenizer(tokenizerJson, tokenizerConfig ?? {}, manifest.prompt))
    model.downloadMs = performance.now() - start
    return model
  }

  /** @returns undefined where the model has no weights of this dtype */
  async weights(dtype: Dtype): Promise<Weights | undefined> {
    const { manifest } = this
    if (manifest.complete && !manifest.dtypes[dtype]) return undefined
    const start = performance.now()
    const { file, externalData: known } = weightFiles(manifest, dtype)
    const model = await this.#readGraph(file, dtype)
    if (!model) {
      if (manifest.dtypes[dtype]) throw missing(file, manifest.id)
      return undefined
    }
    const folder = file.slice(0, file.lastIndexOf('/') + 1)
    const paths = known ?? (await externalDataOf(model)).map((name) => folder + name)
    this.#externalData.set(file, paths)
    for (const path of paths) this.#files.expect(path)
    const externalData: Weights['externalData'] = []
    for (const path of paths) {
      const data = await this.#files.read(path)
      if (!data) throw missing(path, manifest.id)
      externalData.push({ path: path.slice(folder.length), data })
    }
    // The new revision is whole: what the old ones left is not needed any more.
    if (this.bytes.network > 0) await this.#files.evictOtherRevisions(file)
    this.downloadMs += performance.now() - start
    return { file, model, externalData }
  }

  /**
   * A file that the manifest names.
   *
   * @throws ModelLoadError (`model-not-found` where it is not there)
   */
  async read(path: string): Promise<Uint8Array> {
    const found = await this.#files.read(path)
    if (!found) throw missing(path, this.manifest.id)
    return found.bytes()
  }

  async #readGraph(file: string, dtype: Dtype): Promise<ModelFile | undefined> {
    try {
      return await this.#files.read(file)
    } catch (error) {
      // A single-page app answers for a file it does not have with its HTML page.
      const isGuess = this.#files.location.kind === 'folder' && !this.manifest.dtypes[dtype]
      if (isGuess && error instanceof ModelLoadError && error.code === 'model-file-invalid') return undefined
      throw error
    }
  }

  /**
   * The graph of this dtype could not be read: do not keep its files.
   *
   * @returns whether one of them came from the cache, so that it is worth reading them again
   */
  async evictWeights(dtype: Dtype): Promise<boolean> {
    const { file } = weightFiles(this.manifest, dtype)
    const evicted = await Promise.all([file, ...(this.#externalData.get(file) ?? [])].map((path) => this.#files.evict(path)))
    return evicted.includes(true)
  }
}

function missing(file: string, model: string): ModelLoadError {
  return new ModelLoadError(
    'model-not-found',
    `${file} is missing from ${model}. Check the model's name and that the folder is complete.`,
    { file },
  )
}

/** Reads the files of one location, verified and counted. */
class Files {
  readonly location: ModelLocation
  readonly bytes = { network: 0, cache: 0, local: 0 }
  readonly progress: ProgressReporter
  facts: ModelManifest['files'] = {}
  readonly #reader: FileReader
  readonly #signal: AbortSignal | undefined
  readonly #fromCache = new Set<string>()
  #listing: Promise<HubListing | undefined> | undefined
  #listed: HubListing['files'] = {}

  constructor(location: ModelLocation, { reader, onProgress, signal }: LoadOptions) {
    this.location = location
    this.#reader = reader
    this.#signal = signal
    this.progress = new ProgressReporter(location.name, onProgress)
  }

  json<T>(file: string): Promise<T>
  json<T>(file: string, options: { optional: true }): Promise<T | undefined>
  async json<T>(file: string, { optional = false } = {}): Promise<T | undefined> {
    if (this.location.kind === 'bundled') {
      const compiledIn = bundledFiles[this.location.name][file]
      if (compiledIn) return compiledIn as T
    }
    let found: ModelFile | undefined
    try {
      found = await this.read(file)
    } catch (error) {
      // A single-page app answers a missing optional file with its HTML page.
      if (optional && error instanceof ModelLoadError && error.code === 'model-file-invalid') return undefined
      throw error
    }
    if (!found) {
      if (optional) return undefined
      throw missing(file, this.location.name)
    }
    try {
      return JSON.parse(new TextDecoder().decode(await found.bytes())) as T
    } catch (cause) {
      // Damaged on the disk, it is fetched again, once.
      if (await this.evict(file)) return optional ? this.json(file, { optional }) : this.json(file)
      throw new ModelLoadError('model-file-invalid', `${file} of ${this.location.name} is not valid JSON: ${(cause as Error).message}`, {
        cause,
        file,
      })
    }
  }

  /** @returns whether it had come from the cache */
  async evict(file: string): Promise<boolean> {
    const place = fileOf(this.location, file)
    if (typeof place === 'string') await this.#reader.evict(place)
    return this.#fromCache.delete(file)
  }

  async evictOtherRevisions(file: string): Promise<void> {
    const place = fileOf(this.location, file)
    if (typeof place === 'string') await this.#reader.evictOtherRevisions(place)
  }

  /** Count a file in before it is asked for. */
  expect(file: string): void {
    const facts = this.facts[file] ?? this.#listed[file]
    if (facts) this.progress.expect(file, facts.bytes)
  }

  /** @returns undefined where the model has no such file */
  async read(file: string): Promise<ModelFile | undefined> {
    this.#signal?.throwIfAborted()
    const place = fileOf(this.location, file)
    if (place === undefined) return undefined
    const facts = this.facts[file]
    if (typeof place !== 'string') {
      const bytes = place instanceof Uint8Array ? place : new Uint8Array(place instanceof Blob ? await place.arrayBuffer() : place)
      await verifyFile(file, bytes, facts)
      this.bytes.local += bytes.length
      return fileInMemory(bytes)
    }
    this.expect(file)
    this.progress.start(file)
    const result = await this.#reader.read(place, {
      model: this.location.name,
      file,
      facts,
      lookUp: () => this.#lookUp(file),
      signal: this.#signal,
      onBytes: (loaded, total) => this.progress.advance(file, loaded, total),
    })
    this.progress.done(file)
    if (result) this.bytes[result.from] += result.file.size
    if (result?.from === 'cache') this.#fromCache.add(file)
    return result?.file
  }

  /** The hub's list, asked for once, and only when something has to be fetched from there. */
  async #lookUp(file: string): Promise<FileFacts | null | undefined> {
    if (this.location.kind !== 'hub') return undefined
    this.#listing ??= this.#reader.listing(this.location, this.#signal)
    const listing = await this.#listing
    if (!listing) return undefined
    this.#listed = listing.files
    return listing.files[file] ?? null
  }
}
