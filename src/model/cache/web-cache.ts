import type { CachedModel } from '../../types.js'
import { parseHubAddress } from '../download/hub-address.js'
import { type CachedFile, type CacheSelection, groupByModel, removeModel } from './cached-models.js'
import { listJournals } from './journal.js'
import { storageBlocked } from './storage.js'

/** transformers.js's cache: models it has downloaded on this origin are reused, and the other way round. */
const CACHE_NAME = 'transformers-cache'

/** On what we store: whose file it is, where the address does not tell. */
const MODEL_HEADER = 'x-page-rerank-model'
const FILE_HEADER = 'x-page-rerank-file'

const PIECE_BYTES = 1 << 20

/**
 * The models that this origin keeps on the reader's disk, transformers.js's among them, the largest first.
 *
 * @example
 * for (const { model, revision, bytes } of await listCachedModels()) console.log(model, revision, bytes)
 *
 * @throws ModelLoadError (`storage-blocked`) in private windows, sandboxed frames and insecure pages
 */
export async function listCachedModels(): Promise<CachedModel[]> {
  return groupByModel(await cachedFiles())
}

/**
 * Delete a model from the reader's disk, unfinished downloads included. Rerankers that have it loaded go on.
 *
 * @param model as `listCachedModels` names it
 * @returns bytes that became free; 0 where there was no such model
 * @throws ModelLoadError (`storage-blocked`)
 */
export async function deleteCachedModel(model: string, selection?: CacheSelection): Promise<number> {
  return removeModel(await cachedFiles(), model, selection)
}

/** Undefined where storage is blocked (private windows, sandboxed frames, insecure pages). */
export async function openCache(): Promise<Cache | undefined> {
  return globalThis.caches?.open(CACHE_NAME).catch(() => undefined)
}

/** Store a file from memory without copying it as a whole. @throws QuotaExceededError */
export async function putFile(
  cache: Cache,
  url: string,
  bytes: Uint8Array,
  { model, file }: { model: string; file: string },
): Promise<void> {
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.subarray(at, at + PIECE_BYTES))
      at += PIECE_BYTES
    },
  })
  const headers = { 'content-length': String(bytes.length), [MODEL_HEADER]: encodeURIComponent(model), [FILE_HEADER]: file }
  await cache.put(url, new Response(body, { headers }))
}

/** Whole files and journals. @throws ModelLoadError (`storage-blocked`) */
export async function cachedFiles(): Promise<CachedFile[]> {
  const cache = await openCache()
  if (!cache) throw storageBlocked()
  const files = (await listJournals()).map(
    ({ note, bytes, remove }): CachedFile => ({ ...describe(note.url, note.model, note.file), bytes, partial: true, remove }),
  )
  for (const request of await cache.keys()) {
    const response = await cache.match(request)
    const model = response?.headers.get(MODEL_HEADER)
    if (!response || (!model && !parseHubAddress(request.url))) continue
    const name = decodeURIComponent(model ?? '')
    files.push({
      ...describe(request.url, name, response.headers.get(FILE_HEADER) ?? ''),
      bytes: Number(response.headers.get('content-length')) || (await response.blob()).size,
      partial: false,
      remove: () => cache.delete(request),
    })
  }
  return files
}

/** A hub address says everything; of others we have noted it. */
function describe(url: string, model: string, file: string): Pick<CachedFile, 'model' | 'host' | 'revision' | 'file'> {
  return parseHubAddress(url) ?? { model, file }
}
