import type { FileFacts } from '../describe/manifest.js'
import type { HubLocation } from '../location.js'
import type { HubRevision } from './hub-revision.js'

/** One file of a model, and where it is. */
export interface FileRequest {
  /** Name of the model, for lists of what is cached: all that is kept of it has the same. */
  model: string
  /** What the model calls itself (`info.model`), where that is known: it can be deleted by that, too. */
  id?: string
  /** Path in the model's layout, for messages and progress. */
  file: string
  url: string
  /** What is known of it; checked of cached files too. */
  facts?: FileFacts
  /** Asked where there are no `facts` and the file has to be fetched. `null`: there is no such file. */
  lookUp?: () => Promise<FileFacts | null | undefined>
  /** The address has the same bytes for ever, as a commit's has: what was stored from there needs no second look. */
  immutable?: boolean
  /** Most bytes it may have. @default no limit but its facts' */
  maxBytes?: number
  /** One attempt, without patience: there is something to go on with. */
  hurry?: boolean
  /** Where there is no room to keep it, it is read all the same. */
  mayBeUnkept?: boolean
  signal?: AbortSignal
  /** Bytes so far and in all (0 where unknown). The first call tells what was there before. */
  onBytes?: (loaded: number, total: number) => void
  /** Called with what arrives over the network, and from which byte on it is; the download waits for it. */
  onPiece?: (bytes: Uint8Array, at: number) => Promise<void>
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

/** The platform's `fetch`, as far as it is used here. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

export interface FetchInit {
  method?: 'GET' | 'HEAD'
  headers?: Record<string, string>
  /** `no-cache`: the browser's own cache has to ask the server whether its copy is still right. */
  cache?: 'default' | 'no-cache'
  signal?: AbortSignal
}

/** Fetches files by address; one for pages, one for Node. */
export interface FileReader {
  /**
   * @returns undefined where there is no such file
   * @throws ModelLoadError, AbortError
   */
  read(request: FileRequest): Promise<ReadResult | undefined>
  /** Whether some state of a file is kept. */
  isStored(address: Pick<FileRequest, 'url' | 'file'>): Promise<boolean>
  /** Forget a file that turned out to be unusable. */
  evict(address: Pick<FileRequest, 'url' | 'file'>): Promise<void>
  /** What a hub's revision was found to stand for when its files were last fetched. */
  recall(location: HubLocation): Promise<HubRevision | undefined>
  /**
   * What the hub says that it stands for now.
   *
   * @param options.hurry do not wait long: there is something to go on with
   * @returns undefined where the hub does not say it or cannot be asked
   */
  ask(location: HubLocation, options?: { signal?: AbortSignal; hurry?: boolean }): Promise<HubRevision | undefined>
  /**
   * The files of this revision are all there: remember what it stands for, and drop what was stored for the commit that it
   * stood for before.
   */
  remember(location: HubLocation, revision: HubRevision): Promise<void>
}

/** A file whose bytes are in memory. */
export function fileInMemory(bytes: Uint8Array): ModelFile {
  return { size: bytes.length, bytes: async () => bytes }
}
