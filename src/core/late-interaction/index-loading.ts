import { IndexError } from '../../errors.js'
import type { PrepareIndexRequest } from '../engine.js'
import { withoutQuery } from '../without-query.js'
import type { Codes } from './codes.js'
import { type IndexFacts, type IndexModel, IndexReader, type IndexUse } from './index-file.js'
import type { KeptDocument, KeptDocuments } from './kept-documents.js'

/** Where indexes come from, and which of them serve the model in use. */
export interface IndexSource {
  /**
   * All bytes of an index.
   *
   * @param options.onPiece called with bytes as they arrive over the network, and waited for; what was kept before is not told
   * @returns undefined where there is none
   */
  read(
    address: string,
    options: { onPiece: (bytes: Uint8Array, at: number) => Promise<void>; signal?: AbortSignal },
  ): Promise<Uint8Array | undefined>
  /** Forget one that turned out to be unusable. */
  evict(address: string): Promise<void>
  /** What an index says of the model in use. */
  describeModel(): Promise<IndexModel>
  /** Why the model in use cannot use what that one has read; undefined where it can. */
  findMismatch(model: IndexModel): Promise<string | undefined>
}

/** Milliseconds between two reports. */
const REPORT_MS = 100

/**
 * Take the documents of a built index for read. They are of use as soon as the first plane of their codes is there, and whole when
 * this is done; of one that fails nothing stays.
 *
 * @throws IndexError; what `source` throws
 */
export async function loadIndex(
  { index, onProgress, signal }: PrepareIndexRequest,
  { source, kept, codes, onKept }: { source: IndexSource; kept: KeptDocuments; codes: Codes; onKept: () => void },
): Promise<void> {
  const address = withoutQuery(index)
  const name = address.slice(address.lastIndexOf('/') + 1) || address
  const taken = new Set<KeptDocument>()
  const forget = () => {
    kept.forget(taken)
    taken.clear()
  }
  const use: IndexUse = {
    name,
    maxBytes: kept.maxBytes,
    accept: (facts) => checkFacts(name, facts, codes, source),
    take(documents, { maxLength, inPassages }) {
      const call = kept.beginCall()
      for (const { hash, document } of documents) {
        if (kept.load(hash, { maxLength, inPassages, origin: 'index' }, document, call)) taken.add(document)
      }
      onKept()
    },
  }
  let reader = new IndexReader(use)
  let nextReport = 0
  const report = (isDone = false) => {
    if (!onProgress || reader.total === 0 || (!isDone && performance.now() < nextReport)) return
    nextReport = performance.now() + REPORT_MS
    const share = reader.length / reader.total
    onProgress({ scored: Math.floor(reader.documents * share), total: reader.documents })
  }
  let isDone = false
  try {
    const whole = await source.read(index, {
      signal,
      async onPiece(bytes, at) {
        // What an earlier visit left is not told, and a file that changed is told from its beginning.
        if (at !== reader.length) return
        await reader.push(bytes)
        report()
      },
    })
    if (!whole) throw notFound(name, address)
    if (reader.length < whole.length) {
      forget()
      reader = new IndexReader(use)
      await reader.push(whole)
    }
    reader.end()
    report(true)
    isDone = true
  } catch (error) {
    if (error instanceof IndexError && error.code === 'index-invalid') await source.evict(index).catch(() => undefined)
    throw error
  } finally {
    if (!isDone) forget()
    onKept()
  }
}

/** @throws IndexError (`index-mismatch`) where the model in use cannot use it */
export async function checkFacts(name: string, { model, codes }: IndexFacts, own: Codes, source: IndexSource): Promise<void> {
  const names = ['dimensions', 'bits', 'step'] as const
  const different = names.find((one) => codes[one] !== own[one])
  const why = different
    ? `its codes have ${different} ${codes[different]}, and the model in use has ${own[different]}`
    : await source.findMismatch(model)
  if (why === undefined) return
  throw new IndexError(
    'index-mismatch',
    `${name} was made by ${model.id} (revision ${model.revision}): ${why}. Documents are read as they are needed; build the index again with the model that the page loads.`,
    { file: name },
  )
}

function notFound(name: string, address: string): IndexError {
  return new IndexError('index-not-found', `There is no index at ${address}. Documents are read as they are needed.`, {
    file: name,
  })
}
