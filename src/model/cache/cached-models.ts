import type { CachedModel } from '../../types.js'

/** One file in a cache, in whichever kind of storage. */
export interface CachedFile {
  model: string
  host?: string
  revision?: string
  file: string
  bytes: number
  /** An interrupted download that a later one can go on from. */
  partial: boolean
  remove(): Promise<unknown>
}

/** Which of the cached copies of a model are meant. */
export interface CacheSelection {
  /** Only this revision. @default all */
  revision?: string
  /** Only what came from this host, as `CachedModel.host` names it. @default all */
  host?: string
}

/** Files as models: one entry for each revision from each host, the largest first. */
export function groupByModel(files: readonly CachedFile[]): CachedModel[] {
  const models = new Map<string, CachedModel>()
  for (const { model, host, revision, file, bytes, partial } of files) {
    const key = JSON.stringify([model, host, revision])
    const entry = models.get(key) ?? { model, ...(host && { host }), ...(revision && { revision }), bytes: 0, partialBytes: 0, files: [] }
    models.set(key, entry)
    if (partial) entry.partialBytes += bytes
    else {
      entry.bytes += bytes
      entry.files.push({ file, bytes })
    }
  }
  return [...models.values()].sort((a, b) => b.bytes - a.bytes)
}

/** Remove a model's files. @returns bytes that became free */
export async function removeModel(files: readonly CachedFile[], model: string, { revision, host }: CacheSelection = {}): Promise<number> {
  const chosen = files.filter(
    (one) => one.model === model && (revision === undefined || one.revision === revision) && (host === undefined || one.host === host),
  )
  return removeFiles(chosen)
}

/** Remove what other revisions of a file's model left. */
export function removeOtherRevisions(
  files: readonly CachedFile[],
  { model, host, revision }: Pick<CachedFile, 'model' | 'host' | 'revision'>,
): Promise<number> {
  return removeFiles(files.filter((one) => one.model === model && one.host === host && one.revision !== revision))
}

async function removeFiles(files: readonly CachedFile[]): Promise<number> {
  await Promise.all(files.map((one) => one.remove()))
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}
