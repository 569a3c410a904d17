import type { FileFacts } from '../describe/manifest.js'
import type { Fetch, FileRequest, ModelFile, ReadResult } from '../download/file-reader.js'
import type { CacheContents } from './cached-models.js'

/** A whole file in a store. */
export interface StoredFile {
  bytes: number
  /** Stored by this library for good, verified then. */
  ours: boolean
  /** What its server said of the state it is in (`versionOf`). */
  version?: string
  /** @throws ModelLoadError (`model-file-invalid`) */
  verify(file: string, facts: FileFacts | undefined): Promise<void>
  open(): Promise<ModelFile>
}

/** Which file: by its address, and by its path in the model's layout. */
export type FileAddress = Pick<FileRequest, 'url' | 'file'>

/** Where files stay from one visit to the next, by their addresses: a page's Cache API, or a folder on disk. */
export interface FileStore {
  find(address: FileAddress): Promise<StoredFile | undefined>
  /** The same file of the model's other revisions. */
  findOtherRevisions(address: FileAddress): Promise<StoredFile[]>
  /** Keep a file of another revision under this request's address too, as well as that can be done. */
  adopt(stored: StoredFile, request: FileRequest): Promise<ModelFile>
  /**
   * Fetch a file and keep it. Of several tabs or processes one does so, and the others wait.
   *
   * @param look whether it is there, once it is this one's turn
   * @throws as `download`
   */
  download(request: FileRequest, fetch: Fetch, look: () => Promise<ReadResult | undefined>): Promise<ReadResult | undefined>
  /** Keep a file that was made here. */
  put(request: Pick<FileRequest, 'url' | 'file' | 'model' | 'id'>, pieces: readonly Uint8Array[]): Promise<void>
  /** Whole files whose addresses begin like this, by the last part of their addresses, in that order. */
  list(prefix: string): Promise<{ name: string; bytes: number }[]>
  /** Do this while no other tab or process does so under the same address. */
  exclusively<T>(url: string, work: () => Promise<T>): Promise<T>
  /** Remove what this library stored under an address. */
  remove(address: FileAddress): Promise<void>
  contents(): Promise<CacheContents>
  /** A small text that is kept under an address. */
  readNote(url: string): Promise<string | undefined>
  writeNote(url: string, text: string): Promise<void>
}
