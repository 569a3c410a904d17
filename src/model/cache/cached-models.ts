import type { CachedModel } from '../../types.js'

/** One file in a cache, in whichever kind of storage. */
export interface CachedFile {
  model: string
  /** What the model calls itself, where that is another name and this file is known to be of it. */
  id?: string
  host?: string
  /** Commit, branch or tag in the address it was fetched from. */
  revision?: string
  file: string
  bytes: number
  /** An interrupted download that a later one can go on from. */
  partial: boolean
  /** Stored by this library; what others stored in the same place is theirs to delete, or the reader's. */
  ours: boolean
  remove(): Promise<unknown>
}

/** What a hub's branch or tag was found to stand for. */
export interface RevisionNote {
  model: string
  host: string
  /** As it was asked for. */
  revision: string
  commit: string
  remove(): Promise<unknown>
}

export interface CacheContents {
  files: CachedFile[]
  notes: RevisionNote[]
}

/** Which of the cached copies of a model are meant. */
export interface CacheSelection {
  /** Only this revision: a commit, or a branch or tag that stood for it. @default all */
  revision?: string
  /** Only what came from this host, as `CachedModel.host` names it. @default all */
  host?: string
}

/** Files as models: one entry for each revision from each host, the largest first. */
export function groupByModel({ files, notes }: CacheContents): CachedModel[] {
  const models = new Map<string, CachedModel>()
  for (const one of files) {
    const { model, host, revision, file, bytes, partial } = one
    const key = JSON.stringify([model, host, revision])
    const entry = models.get(key) ?? {
      model,
      ...(host && { host }),
      ...(revision && { revision, askedFor: namesOf(one, notes) }),
      bytes: 0,
      partialBytes: 0,
      files: [],
    }
    models.set(key, entry)
    if (partial) entry.partialBytes += bytes
    else {
      entry.bytes += bytes
      entry.files.push({ file, bytes })
    }
  }
  return [...models.values()].sort((a, b) => b.bytes - a.bytes)
}

/**
 * Remove a model's files, whoever stored them.
 *
 * @param model its name, or what it calls itself: one file that is known to be of it tells the name of the others
 * @returns bytes that became free
 */
export async function removeModel(
  { files, notes }: CacheContents,
  model: string,
  { revision, host }: CacheSelection = {},
): Promise<number> {
  const names = new Set([model, ...files.filter((one) => one.id === model).map((one) => one.model)])
  const isMeant = (one: { model: string; host?: string }) => names.has(one.model) && (host === undefined || one.host === host)
  const chosen = files.filter(
    (one) => isMeant(one) && (revision === undefined || one.revision === revision || namesOf(one, notes).includes(revision)),
  )
  const forgotten = notes.filter((one) => isMeant(one) && (revision === undefined || [one.revision, one.commit].includes(revision)))
  await Promise.all(forgotten.map((one) => one.remove()))
  return removeFiles(chosen)
}

/**
 * A branch or tag stands for another commit now, whose files are all there: remove what this library stored of the one
 * before, unless that is asked for by another name too.
 *
 * @param superseded revisions in addresses
 */
export async function removeSuperseded(
  { files, notes }: CacheContents,
  { model, host }: { model: string; host: string },
  superseded: readonly string[],
): Promise<void> {
  const isMeant = (one: { model: string; host?: string }) => one.model === model && one.host === host
  const inUse = new Set(notes.filter(isMeant).map(({ commit }) => commit))
  const isSuperseded = ({ revision }: CachedFile) => revision !== undefined && superseded.includes(revision) && !inUse.has(revision)
  await removeFiles(files.filter((one) => one.ours && isMeant(one) && isSuperseded(one)))
}

/** Branches and tags by which a file's commit is asked for. */
function namesOf(file: CachedFile, notes: readonly RevisionNote[]): string[] {
  return notes
    .filter(
      ({ model, host, commit, revision }) => file.model === model && file.host === host && file.revision === commit && revision !== commit,
    )
    .map(({ revision }) => revision)
}

async function removeFiles(files: readonly CachedFile[]): Promise<number> {
  await Promise.all(files.map((one) => one.remove()))
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}
