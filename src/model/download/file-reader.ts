import type { FileFacts } from '../describe/manifest.js'
import type { HubLocation } from '../location.js'
import type { HubListing } from './hub-listing.js'

export interface ReadOptions {
  /** Name of the model, for lists of what is cached. */
  model: string
  /** Path in the model's layout, for messages and progress. */
  file: string
  /** What the model's own manifest says; checked of cached files too. */
  facts?: FileFacts
  /** Asked where there are no `facts` and the file has to be fetched. `null`: there is no such file. */
  lookUp?: () => Promise<FileFacts | null | undefined>
  signal?: AbortSignal
  /** Bytes so far and in all (0 where unknown). The first call tells what was there before. */
  onBytes?: (loaded: number, total: number) => void
}

/** A model's file, complete and verified. */
export interface ModelFile {
  /** Its size in bytes. */
  size: number
  /** Where it lies on disk (Node): a runtime that can opens it there, and no copy is held. */
  path?: string
  bytes(): Promise<Uint8Array>
}

export interface ReadResult {
  file: ModelFile
  from: 'network' | 'cache' | 'local'
}

/** Fetches files by address; one for pages, one for Node. */
export interface FileReader {
  /**
   * @returns undefined where there is no such file
   * @throws ModelLoadError, AbortError
   */
  read(url: string, options: ReadOptions): Promise<ReadResult | undefined>
  /** What the hub says of a model's files; undefined where it says nothing. */
  listing(location: HubLocation, signal?: AbortSignal): Promise<HubListing | undefined>
  /** Forget a file that turned out to be unusable. */
  evict(url: string): Promise<void>
  /** Forget what other revisions of this file's model left in the cache. */
  evictOtherRevisions(url: string): Promise<void>
}

/** A file whose bytes are in memory. */
export function fileInMemory(bytes: Uint8Array): ModelFile {
  return { size: bytes.length, bytes: async () => bytes }
}
