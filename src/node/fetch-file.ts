import { download } from '../model/download/download.js'
import type { Fetch, FileRequest, ReadResult } from '../model/download/file-reader.js'
import { DiskPartialFile } from './disk-partial-file.js'
import { type FileLock, LockLost, withFileLock } from './file-lock.js'

/**
 * Download a file to its place on disk. It appears there whole and verified or not at all; what an interrupted download
 * left beside it is built upon, and of several processes one downloads while the others wait.
 *
 * @param options.look whether it is there, asked once the lock is held: another process may have brought it meanwhile
 * @param options.keepVersion keep a note beside it of which state of its address it is
 * @returns undefined where the server has no such file
 * @throws as `download`; the file system's error where the folder cannot be written to
 */
export async function fetchFile(
  request: Omit<FileRequest, 'model'>,
  path: string,
  { fetch, look, keepVersion = false }: { fetch?: Fetch; look: () => Promise<ReadResult | undefined>; keepVersion?: boolean },
): Promise<ReadResult | undefined> {
  const fetchUnder = async (lock: FileLock): Promise<ReadResult | undefined> => {
    const there = await look()
    if (there) return there
    const partial = await DiskPartialFile.open(path, lock)
    try {
      if (!(await download(request.url, partial, { ...request, ...(fetch && { fetch }) }))) return undefined
      return { file: await partial.complete({ keepVersion }), from: 'network' }
    } finally {
      await partial.close()
    }
  }
  for (;;) {
    try {
      return await withFileLock(`${path}.lock`, request.signal, fetchUnder)
    } catch (error) {
      // Another process downloads it now; wait for that one.
      if (!(error instanceof LockLost)) throw error
    }
  }
}
