import { wrap } from 'comlink'
import type { DocumentsWorkerApi, OwnDocuments } from './documents.worker.js'
import { strings } from './language.js'

/**
 * What files hold, read in a worker of their own: a long PDF keeps neither the page nor a search waiting.
 *
 * @param signal ends the reading, and the worker with it
 * @throws the signal's reason, or an Error where there is no worker
 */
export async function readFiles(files: readonly File[], signal: AbortSignal): Promise<OwnDocuments> {
  signal.throwIfAborted()
  const worker = new Worker(new URL('./documents.worker.ts', import.meta.url), { type: 'module', name: 'documents' })
  try {
    return await new Promise<OwnDocuments>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      worker.addEventListener('error', ({ message }) => reject(new Error(message || strings().errors.noWorker)))
      wrap<DocumentsWorkerApi>(worker)([...files]).then(resolve, reject)
    })
  } finally {
    worker.terminate()
  }
}
