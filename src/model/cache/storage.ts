import { ModelLoadError } from '../../errors.js'
import { formatBytes } from '../format-bytes.js'

/**
 * Does the browser say that there is too little room? Chromium tells every page of 10 GiB, so a yes is no promise.
 *
 * @throws ModelLoadError (`storage-full`)
 */
export async function checkRoom(file: string, bytes: number): Promise<void> {
  const { quota, usage = 0 } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {}
  if (quota !== undefined && quota - usage < bytes) throw storageFull(file, bytes, { free: quota - usage })
}

export function isQuotaError(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'QuotaExceededError'
}

export function storageFull(file: string, bytes: number, { free, cause }: { free?: number; cause?: unknown } = {}): ModelLoadError {
  const room = free === undefined ? 'less' : `${formatBytes(Math.max(0, free))} more`
  return new ModelLoadError(
    'storage-full',
    `There is no room for ${file}: it has ${formatBytes(bytes)} and this site may store ${room}. Delete models with deleteCachedModel(), free some space on the disk, or pass cache: false to keep nothing.`,
    { cause, file },
  )
}

export function storageBlocked(): ModelLoadError {
  return new ModelLoadError(
    'storage-blocked',
    'This page may not keep files on disk, so there are no cached models. Private windows, frames of other sites and pages without HTTPS have no storage; rerankers work there and download their model on each visit.',
  )
}
