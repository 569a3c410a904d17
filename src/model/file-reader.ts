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

/** Collect a body, counting bytes as they come. */
export async function collect(
  body: AsyncIterable<Uint8Array>,
  total: number,
  { onBytes, signal }: Pick<ReadOptions, 'onBytes' | 'signal'>,
): Promise<Uint8Array<ArrayBuffer>> {
  // Filled in place where the size is known: never two copies of the weights.
  let bytes = new Uint8Array(total)
  let loaded = 0
  for await (const chunk of body) {
    signal?.throwIfAborted()
    if (loaded + chunk.length > bytes.length) {
      const larger = new Uint8Array(Math.max(loaded + chunk.length, bytes.length * 2))
      larger.set(bytes.subarray(0, loaded))
      bytes = larger
    }
    bytes.set(chunk, loaded)
    loaded += chunk.length
    onBytes?.(loaded, total)
  }
  return loaded === bytes.length ? bytes : bytes.slice(0, loaded)
}
