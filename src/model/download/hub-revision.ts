import { isInnerPath } from '../../core/inner-path.js'
import { within } from '../../core/within.js'
import type { FileFacts } from '../describe/manifest.js'
import type { HubLocation } from '../location.js'
import type { Fetch } from './file-reader.js'
import { readBody } from './read-body.js'

/** What a branch, tag or commit of a model stands for. */
export interface HubRevision {
  commit: string
  /** Every file, with its size and hash; undefined where the host is a mirror without the hub's API. */
  files?: Record<string, FileFacts>
}

const COMMIT = /^[0-9a-f]{40}$/

/** Whether a revision is a commit's own name, which always stands for the same files. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision)
}

/** Where the hub's API tells what a revision stands for. */
export function revisionUrl({ host, name, revision }: HubLocation): string {
  return `${host}/api/models/${name}/revision/${encodeURIComponent(revision)}`
}

/** Milliseconds for an answer of the API. */
const TIMEOUT_MS = 30_000
/** A list of 10,000 files has 2 MB. */
const MAX_BYTES = 16 * 2 ** 20

/**
 * Ask the hub what a revision stands for now: the commit, and its files. Their hashes are nowhere else for a page to see:
 * the hub sends them beside its redirect to the CDN, which browsers follow without showing it.
 *
 * @param timeoutMs for the answer
 * @returns undefined where the host does not say it, or does not answer
 * @throws AbortError
 */
export async function askHub(
  location: HubLocation,
  fetch: Fetch,
  { signal, timeoutMs = TIMEOUT_MS }: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<HubRevision | undefined> {
  try {
    return await within(timeoutMs, signal, async (limit) => {
      const response = await fetch(`${revisionUrl(location)}?blobs=true`, { signal: limit, cache: 'no-cache' })
      if (response.ok) return readListing(JSON.parse(new TextDecoder().decode(await readBody(response, MAX_BYTES))))
      await response.body?.cancel()
      return askForCommit(location, fetch, limit)
    })
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

/** A mirror may lack the API and still say the commit beside every file. */
async function askForCommit({ host, name, revision }: HubLocation, fetch: Fetch, signal: AbortSignal): Promise<HubRevision | undefined> {
  const url = `${host}/${name}/resolve/${encodeURIComponent(revision)}/config.json`
  const { headers } = await fetch(url, { method: 'HEAD', signal, cache: 'no-cache' })
  const commit = headers.get('x-repo-commit') ?? ''
  return isCommit(commit) ? { commit } : undefined
}

/** Shape of `GET /api/models/{id}/revision/{revision}?blobs=true`, as far as it is read here. */
interface ModelInfo {
  sha: string
  siblings: { rfilename: string; size: number; blobId?: string; lfs?: { sha256: string; size: number } }[]
}

/** @throws an error of any kind where it is no such list */
function readListing(json: unknown): HubRevision | undefined {
  const { sha, siblings } = json as ModelInfo
  if (typeof sha !== 'string' || !isCommit(sha)) return undefined
  const files = siblings.flatMap(({ rfilename, size, blobId, lfs }): [string, FileFacts][] => {
    const facts = lfs ? { bytes: lfs.size, sha256: lfs.sha256 } : { bytes: size, gitSha1: blobId }
    return isInnerPath(rfilename) && isFacts(facts) ? [[rfilename, facts]] : []
  })
  return { commit: sha, files: Object.fromEntries(files) }
}

/** What was remembered, which the reader's disk may have changed; undefined where it is not a revision. */
export function parseRevision(json: string): HubRevision | undefined {
  try {
    const { commit, files } = JSON.parse(json) as HubRevision
    if (!isCommit(commit)) return undefined
    if (files === undefined) return { commit }
    return Object.entries(files).every(([path, facts]) => isInnerPath(path) && isFacts(facts)) ? { commit, files } : undefined
  } catch {
    return undefined
  }
}

function isFacts({ bytes, sha256, gitSha1 }: FileFacts): boolean {
  const isHash = (hash: unknown, digits: number) => typeof hash === 'string' && hash.length === digits && /^[0-9a-f]+$/.test(hash)
  return (
    Number.isSafeInteger(bytes) &&
    bytes >= 0 &&
    (sha256 === undefined || isHash(sha256, 64)) &&
    (gitSha1 === undefined || isHash(gitSha1, 40))
  )
}
