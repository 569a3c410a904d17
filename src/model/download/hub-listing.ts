import type { FileFacts } from '../describe/manifest.js'
import type { HubLocation } from '../location.js'

/** What the hub says of one revision of a model. */
export interface HubListing {
  /** The commit that the revision stands for now. */
  commit: string
  /** Every file, with its size, and its SHA-256 where the hub keeps it as a large file. */
  files: Record<string, FileFacts>
}

/** Shape of `GET /api/models/{id}/revision/{revision}?blobs=true`, as far as it is read here. */
interface ModelInfo {
  sha: string
  siblings: { rfilename: string; size: number; lfs?: { sha256: string; size: number } }[]
}

/**
 * Ask the hub which files a model has. Their hashes are nowhere else for a page to see: the hub sends them beside its
 * redirect to the CDN, which browsers follow without showing it.
 *
 * @returns undefined where the host is a mirror without the hub's API, or does not answer
 */
export async function listHubFiles(
  { host, name, revision }: HubLocation,
  { headers, signal }: { headers?: Record<string, string>; signal?: AbortSignal },
): Promise<HubListing | undefined> {
  try {
    const address = `${host}/api/models/${name}/revision/${encodeURIComponent(revision)}?blobs=true`
    const response = await fetch(address, { headers: headers ?? {}, signal: signal ?? null })
    if (!response.ok) return undefined
    const { sha, siblings } = (await response.json()) as ModelInfo
    const files = siblings.map(({ rfilename, size, lfs }) => [rfilename, lfs ? { bytes: lfs.size, sha256: lfs.sha256 } : { bytes: size }])
    return { commit: sha, files: Object.fromEntries(files) }
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}
