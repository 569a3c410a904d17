import type { FileFacts } from '../describe/manifest.js'

/** A file that is being downloaded: takes its bytes in their order, and keeps them over an interruption as well as it can. */
export interface PartialFile {
  /** Bytes kept. */
  readonly length: number
  /** What the kept bytes are the beginning of: a hash or an ETag. Undefined where that is unknown or nothing is kept. */
  readonly version: string | undefined
  /** Begin at byte 0, dropping what was kept. @param total bytes to come, 0 where unknown */
  restart(version: string | undefined, total: number): Promise<void>
  append(bytes: Uint8Array): Promise<void>
  /** @throws ModelLoadError (`model-file-invalid`) where the bytes kept are not the file */
  verify(file: string, facts: FileFacts): Promise<void>
  /** Forget everything. */
  discard(): Promise<void>
}
