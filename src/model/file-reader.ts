import type { FileFacts } from './manifest.js'

export interface ReadOptions {
  /** Path in the model's layout, for messages and progress. */
  file: string
  facts?: FileFacts
  signal?: AbortSignal
  /** Bytes so far and in all (0 where unknown). */
  onBytes?: (loaded: number, total: number) => void
}

export interface ReadResult {
  bytes: Uint8Array
  from: 'network' | 'cache' | 'local'
}

/** Fetches files by address; one for pages, one for Node. */
export interface FileReader {
  /**
   * @returns undefined where there is no such file
   * @throws ModelLoadError, AbortError
   */
  read(url: string, options: ReadOptions): Promise<ReadResult | undefined>
  /** Forget a file that turned out to be unusable. */
  evict(url: string): Promise<void>
}
