import { withoutQuery } from '../core/without-query.js'
import { ModelLoadError } from '../errors.js'
import type { ProgressEvent } from '../types.js'
import { bundledFiles } from './describe/bundled-files.js'
import type { FileFacts } from './describe/manifest.js'
import { type FileReader, fileInMemory, type ModelFile } from './download/file-reader.js'
import { type HubRevision, isCommit } from './download/hub-revision.js'
import { ProgressReporter } from './download/progress-reporter.js'
import { invalidFile, verifyFile } from './download/verify.js'
import { fileOf, type ModelLocation } from './location.js'

export interface SourceOptions {
  reader: FileReader
  onProgress?: (event: ProgressEvent) => void
  signal?: AbortSignal
}

/** Most bytes of the small files. Tokenizers of 250,000 pieces have 17 MB. */
const MAX_JSON_BYTES: Record<string, number> = { 'tokenizer.json': 128 * 2 ** 20 }
const MAX_SMALL_JSON_BYTES = 8 * 2 ** 20

/**
 * The files of one model in one state: a hub's branch or tag is resolved to its commit once, and everything comes from that
 * commit, with the sizes and hashes that the hub has for it. Files are verified and counted.
 */
export class ModelSource {
  /** A hub's with the commit as its revision, where that is known. */
  readonly location: ModelLocation
  readonly bytes = { network: 0, cache: 0, local: 0 }
  readonly progress: ProgressReporter
  /** What the model's own manifest says of its files. */
  manifestFacts: Record<string, FileFacts> = {}
  /** What the model calls itself, once that is known. */
  id: string | undefined
  readonly #asked: ModelLocation
  readonly #reader: FileReader
  readonly #signal: AbortSignal | undefined
  readonly #fromCache = new Set<string>()
  /** What the hub says of the state that this is. */
  readonly #hub: HubRevision | undefined
  /** What was remembered of it before. */
  readonly #recalled: HubRevision | undefined
  #listing: Promise<HubRevision | undefined> | undefined

  private constructor(
    location: ModelLocation,
    { reader, onProgress, signal }: SourceOptions,
    { hub, recalled }: { hub?: HubRevision; recalled?: HubRevision },
  ) {
    this.#asked = location
    this.location = location.kind === 'hub' && hub ? { ...location, revision: hub.commit } : location
    this.#reader = reader
    this.#signal = signal
    this.#hub = hub
    this.#recalled = recalled
    this.progress = new ProgressReporter(location.name, onProgress)
  }

  /** @throws AbortError */
  static async open(location: ModelLocation, options: SourceOptions): Promise<ModelSource> {
    if (location.kind !== 'hub') return new ModelSource(location, options, {})
    const { reader, signal } = options
    const recalled = await reader.recall(location)
    if (isCommit(location.revision)) {
      return new ModelSource(location, options, { hub: { commit: location.revision, files: recalled?.files }, recalled })
    }
    const hub = (await reader.ask(location, { signal, hurry: recalled !== undefined })) ?? recalled
    // A mirror may tell nothing but the commit.
    const files = hub?.files ?? (hub?.commit === recalled?.commit ? recalled?.files : undefined)
    return new ModelSource(location, options, { hub: hub && { commit: hub.commit, files }, recalled })
  }

  /** Of a hub the commit, or what was asked for where nobody knows the commit; undefined elsewhere. */
  get revision(): string | undefined {
    return this.location.kind === 'hub' ? this.location.revision : undefined
  }

  /** What is known of a file before it is read; `null` where it is known not to be there. */
  factsOf(file: string): FileFacts | null | undefined {
    const files = this.#hub?.files
    if (files) return Object.hasOwn(files, file) ? files[file] : null
    return Object.hasOwn(this.manifestFacts, file) ? this.manifestFacts[file] : undefined
  }

  /** Files that the hub lists, where it does. */
  get listed(): string[] {
    return Object.keys(this.#hub?.files ?? {})
  }

  /** Where a file is or would be, for a message. */
  addressOf(file: string): string {
    const place = fileOf(this.location, file)
    return typeof place === 'string' ? withoutQuery(place) : `${file} among the files given`
  }

  /**
   * A JSON file, of any shape.
   *
   * @param options.optional a file that may be missing. Storage services answer 403 for what is not there, and single-page
   *   apps with their HTML page; where the whole model may not be read, the files that it must have will say so.
   */
  json(file: string): Promise<unknown>
  json(file: string, options: { optional: true }): Promise<unknown | undefined>
  async json(file: string, { optional = false } = {}): Promise<unknown> {
    if (this.location.kind === 'bundled') {
      const compiledIn = bundledFiles[file]
      if (compiledIn) return compiledIn
    }
    const maxBytes = MAX_JSON_BYTES[file] ?? MAX_SMALL_JSON_BYTES
    const found = optional ? await this.#readOptional(file, maxBytes) : await this.read(file, maxBytes)
    if (!found) {
      if (optional) return undefined
      throw this.missing(file)
    }
    try {
      return JSON.parse(new TextDecoder().decode(await found.bytes()))
    } catch (cause) {
      // Damaged on the disk, it is fetched again, once.
      if (await this.evict(file)) return optional ? this.json(file, { optional }) : this.json(file)
      throw new ModelLoadError('model-file-invalid', `${file} of ${this.location.name} is not valid JSON: ${(cause as Error).message}`, {
        cause,
        file,
      })
    }
  }

  /**
   * @param maxBytes most that it may have
   * @returns undefined where the model has no such file
   */
  async read(file: string, maxBytes: number, { hurry = false } = {}): Promise<ModelFile | undefined> {
    this.#signal?.throwIfAborted()
    const facts = this.factsOf(file)
    const place = facts === null ? undefined : fileOf(this.location, file)
    if (place === undefined) return undefined
    if (typeof place !== 'string') {
      this.#checkSize(file, place instanceof Blob ? place.size : place.byteLength, maxBytes)
      const bytes = place instanceof Uint8Array ? place : new Uint8Array(place instanceof Blob ? await place.arrayBuffer() : place)
      await verifyFile(file, bytes, facts ?? undefined)
      this.bytes.local += bytes.length
      return fileInMemory(bytes)
    }
    this.expect(file)
    this.progress.start(file)
    const result = await this.#reader.read({
      model: this.location.name,
      id: this.id,
      file,
      url: place,
      facts: facts ?? undefined,
      lookUp: () => this.#lookUp(file),
      immutable: this.#hub !== undefined,
      maxBytes,
      hurry,
      signal: this.#signal,
      onBytes: (loaded, total) => this.progress.advance(file, loaded, total),
    })
    this.progress.done(file)
    if (!result) return undefined
    this.#checkSize(file, result.file.size, maxBytes)
    this.bytes[result.from] += result.file.size
    if (result.from === 'cache') this.#fromCache.add(file)
    return result.file
  }

  /** Count a file in before it is asked for. */
  expect(file: string): void {
    const facts = this.factsOf(file)
    if (facts) this.progress.expect(file, facts.bytes)
  }

  /** Whether some state of a file is in the cache. */
  async isStored(file: string): Promise<boolean> {
    const url = fileOf(this.location, file)
    return typeof url === 'string' && this.#reader.isStored({ url, file })
  }

  /** Do not keep a file that turned out to be unusable. @returns whether it had come from the cache */
  async evict(file: string): Promise<boolean> {
    const url = fileOf(this.location, file)
    if (typeof url === 'string') await this.#reader.evict({ url, file })
    return this.#fromCache.delete(file)
  }

  /** All files that are needed are there: what a hub's branch stood for before is not needed any more. */
  async complete(): Promise<void> {
    const hub = this.#hub && { commit: this.#hub.commit, files: this.#hub.files ?? (await this.#listing)?.files }
    if (this.#asked.kind !== 'hub' || !hub) return
    if (hub.commit === this.#recalled?.commit && (this.#recalled.files || !hub.files)) return
    await this.#reader.remember(this.#asked, hub)
  }

  missing(file: string): ModelLoadError {
    const advice =
      this.location.kind === 'bundled' || this.addressOf(file).includes('/models/page-rerank-')
        ? 'Where a bundler does not copy the package’s files, run "npx page-rerank copy DIR", serve DIR, and pass its address as assetsPath.'
        : "Check the model's name and that the folder is complete."
    return new ModelLoadError(
      'model-not-found',
      `${file} is missing from ${this.location.name}: there is nothing at ${this.addressOf(file)}. ${advice}`,
      { file },
    )
  }

  async #readOptional(file: string, maxBytes: number): Promise<ModelFile | undefined> {
    // Of a model that was loaded before, what is not kept was not there.
    const wasLoaded = await this.isStored('tokenizer.json')
    try {
      return await this.read(file, maxBytes, { hurry: wasLoaded })
    } catch (error) {
      const { code, status } = error instanceof ModelLoadError ? error : {}
      if (code === 'model-file-invalid' || code === 'access-denied') return undefined
      if (wasLoaded && code === 'download-failed' && status === undefined) return undefined
      throw error
    }
  }

  #checkSize(file: string, bytes: number, maxBytes: number): void {
    if (bytes > maxBytes) throw invalidFile(file, `has ${bytes} bytes, more than the ${maxBytes} it may have`)
  }

  /** Of a commit's files the list is asked for only when one of them has to be fetched. */
  async #lookUp(file: string): Promise<FileFacts | null | undefined> {
    if (this.#asked.kind !== 'hub' || !isCommit(this.#asked.revision)) return undefined
    this.#listing ??= this.#reader.ask(this.#asked, { signal: this.#signal })
    const { files } = (await this.#listing) ?? {}
    return files && (Object.hasOwn(files, file) ? files[file] : null)
  }
}
